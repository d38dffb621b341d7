"""For plugin authors: contract suites to inherit, in-memory fakes steered by plain attributes, and what builds them."""

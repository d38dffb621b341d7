"""Adapters in memory, steered by plain attributes. They need no pytest: a demo or a shell may use them too."""

"""The demonstration of ztoe-hub: the counterparties, the data and the story."""

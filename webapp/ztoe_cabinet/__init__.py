"""The consumer's cabinet of ztoe-hub."""

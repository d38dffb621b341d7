"""Reads signature containers (КЕП) for ztoe-hub."""

"""Reads billing data from files and from the views of another database for ztoe-hub."""

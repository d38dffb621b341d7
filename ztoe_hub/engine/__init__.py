"""Runs work: one function for every engine, and the engines themselves."""

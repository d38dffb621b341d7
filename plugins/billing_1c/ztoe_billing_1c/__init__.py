"""Reads billing data from 1C:Enterprise and BAS for ztoe-hub."""

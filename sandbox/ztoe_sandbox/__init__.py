"""Simulated counterparties of ztoe-hub over real sockets."""

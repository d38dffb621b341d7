"""Sends notices by e-mail (SMTP) for ztoe-hub."""

"""Posts events as Standard Webhooks for ztoe-hub."""

"""Signs documents in Paperless (paperless.com.ua) for ztoe-hub."""

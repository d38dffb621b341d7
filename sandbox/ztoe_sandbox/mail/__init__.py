"""A mail server that keeps everything it accepts, and an inbox page to read it."""

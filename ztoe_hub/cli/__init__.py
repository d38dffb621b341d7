"""The `ztoe-hub` command. Nothing is imported before it is needed: `--help` knows only names and one-liners."""

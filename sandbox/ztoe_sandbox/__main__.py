"""Runs `python -m ztoe_sandbox` like the command `ztoe-sandbox`."""

from ztoe_sandbox.main import app

app(prog_name="ztoe-sandbox")

"""The peers of a cabinet page: bare Flask on the same server, in a process of its own.

`/bare` is a constant page of a few bytes. `/table` is the least that shows a month's invoices: one raw sqlite3 query
and one Jinja template, without login, layout, translations or headers.
"""

from __future__ import annotations

import sqlite3
import sys
import threading

import waitress
from flask import Flask, render_template
from jinja2 import DictLoader

QUERY = "SELECT number, period, formed_at, kind, amount_uah FROM invoice WHERE vanished_at IS NULL LIMIT 12"
PAGE = """<!doctype html><html lang="uk"><head><meta charset="utf-8"><title>Рахунки</title></head><body><table>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table></body></html>"""


def create_app(database: str) -> Flask:
    """The two pages over an SQLite file."""
    app = Flask("bare")
    app.jinja_loader = DictLoader({"table.html": PAGE})
    local = threading.local()

    @app.get("/bare")
    def bare() -> str:
        return "<!doctype html><title>bare</title><p>bare"

    @app.get("/table")
    def table() -> str:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(database)
        return render_template("table.html", rows=local.connection.execute(QUERY).fetchall())

    return app


def main(database: str, threads: str) -> None:
    """Serve until terminated, as `ztoe-hub web` does."""
    server = waitress.create_server(
        create_app(database), host="127.0.0.1", port=0, threads=int(threads), ident=None
    )
    sys.stdout.write(f"ready http://127.0.0.1:{server.effective_port}\n")
    sys.stdout.flush()
    server.run()


if __name__ == "__main__":
    main(*sys.argv[1:])

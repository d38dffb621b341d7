"""Hands files to browsers in a way in which they can do nothing but be kept or read."""

from __future__ import annotations

import io

from flask import Response, send_file

SEALED = "sandbox; default-src 'none'; frame-ancestors 'none'"
# A sandboxed PDF is refused by Chromium's viewer, which also brings styles of its own.
READABLE = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; base-uri 'none'; frame-ancestors 'none'"
PDF = "application/pdf"


def file_answer(name: str, media_type: str, content: bytes, *, inline: bool = False) -> Response:
    """The file; `inline` opens a PDF that the utility made, anything else is only saved."""
    opens = inline and media_type == PDF
    response = send_file(
        io.BytesIO(content),
        mimetype=media_type,
        as_attachment=not opens,
        download_name=plain_name(name),
        conditional=False,
        etag=False,
    )
    response.headers["Content-Security-Policy"] = READABLE if opens else SEALED
    return response


def plain_name(name: str) -> str:
    """The name without anything that a header or a file system could take for something else."""
    kept = "".join(mark for mark in name if mark.isprintable() and mark not in '/\\"')
    return kept.strip(" .") or "file"

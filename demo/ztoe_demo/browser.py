"""A visitor of the cabinet without a browser: keeps cookies, follows redirects, sends forms with their CSRF token."""

from __future__ import annotations

import html
import re
from types import TracebackType
from typing import Any, Self

import httpx

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Visitor:
    """Opens pages and sends forms."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=address, follow_redirects=True, trust_env=False, timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def open(self, path: str) -> httpx.Response:
        """A page, after redirects."""
        return self._http.get(path)

    def text(self, path: str) -> str:
        """A page's HTML with entities resolved."""
        return html.unescape(self.open(path).text)

    def find(self, path: str, pattern: str) -> str:
        """The first group of `pattern` in the page. Raises LookupError when it is not there."""
        found = re.search(pattern, self.text(path), re.DOTALL)
        if found is None:
            raise LookupError(f"{pattern} is not on {path}")
        return found.group(1)

    def send(
        self, page: str, data: dict[str, Any], *, to: str | None = None, files: Any = None
    ) -> httpx.Response:
        """Fill in the form on `page` and send it (to `to`, or to the page itself); the page that follows."""
        found = TOKEN.search(self.open(page).text)
        if found is None:
            raise LookupError(f"no form on {page}")
        return self._http.post(to or page, data={**data, "csrf_token": found.group(1)}, files=files)

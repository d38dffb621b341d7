"""A session of the 1C server that we start and finish ourselves: one login, and one licence, for a whole read.

Statuses as observed: 400 or 404 without a 1C error when the session is not there any more, 406 when none can be had.
A publication may ignore the header; then there is no cookie, and nothing changes.
"""

from __future__ import annotations

import re

from ztoe_hub.outgoing import Answer

_COOKIE = re.compile(r"\bibsession=([^;,\s]+)", re.IGNORECASE)


class SessionRefused(Exception):
    """The call is to be made again, without the session that was refused."""


class IBSession:
    """One session. Not for several threads: each read has its own."""

    def __init__(self) -> None:
        self._cookie: str | None = None
        self._wanted = True
        self._restarts = 1

    @property
    def headers(self) -> dict[str, str]:
        """What the next request says of the session."""
        if self._cookie is not None:
            return {"Cookie": f"ibsession={self._cookie}"}
        return {"IBSession": "start"} if self._wanted else {}

    @property
    def ending(self) -> dict[str, str] | None:
        """What the last request says, or None when there is nothing to finish."""
        return {**self.headers, "IBSession": "finish"} if self._cookie is not None else None

    def check(self, answer: Answer, *, is_from_1c: bool) -> None:
        """Raise SessionRefused when it is the session that was refused, and not what was asked."""
        if answer.status == 406 and (self._wanted or self._cookie):
            self._cookie, self._wanted = None, False
            raise SessionRefused
        if answer.status in (400, 404) and not is_from_1c and self._cookie and self._restarts:
            self._cookie = None
            self._restarts -= 1
            raise SessionRefused

    def learn(self, answer: Answer) -> None:
        """Take the cookie of a session that was started."""
        found = _COOKIE.search(answer.headers.get("set-cookie", ""))
        if found is not None:
            self._cookie, self._restarts = found[1], 1
        elif self._cookie is None:
            self._wanted = False  # the publication knows no such sessions

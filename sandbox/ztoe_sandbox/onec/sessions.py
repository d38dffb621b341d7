"""Sessions that a client starts and ends itself, by the header IBSession and the cookie ibsession."""

import re
import threading
import uuid

from flask import Response, request

from .switches import Switches

COOKIE = re.compile(r"(?:^|;\s*)ibsession=([^;]*)")
GONE = "<html><body><h1>Сеанс не найден</h1></body></html>"


class Sessions:
    """The sessions of clients. One that is not ended holds a licence until it is killed."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._lock = threading.Lock()
        self._living: set[str] = set()
        self.started = 0

    @property
    def living(self) -> int:
        return len(self._living)

    def kill(self) -> None:
        """End all of them behind the clients' backs, as a restarted server does."""
        with self._lock:
            self._living.clear()

    def before_request(self) -> Response | None:
        """Start a session where that is asked for; refuse one that is not there any more."""
        cookie = self._cookie()
        word = request.headers.get("IBSession", "")
        with self._lock:
            if cookie is not None and cookie not in self._living:
                return _page(404)
            if word == "start" and cookie is None:
                if len(self._living) >= self._switches.most_sessions:
                    return _page(406)
                request.environ["onec.session"] = started = uuid.uuid4().hex
                self._living.add(started)
                self.started += 1
        return None

    def after_request(self, response: Response) -> Response:
        """Hand a new session out, end one that is finished."""
        started = request.environ.get("onec.session")
        if started:
            response.headers["Set-Cookie"] = f"ibsession={started}; path=/utility; HttpOnly"
        if request.headers.get("IBSession") == "finish":
            with self._lock:
                self._living.discard(self._cookie() or "")
        return response

    @staticmethod
    def _cookie() -> str | None:
        found = COOKIE.search(request.headers.get("Cookie", ""))
        return found[1] if found else None


def _page(status: int) -> Response:
    return Response(GONE, status, content_type="text/html; charset=utf-8")

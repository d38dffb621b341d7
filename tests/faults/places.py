"""A counterparty as a test sees it: its faults, its log, its bookkeeping."""

from __future__ import annotations

from typing import Any

import httpx

from ztoe_sandbox.process import Counterparty


class Place:
    """One counterparty's process and its control routes."""

    def __init__(self, process: Counterparty, http: httpx.Client) -> None:
        self.process = process
        self._http = http

    @property
    def control(self) -> str:
        """Where the /sandbox/ routes are."""
        return self.process.inbox_url if self.is_mail else self.process.url

    @property
    def is_mail(self) -> bool:
        """Whether it speaks SMTP."""
        return self.process.url.startswith("smtp:")

    @property
    def is_up(self) -> bool:
        """Whether the process runs."""
        return self.process.pid is not None

    def get(self, path: str, **query: str) -> Any:
        """What a route under /sandbox/ answers."""
        return self._http.get(f"{self.control}/sandbox/{path}", params=query).raise_for_status().json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Do something under /sandbox/."""
        return self._http.post(f"{self.control}/sandbox/{path}", json=body).raise_for_status().json()

    def play(self, name: str, value: object = "1", *, at: str = "", times: int | None = None) -> None:
        """Play a fault from now on."""
        self.post("faults", {"name": name, "value": str(value), "where": at, "times": times})

    def delay_once(self, seconds: float, *, at: str, spare: str = "") -> None:
        """Hold up the next request to `at`; requests whose path has `spare` in it go their way."""
        if spare:
            self.play("delay", 0, at=spare)
        self.play("delay", seconds, at=at, times=1)

    def begin(self) -> None:
        """No faults, an empty log; at the mail server an empty mailbox."""
        self.mend()
        for path in ("requests", *(["messages"] if self.is_mail else [])):
            self._http.delete(f"{self.control}/sandbox/{path}").raise_for_status()

    def mend(self) -> None:
        """Play no faults any more."""
        self._http.delete(f"{self.control}/sandbox/faults").raise_for_status()

    def used(self, name: str, *, at: str = "") -> int:
        """How often this fault has been played; a delay counts as soon as it begins."""
        faults = self.get("faults")
        return sum(fault["used"] for fault in faults if (fault["name"], fault["where"]) == (name, at))

    def answered(self, at: str, *, but: str = "") -> list[dict[str, Any]]:
        """The requests to `at` (METHOD/part of the path) that were processed, oldest first."""
        method, slash, path = at.partition("/")
        return [
            each
            for each in self.get("requests")
            if each["status"] is not None
            and each["method"] == (method or each["method"])
            and slash + path in each["path"]
            and not (but and but in each["path"])
        ]

"""Keeps the list of faults to play: set on the command line or over HTTP, scoped by a path, counted down."""

import re
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ztoe_sandbox.strict import NULL, BadRequestBody, check_fields

if TYPE_CHECKING:
    from flask import Flask

ON = "1"
# Fault name -> pattern of its value.
HTTP_FAULTS: Mapping[str, str] = {
    "delay": r"\d+(\.\d+)?",  # seconds before the request is processed
    "status": r"[2-5]\d\d",  # answered instead of processing; 429 and 503 bring Retry-After: 1
    "html": ON,  # HTTP 200 with a maintenance page, not processed
    "reset": ON,  # TCP RST, not processed
    "lost": ON,  # processed and committed, then the connection is closed without an answer
    "truncate": ON,  # processed, the answer breaks off half way
}
LOG_LENGTH = 10_000
_WRITTEN = re.compile(r"(?P<name>[a-z-]+)=(?P<value>[^@#]+)(@(?P<where>[^#]+))?(#(?P<times>\d+))?")
_METHOD_AND_PATH = re.compile(r"([A-Z]+)(/.*)")


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault; `times` counts down, None means until it is removed."""

    name: str
    value: str
    where: str = ""
    times: int | None = None
    used: int = 0

    def matches(self, subject: str) -> bool:
        """True for a subject (`POST/path`, or `@address`) in which the scope occurs; no scope means everywhere."""
        if self.times == 0:
            return False
        scope = _METHOD_AND_PATH.fullmatch(self.where)
        if scope is None:
            return self.where in subject
        return subject.startswith(scope[1] + "/") and scope[2] in subject

    def as_json(self) -> dict[str, Any]:
        """The fault as `/sandbox/faults` shows it."""
        return {
            "name": self.name,
            "value": self.value,
            "where": self.where,
            "times": self.times,
            "used": self.used,
        }


class Faults:
    """The faults of one counterparty, and the log of the requests it received. Thread-safe.

    `names` says which faults the counterparty can play: name -> pattern of the value.
    """

    def __init__(self, written: Iterable[str] = (), *, names: Mapping[str, str] = HTTP_FAULTS) -> None:
        self._names = names
        self._faults: list[Fault] = []
        self._requests: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        self._lock = threading.Lock()
        for text in written:
            self.add(self._read(text))

    def add(self, fault: Fault) -> None:
        """Play `fault` from now on; ValueError names the faults that exist when it is none of them."""
        pattern = self._names.get(fault.name)
        if pattern is None:
            raise ValueError(f"no fault {fault.name!r} here; there are: {', '.join(sorted(self._names))}")
        if re.fullmatch(pattern, fault.value) is None:
            raise ValueError(f"fault {fault.name} takes a value like {pattern}, not {fault.value!r}")
        with self._lock:
            self._faults.append(fault)

    def add_json(self, data: object) -> Fault:
        """Play the fault described by {"name", "value", "where", "times"}; the last two may be left out."""
        check_fields(
            data, {"name": (str,), "value": (str, int, float)}, {"where": (str,), "times": (int, NULL)}
        )
        assert isinstance(data, dict)  # noqa: S101 - check_fields has made sure; this tells mypy
        fault = Fault(**{**data, "value": str(data["value"])})
        if fault.times is not None and fault.times < 1:
            raise BadRequestBody("times must be 1 or more")
        self.add(fault)
        return fault

    def remove(self, name: str | None = None) -> None:
        """Forget the faults called `name`, or all of them."""
        with self._lock:
            self._faults = [fault for fault in self._faults if name not in (None, fault.name)]

    def take(self, name: str, subject: str = "") -> str | None:
        """The value of the first fault `name` that is in force for `subject`, counted as used; None when there is none."""
        with self._lock:
            for fault in self._faults:
                if fault.name == name and fault.matches(subject):
                    fault.used += 1
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault.value
        return None

    def as_json(self) -> list[dict[str, Any]]:
        """All faults, spent ones included, in the order in which they were set."""
        with self._lock:
            return [fault.as_json() for fault in self._faults]

    def log(self, request: dict[str, Any]) -> None:
        """Remember one request; only the last 10,000 are kept."""
        with self._lock:
            self._requests.append(request)

    def requests(self) -> list[dict[str, Any]]:
        """The remembered requests, oldest first."""
        with self._lock:
            return list(self._requests)

    def forget_requests(self) -> None:
        """Empty the log of requests."""
        with self._lock:
            self._requests.clear()

    def install(self, app: "Flask") -> None:
        """Put these faults in front of `app`, and `/sandbox/faults` and `/sandbox/requests` into it."""
        # Here, because `ztoe-sandbox --help` needs the names of the faults and not Flask.
        from ztoe_sandbox.faulty_app import install

        install(app, self)

    @staticmethod
    def _read(text: str) -> Fault:
        written = _WRITTEN.fullmatch(text)
        if written is None:
            raise ValueError(f"a fault is written NAME=VALUE[@WHERE][#TIMES], not {text!r}")
        times = written["times"]
        if times == "0":
            raise ValueError("a fault happens at least once: #1")
        return Fault(
            name=written["name"],
            value=written["value"],
            where=written["where"] or "",
            times=int(times) if times else None,
        )

"""Counts what checking costs, so that no container keeps a worker busy for ever, and hashes nothing twice."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from .hashes import Hash

#: A step is about a microsecond in pure Python. Enough for one 64 MB document under GOST 34.311.
MOST_STEPS = 240_000_000
_SHORT = 4096


class Finding(NamedTuple):
    """One part of a verdict: None means "not checked", and anything but True has a problem that says why."""

    verdict: bool | None
    problem: str | None = None


class TooMuchWork(Exception):
    """The container asks for more computing than one is granted: what is not checked by now stays unchecked."""


class Work:
    """The budget of one reading, and its memory of hashes."""

    def __init__(self, steps: int = MOST_STEPS) -> None:
        self._left = steps
        self._hashes: dict[tuple[str, bytes | None, bytes], bytes] = {}
        #: What was found between two certificates, by their fingerprints: issuers repeat themselves.
        self.links: dict[tuple[str, str], Finding] = {}

    def spend(self, steps: int) -> None:
        """Take `steps` from the budget. Raises TooMuchWork when they are not there."""
        if steps > self._left:
            raise TooMuchWork
        self._left -= steps

    def hash(self, function: Hash, data: bytes, dke: bytes | None = None) -> bytes:
        """The hash of `data`; `dke` is the S-box for GOST 34.311. Raises TooMuchWork or ValueError."""
        # A digest stands for long data, so that many signatures over one large file keep it in memory once.
        known_as = data if len(data) < _SHORT else hashlib.sha256(data).digest()
        key = function.name, dke if function.takes_dke else None, known_as
        if key not in self._hashes:
            self.spend(round(len(data) * function.steps_per_byte) + 100)
            self._hashes[key] = function.compute(data, dke)
        return self._hashes[key]

"""The hub's memory of a submit, as a test needs it: in memory, and able to die at any moment."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from ..values import RemoteRef


class Interrupted(BaseException):
    """The process died here, as far as a test is concerned; no adapter can catch it by accident."""


class MemorySteps:
    """The hub's memory of one submit. Dies once, at the moment `interrupt_at`: each call has one before and after."""

    def __init__(
        self,
        *,
        started_at: datetime | None = None,
        begun: Iterable[str] = (),
        bound: Iterable[RemoteRef] = (),
        interrupt_at: int | None = None,
    ) -> None:
        self._started_at = started_at or datetime.now(UTC)
        self._begun = set(begun)
        self._bound = list(bound)
        self._results: dict[str, Mapping[str, str | int]] = {}
        self._interrupt_at = interrupt_at
        self._moments = itertools.count()

    @property
    def started_at(self) -> datetime:
        return self._started_at

    def done(self, step: str) -> Mapping[str, str | int] | None:
        return self._results.get(step)

    def save(self, step: str, result: Mapping[str, str | int]) -> None:
        self._pass_a_moment()
        self._results[step] = dict(result)
        self._pass_a_moment()

    def begin(self, step: str) -> bool:
        self._pass_a_moment()
        earlier = step in self._begun
        self._begun.add(step)
        self._pass_a_moment()
        return earlier

    def is_bound(self, ref: RemoteRef) -> bool:
        return ref in self._bound

    def _pass_a_moment(self) -> None:
        if next(self._moments) == self._interrupt_at:
            raise Interrupted

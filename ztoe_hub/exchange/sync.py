"""Imports whole sources: every stream in the order in which they depend on each other, one run at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ztoe_hub.engine.running import WorkRunner
from ztoe_hub.errors import NotFound, WrongMoment
from ztoe_hub.outbox import Again, WorkItem
from ztoe_hub.plugin_manager import Instance
from ztoe_hub.ports import BillingSource
from ztoe_hub.values import Stream

from .import_report import Report
from .imports import Imports, Progress

IMPORT_BILLING = "import_billing"


class Sync:
    """Runs imports for the schedule and for whoever asks by hand."""

    def __init__(
        self, imports: Imports, sources: Mapping[str, Instance[BillingSource]], runner: WorkRunner
    ) -> None:
        self._imports = imports
        self._sources = sources
        self._runner = runner

    def import_source(
        self, name: str, *, streams: Sequence[Stream] = tuple(Stream), progress: Progress = lambda *_: None
    ) -> list[Report]:
        """Import these streams now. Raises NotFound, or what the source raises."""
        instance = self._source(name)
        offered = instance.adapter.capabilities.streams
        return [
            self._imports.run(name, instance.adapter, stream, progress=progress)
            for stream in Stream
            if stream in streams and stream in offered
        ]

    def import_by_hand(
        self, name: str, *, streams: Sequence[Stream] = tuple(Stream), progress: Progress = lambda *_: None
    ) -> list[Report]:
        """As `import_source`, but never beside another run of the same source: raises WrongMoment then."""
        self._source(name)
        reports: list[Report] = []

        def run(_: WorkItem) -> Again | None:
            reports.extend(self.import_source(name, streams=streams, progress=progress))
            return None

        if not self._runner.run_here(IMPORT_BILLING, name, run):
            raise WrongMoment("Імпорт із цього джерела вже виконується.")
        return reports

    def _source(self, name: str) -> Instance[BillingSource]:
        instance = self._sources.get(name)
        if instance is None:
            raise NotFound("Такого джерела даних немає: {name}.", name=name)
        return instance

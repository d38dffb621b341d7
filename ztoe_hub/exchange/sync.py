"""Imports whole sources: every stream in the order in which they depend on each other, one run at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ztoe_hub.engine.running import WorkRunner
from ztoe_hub.errors import NotFound, UserError, WrongMoment
from ztoe_hub.outbox import Again, WorkItem
from ztoe_hub.plugin_manager import Instance
from ztoe_hub.ports import BillingSource, Explains, OpensFiles
from ztoe_hub.values import MappingLine, Stream

from .import_report import Report
from .imports import AS_USUAL, Imports, ImportWish, Progress
from .preview import Preview

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
        self,
        name: str,
        *,
        source: BillingSource | None = None,
        streams: Sequence[Stream] = tuple(Stream),
        wish: ImportWish = AS_USUAL,
        progress: Progress = lambda *_: None,
    ) -> list[Report]:
        """Import these streams now, from `source` in the instance's name (a file given by hand) or from itself.

        Raises NotFound, or what the source raises.
        """
        reader = source or self._source(name).adapter
        return [
            self._imports.run(name, reader, stream, wish=wish, progress=progress)
            for stream in Stream
            if stream in streams and stream in reader.capabilities.streams
        ]

    def import_by_hand(self, name: str, **how: Any) -> list[Report]:
        """As `import_source`, but never beside another run of the same source: raises WrongMoment then."""
        self._source(name)
        reports: list[Report] = []

        def run(_: WorkItem) -> Again | None:
            reports.extend(self.import_source(name, **how))
            return None

        if not self._runner.run_here(IMPORT_BILLING, name, run):
            raise WrongMoment("Імпорт із цього джерела вже виконується.")
        return reports

    def open_file(self, name: str, path: Path) -> BillingSource:
        """A source of one file, read as the instance reads its files. Raises NotFound or InvalidInput."""
        adapter = self._source(name).adapter
        if not isinstance(adapter, OpensFiles):
            raise UserError("Джерело {name} не читає файлів.", name=name)
        return adapter.open_file(path)

    def preview(self, source: BillingSource, *, rows: int = 10) -> list[Preview]:
        """What an import from it would read."""
        return [
            self._imports.preview(source, stream, rows=rows)
            for stream in Stream
            if stream in source.capabilities.streams
        ]

    def explain(self, name: str) -> Sequence[MappingLine]:
        """Where each field of the source comes from; empty when the source cannot say."""
        adapter = self._source(name).adapter
        return adapter.explain() if isinstance(adapter, Explains) else ()

    def _source(self, name: str) -> Instance[BillingSource]:
        instance = self._sources.get(name)
        if instance is None:
            raise NotFound("Такого джерела даних немає: {name}.", name=name)
        return instance

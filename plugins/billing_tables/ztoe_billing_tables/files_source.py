"""The billing source of files: a watched folder, the site's mapping, and files given by hand."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ztoe_hub import AdapterContext
from ztoe_hub.errors import ConfigurationError, HubError, ItemRejected, TransientError
from ztoe_hub.values import (
    Artifact,
    BillingCapabilities,
    Health,
    ImportOutcome,
    MappingLine,
    Page,
    Stream,
)

from .encodings import Encoding
from .explaining import explain_stream
from .folder import Folder, Version, fits
from .formats import as_it_is, inline_pages, pages_of
from .invoice_pdfs import InvoicePdfs
from .mapping import Format, Mode, StreamMapping
from .mapping_file import load_mapping
from .one_file import OneFile
from .outgoing_files import OutgoingFiles
from .reading import Reading
from .settings import FilesSettings
from .usual import with_usual_names

MOST_AT_ONCE = 200  # files that one read of an appending stream takes; the next read takes the rest


class FilesSource:
    """A BillingSource over files; also InvoiceFiles, Acknowledges, Explains and OpensFiles.

    The only thing it remembers is which files the last read of a stream took, and which made it fail: an
    outcome without a cursor does not say. Forgotten in a restart, they are read, held or failed once more.
    """

    def __init__(self, settings: FilesSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._entries = {
            stream: with_usual_names(stream, entry)
            for stream, entry in load_mapping(settings.mapping).streams.items()
        }
        self._folder = Folder(settings.folder, settings.settle_seconds, context.clock)
        self._outgoing = OutgoingFiles(
            self._folder, settings.done, settings.failed, self._streams_of, context.clock
        )
        self._pdfs = self._invoice_pdfs()
        self._culprits: dict[Stream, Version] = {}
        self._taken: dict[Stream, Sequence[Version]] = {}
        self._lock = threading.Lock()

    @property
    def capabilities(self) -> BillingCapabilities:
        return BillingCapabilities(streams=frozenset(self._entries), invoice_files=self._pdfs is not None)

    def check(self) -> Health:
        """Look into the folders; changes nothing."""
        patterns = [pattern for entry in self._entries.values() for pattern in entry.files]
        try:
            waiting = self._folder.waiting(patterns)
        except HubError as error:
            return Health(ok=False, detail=str(error))
        invoices = self._settings.invoices_folder
        if invoices is not None and not invoices.is_dir():
            return Health(ok=False, detail=f"the folder {invoices} is not there")
        return Health(ok=True, detail=f"{len(waiting)} files wait in {self._folder.path}")

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:
        """What waits in the folder. Without a file nothing is new, which says nothing of what was read before.

        Raises ItemRejected for a file that can never be imported as it is.
        """
        entry = self._entries[stream]
        with self._lock:
            self._culprits.pop(stream, None)
            self._taken.pop(stream, None)
        if entry.format is Format.INLINE:
            path = self._settings.mapping
            yield from inline_pages(self._reading(path, stream, entry))
            yield Page(complete=True)
            return
        waiting = self._folder.waiting(entry.files)
        if not waiting:
            yield Page(complete=True, changes_only=True, cursor=since)
            return
        whole, earliest = True, None
        appending = entry.mode is Mode.APPEND
        chosen = waiting[:MOST_AT_ONCE] if appending else waiting[-1:]
        with self._lock:
            self._taken[stream] = chosen
        for version in chosen:
            reading = yield from self._read_file(version, stream, entry)
            whole = whole and reading.whole
            earliest = reading.earliest
        yield Page(
            complete=whole,
            changes_only=appending,
            cursor=_cursor_of(chosen, () if appending else waiting[:-1]),
            covers_from=earliest,
        )

    def _read_file(self, version: Version, stream: Stream, entry: StreamMapping) -> Any:
        """A generator of the file's pages that returns the reading. One that changed meanwhile was not finished."""
        try:
            reading = as_it_is(self._reading(self._folder.path / version.name, stream, entry))
            yield from pages_of(reading)
        except ItemRejected:
            if self._folder.now(version.name) == version:
                with self._lock:
                    self._culprits[stream] = version
                raise
        if self._folder.now(version.name) != version:
            raise TransientError(f"{version.name} changed while it was read")
        return reading

    def invoice_file(self, key: str) -> Artifact:
        if self._pdfs is None:
            raise ItemRejected("invoices_folder is not set: this source has no PDFs")
        return self._pdfs.file(key)

    def acknowledge(self, outcome: ImportOutcome) -> None:
        """Move files to done/ or failed/; a held one stays with its report beside it."""
        with self._lock:
            culprit = self._culprits.get(outcome.stream)
            taken = self._taken.get(outcome.stream, ())
        if outcome.status == "failed":
            if culprit is not None:
                self._outgoing.rejected(culprit, outcome.stream, outcome.report)
            return
        read, passed = _versions_of(outcome.cursor)
        if outcome.status == "held":
            for version in read or taken:
                self._outgoing.held(version, outcome.stream, outcome.report)
        elif outcome.status == "done":
            for version in read:
                self._outgoing.imported(version, outcome.stream, outcome.report)
            for version in passed:
                newest = read[-1].name if read else "a newer file"
                self._outgoing.imported(version, outcome.stream, f"not read: {newest} is newer")

    def explain(self) -> Sequence[MappingLine]:
        """Each field's column, with what the newest waiting file lacks."""
        lines: list[MappingLine] = []
        for stream, entry in sorted(self._entries.items()):
            waiting = self._folder.waiting(entry.files)
            reading = self._reading(self._folder.path / waiting[-1].name, stream, entry) if waiting else None
            lines += explain_stream(stream, entry, reading)
        return lines

    def open_file(self, path: Path) -> OneFile:
        """A source of just this file. It is never moved, and need not have settled."""
        return OneFile(path, self._entries, self._settings.caps, self._encoding_of(path.name))

    def _reading(self, path: Path, stream: Stream, entry: StreamMapping) -> Reading:
        return Reading(
            path=path,
            stream=stream,
            entry=entry,
            caps=self._settings.caps,
            encoding=self._encoding_of(path.name),
        )

    def _encoding_of(self, name: str) -> Encoding | None:
        found = (page for pattern, page in self._settings.encodings.items() if fits(name, (pattern,)))
        return next(found, None)

    def _streams_of(self, name: str) -> list[Stream]:
        return [stream for stream, entry in self._entries.items() if fits(name, entry.files)]

    def _invoice_pdfs(self) -> InvoicePdfs | None:
        folder, entry = self._settings.invoices_folder, self._entries.get(Stream.INVOICES)
        if folder is None:
            return None
        if entry is None:
            raise ConfigurationError("invoices_folder is set, but the mapping has no `invoices`")
        waits = Folder(folder, self._settings.settle_seconds, self._folder.clock)
        return InvoicePdfs(
            folder,
            self._settings.invoices_pattern,
            entry,
            most_bytes=self._settings.max_pdf_bytes,
            is_settled=waits.is_settled,
        )


def _cursor_of(read: Sequence[Version], passed: Sequence[Version]) -> str:
    """Which files a read took, and which it passed over for a newer one; `acknowledge` gets it back."""
    return json.dumps(
        {
            "read": [[each.name, each.size, each.mtime_ns] for each in read],
            "passed": [[each.name, each.size, each.mtime_ns] for each in passed],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _versions_of(cursor: str | None) -> tuple[list[Version], list[Version]]:
    try:
        found = json.loads(cursor or "{}")
        read, passed = (
            [Version(name=name, size=size, mtime_ns=mtime) for name, size, mtime in found.get(part, [])]
            for part in ("read", "passed")
        )
    except (ValueError, TypeError, AttributeError):
        return [], []
    return [each for each in read if _plain(each)], [each for each in passed if _plain(each)]


def _plain(version: Version) -> bool:
    """A name and nothing more: what comes back from a database leads to no other folder."""
    return isinstance(version.name, str) and Path(version.name).name == version.name

"""A source of one file given by hand, for `ztoe-hub import FILE`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ztoe_hub.errors import ItemRejected, UnexpectedAnswer
from ztoe_hub.values import BillingCapabilities, Health, Page, Stream

from .encodings import Encoding
from .fields import FIELDS
from .folder import fits
from .formats import as_it_is, pages_of, try_binding
from .mapping import BANK, OBJECTS, Format, Mode, StreamMapping
from .opened import Caps
from .reading import Reading
from .sniffing import judge
from .usual import usual_entry, with_usual_names


class OneFile:
    """A BillingSource of one file's streams. Raises ItemRejected when it is built over a file that does not fit."""

    def __init__(
        self, path: Path, entries: Mapping[Stream, StreamMapping], caps: Caps, encoding: Encoding | None
    ) -> None:
        if not path.is_file():
            raise ItemRejected(f"{path}: there is no such file")
        self._path = path
        self._caps = caps
        self._encoding = encoding
        self._entries = _by_name(path, entries) or _by_format(path, entries, caps)
        for stream in self._entries:
            try_binding(as_it_is(self._reading(stream)))

    @property
    def capabilities(self) -> BillingCapabilities:
        return BillingCapabilities(streams=frozenset(self._entries))

    def check(self) -> Health:
        return Health(ok=self._path.is_file(), detail=self._path.name)

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:  # noqa: ARG002  the port has it
        """The whole file."""
        if stream not in self._entries:
            raise UnexpectedAnswer(f"{self._path.name} holds no {stream}")
        reading = as_it_is(self._reading(stream))
        yield from pages_of(reading)
        yield Page(
            complete=reading.whole,
            changes_only=reading.entry.mode is Mode.APPEND,
            covers_from=reading.earliest,
        )

    def _reading(self, stream: Stream) -> Reading:
        return Reading(
            path=self._path,
            stream=stream,
            entry=self._entries[stream],
            caps=self._caps,
            encoding=self._encoding,
        )


def _by_name(path: Path, entries: Mapping[Stream, StreamMapping]) -> dict[Stream, StreamMapping]:
    return {stream: entry for stream, entry in entries.items() if fits(path.name, entry.files)}


def _by_format(
    path: Path, entries: Mapping[Stream, StreamMapping], caps: Caps
) -> dict[Stream, StreamMapping]:
    """Files that say themselves what they hold; the mapping's own entry for such files comes first."""
    found = judge(path, caps)
    fitting: dict[Stream, StreamMapping] = {}
    for stream in Stream if found in OBJECTS else ():
        own = entries.get(stream)
        if own is not None and (own.format is found or {own.format, found} <= BANK):
            fitting[stream] = own.model_copy(update={"format": found})
        elif (usual := usual_entry(stream, found)) is not None:
            usual = with_usual_names(stream, usual)
            if _is_bindable(stream, usual):
                fitting[stream] = usual
    if not fitting:
        patterns = ", ".join(pattern for entry in entries.values() for pattern in entry.files)
        raise ItemRejected(
            f"{path.name}: is {_named(found)}, and no `files` of the mapping fits its name ({patterns})"
        )
    return fitting


def _is_bindable(stream: Stream, entry: StreamMapping) -> bool:
    """EnterpriseData knows neither districts nor kinds of invoice: such streams need the mapping's defaults."""
    return all(name in entry.columns for name, field in FIELDS[stream].items() if field.required)


def _named(found: Format) -> str:
    return found.value.upper() if found is not Format.CSV else "text"

"""Each set of the base as a stream of the hub's records; rows that cannot be one are reported, never guessed.

Rows are handed over undecoded: by its fingerprint the import knows most of them already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Any

import msgspec

from ztoe_hub.values import Page, Record, Rejected, Stream

from .keys import key_reader
from .mapping import SetMapping, SiteMapping
from .normalise import BadValue
from .odata import literal_of
from .paging import Completeness, Pager, RawRow, SetQuery
from .preflight import Fit
from .records import RECORDS, Naming
from .rows import ROWS, under
from .windows import Window


class _Flags(msgspec.Struct, frozen=True, kw_only=True):
    """What says that a row is no record: a folder, a deleted object, a document that is a draft."""

    deleted: bool = False
    folder: bool = False
    posted: bool = True

    @property
    def living(self) -> bool:
        return self.posted and not (self.deleted or self.folder)


@dataclass(frozen=True)
class SetStream:
    """How a set is read: what to ask for, how to decode a row, and the record that it makes."""

    stream: Stream
    query: SetQuery
    naming: Naming
    version: bytes
    rows: msgspec.json.Decoder[Any]
    flags: msgspec.json.Decoder[_Flags]
    flag_names: Sequence[str] = ()
    date: str | None = None

    def read(self, pager: Pager, windows: Sequence[Window], last: Page) -> Iterator[Page]:
        """All records of these windows, then `last`, complete if it is.

        A row without a key leaves the read incomplete: nobody knows which one it is. Where `last` says that only
        changes were read, rows that are no records any more are named as gone.
        """
        completeness = Completeness()
        nameless = False
        for rows in pager.windows(self.query, windows, self.date, completeness):
            nameless = nameless or any(row.key is None for row in rows)
            gone = self._gone(rows) if last.changes_only else []
            yield Page(rows=SetRows(self, rows), gone=gone)
        complete = completeness.proven and not nameless
        yield Page(
            complete=complete,
            changes_only=last.changes_only,
            cursor=last.cursor if complete else None,
            covers_from=last.covers_from,
        )

    def record(self, key: str | None, content: msgspec.Raw | bytes, place: str) -> Record | Rejected | None:
        """What a row is: a record, something wrong, or nothing to us."""
        try:
            if not self.flags.decode(content).living:
                return None
            if key is None:
                return Rejected(place=place, key=None, field=self.query.select[0], reason="is empty")
            return RECORDS[self.stream](self.rows.decode(content), key, self.naming)
        except BadValue as error:
            return Rejected(place=place, key=key, field=error.field, reason=error.reason)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return Rejected(place=place, key=key, field=None, reason=shape_of(error))

    def _gone(self, rows: Sequence[RawRow]) -> list[str]:
        gone = []
        for row in rows:
            try:
                if row.key is not None and not self.flags.decode(row.content).living:
                    gone.append(row.key)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # the import decodes the row too, and rejects it
        return gone


class SetRows:
    """A page of undecoded rows. A fingerprint is of a row's bytes under the mapping in force."""

    def __init__(self, stream: SetStream, rows: Sequence[RawRow]) -> None:
        self._stream = stream
        self._rows = rows
        self.keys = [row.key for row in rows]
        self.fingerprints = [_fingerprint(row.content, stream.version) for row in rows]

    def decode(self, index: int) -> Record | Rejected | None:
        row = self._rows[index]
        return self._stream.record(row.key, row.content, row.place)


def _fingerprint(content: msgspec.Raw, version: bytes) -> int:
    return int.from_bytes(blake2b(content, digest_size=8, key=version).digest(), "big", signed=True)


def shape_of(error: Exception) -> str:
    """What is wrong with a row's shape; msgspec says where and what it expected, and repeats no value."""
    return "is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def set_stream(fit: Fit, mapping: SetMapping, site: SiteMapping, since: date) -> SetStream:
    """The reader of a fitted set; `since` is the first settlement month of invoices."""
    row, names = ROWS[fit.stream], fit.names
    conditions = [mapping.filter]
    if fit.stream is Stream.INVOICES and "period" in names:
        conditions.append(f"{names['period']} ge {literal_of(since)}")
    order = [names[name] for name in mapping.order if name in names]
    select = dict.fromkeys([*mapping.key, *fit.platform.values(), *names.values()])
    return SetStream(
        stream=fit.stream,
        query=SetQuery(
            set=mapping.set,
            select=list(select),
            order=list(dict.fromkeys([*order, *mapping.key])),
            key_of=key_reader(mapping.key),
            filter=" and ".join(f"({each})" for each in conditions if each) or None,
        ),
        naming=Naming(names, site.words),
        version=fit.version(site.words),
        rows=msgspec.json.Decoder(under(row, names, fit.constants)),
        flags=msgspec.json.Decoder(_flags(fit.platform)),
        flag_names=tuple(fit.platform.values()),
        date=mapping.date,
    )


def _flags(platform: dict[str, str]) -> type[_Flags]:
    return under(_Flags, platform) if platform else _Flags

"""Unpacks ZIP archives of strangers: bounded in entries, size and ratio, and without odd names."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

MOST_ENTRIES = 200
LARGEST_UNPACKED = 64 * 1024 * 1024
HIGHEST_RATIO = 200
_ALWAYS_UNPACKED = 1024 * 1024  # small entries may be packed as tightly as they like
_MOST_HEADERS = 5_000  # of entries, those of archives inside included: what `zipfile` has to walk through
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of an archive by name, directories left out. Raises ValueError for one that is not to be opened."""
    if data.count(b"PK\x01\x02") > _MOST_HEADERS:
        raise ValueError("the archive has too many entries")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _refuse_odd(entries)
            return dict(_read_all(archive, entries))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ValueError(f"the archive is damaged: {error}") from error


def _refuse_odd(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise ValueError("the archive has too many entries")
    if len({entry.filename for entry in entries}) < len(entries):
        raise ValueError("the archive has two entries of one name")
    if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise ValueError("the archive unpacks to too much")
    for entry in entries:
        if _leads_out(entry.orig_filename):
            raise ValueError("the archive has a name that leads out of it")
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise ValueError("the archive is encrypted or packed unusually")
        if entry.file_size > max(_ALWAYS_UNPACKED, HIGHEST_RATIO * entry.compress_size):
            raise ValueError("the archive is packed too tightly")


def _leads_out(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in name.split("/")


def _read_all(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Iterator[tuple[str, bytes]]:
    for entry in entries:
        if entry.is_dir():
            continue
        with archive.open(entry) as file:
            content = file.read(entry.file_size + 1)
        if len(content) != entry.file_size:
            raise ValueError("the archive lies about a size")
        yield entry.filename, content

"""Opens a file with limits: size before reading, unpacked size while reading, gzip that ends too early."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from ztoe_hub.errors import ItemRejected, TransientError

BLOCK = 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much of a file is taken at all, in bytes."""

    file: int
    unpacked: int
    sheet: int  # a whole workbook, unpacked: spreadsheets are held in memory
    cells: int  # of one sheet, empty ones included
    memory: int  # of the process that reads a workbook


class Stat(Protocol):
    st_size: int
    st_mtime_ns: int


def identity(path: Path) -> tuple[int, int]:
    """Size and time of the last change: what tells one version of a file from another."""
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


class CappedReader:
    """The bytes of one file, unpacked, never more than allowed. `read` raises ItemRejected."""

    def __init__(self, source: BinaryIO, name: str, limit: int) -> None:
        self._source = source
        self._name = name
        self._left = limit
        self._limit = limit

    def read(self, size: int = BLOCK) -> bytes:
        """Up to `size` bytes, nothing only at the end."""
        try:
            block = self._source.read(size if size and size > 0 else BLOCK)
        except EOFError:
            raise ItemRejected(f"{self._name}: the gzip file ends too early") from None
        except (gzip.BadGzipFile, zlib.error):
            raise ItemRejected(f"{self._name}: the gzip file is damaged") from None
        except OSError as error:
            raise TransientError(f"{self._name} cannot be read: {error.strerror}") from None
        self._left -= len(block)
        if self._left < 0:
            raise ItemRejected(f"{self._name}: more than {self._limit} bytes when unpacked")
        return block

    def blocks(self) -> Iterator[bytes]:
        """All of it."""
        while block := self.read(BLOCK):
            yield block


@contextmanager
def opened(path: Path, caps: Caps) -> Iterator[CappedReader]:
    """Read this file. Raises ItemRejected for one that is too large or empty, TransientError for the disk."""
    try:
        with path.open("rb") as raw:
            size = raw.seek(0, io.SEEK_END)
            raw.seek(0)
            if size == 0:
                raise ItemRejected(f"{path.name}: the file is empty")
            if size > caps.file:
                raise ItemRejected(f"{path.name}: {size} bytes, more than the {caps.file} that are taken")
            packed = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            if not packed:
                yield CappedReader(raw, path.name, caps.file)
                return
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield CappedReader(unpacked, path.name, caps.unpacked)  # type: ignore[arg-type]  # it reads bytes
    except FileNotFoundError:
        raise TransientError(f"{path.name} is not there any more") from None
    except OSError as error:
        raise TransientError(f"{path.name} cannot be read: {error.strerror}") from None


def first_bytes(path: Path, caps: Caps, size: int = 4096) -> bytes:
    """The beginning, unpacked."""
    with opened(path, caps) as reader:
        found = b""
        while len(found) < size and (block := reader.read(size - len(found))):
            found += block
        return found

"""The watched folder: which files wait in it and may be touched, and which are left alone for now."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

from ztoe_hub.errors import ProviderMisconfigured, TransientError

REPORT = ".report.txt"
JOURNAL = ".ztoe-hub.json"
HALF_WRITTEN = (".part", ".tmp", ".temp", ".crdownload", ".filepart", REPORT)
LOCKS = ("~$", ".~lock.")  # what Excel and LibreOffice put beside a file that is open


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One state of a file: another size or time is another state."""

    name: str
    size: int
    mtime_ns: int


class Folder:
    """A folder that others drop files into."""

    def __init__(self, path: Path, settle_seconds: float, clock: Callable[[], datetime]) -> None:
        self.path = path
        self._settle_seconds = settle_seconds
        self.clock = clock

    def waiting(self, patterns: Iterable[str]) -> list[Version]:
        """Settled files whose names fit, the oldest first. Raises ProviderMisconfigured without the folder."""
        wanted = tuple(patterns)
        entries = self._entries()
        locked = {_locked_by(entry.name) for entry in entries}
        now = self.clock().timestamp()
        found = [
            version
            for entry in entries
            if fits(entry.name, wanted) and not _is_foreign(entry.name) and entry.name not in locked
            if (version := self._settled(entry, now)) is not None
        ]
        return sorted(found, key=lambda each: (each.mtime_ns, each.name))

    def now(self, name: str) -> Version | None:
        """The state of this file at the moment, or None when it is not there."""
        try:
            stat = (self.path / name).stat()
        except OSError:
            return None
        return Version(name=name, size=stat.st_size, mtime_ns=stat.st_mtime_ns)

    def _entries(self) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.path) as entries:
                return list(entries)
        except (FileNotFoundError, NotADirectoryError):
            raise ProviderMisconfigured(f"the folder {self.path} is not there") from None
        except PermissionError:
            raise ProviderMisconfigured(f"the folder {self.path} may not be read") from None
        except OSError as error:
            raise TransientError(f"the folder {self.path} cannot be read: {error.strerror}") from None

    def _settled(self, entry: os.DirEntry[str], now: float) -> Version | None:
        """The file's state, or None while somebody may still be writing it. A link is nobody's drop."""
        try:
            if not entry.is_file(follow_symlinks=False):
                return None
            stat = entry.stat(follow_symlinks=False)
        except OSError:
            return None
        if not self._at_rest(stat, now):
            return None
        return Version(name=entry.name, size=stat.st_size, mtime_ns=stat.st_mtime_ns)

    def is_settled(self, path: Path) -> bool:
        """Whether nobody has written this file for a while."""
        return self._at_rest(path.stat(), self.clock().timestamp())

    def _at_rest(self, stat: os.stat_result, now: float) -> bool:
        changed = max(stat.st_mtime, stat.st_ctime)  # a copy may bring its old mtime along
        return abs(now - changed) >= self._settle_seconds


def fits(name: str, patterns: Iterable[str]) -> bool:
    """Whether a file's name fits one of the patterns; case and Unicode's two ways to write й do not count."""
    plain = _plain(name)
    return any(fnmatchcase(plain, _plain(pattern)) for pattern in patterns)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).lower()


def _is_foreign(name: str) -> bool:
    return name.startswith((".", *LOCKS)) or name.lower().endswith(HALF_WRITTEN)


def _locked_by(name: str) -> str:
    """The file that this one locks."""
    if name.startswith("~$"):
        return name[2:]
    if name.startswith(".~lock."):
        return name.removeprefix(".~lock.").removesuffix("#")
    return ""

"""What becomes of files after an import: done/ or failed/, with a report beside each; repeatable at any point."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from pathlib import Path

from ztoe_hub.errors import ProviderMisconfigured
from ztoe_hub.values import Stream

from .folder import JOURNAL, REPORT, Folder, Version

Journal = dict[str, dict[str, object]]
MOST_TWINS = 1000


class OutgoingFiles:
    """Moves files out of the watched folder. A file that serves several streams waits for the last of them."""

    def __init__(
        self,
        folder: Folder,
        done: Path,
        failed: Path,
        streams_of: Callable[[str], Collection[Stream]],
        clock: Callable[[], datetime],
    ) -> None:
        self._folder = folder
        self._done = done
        self._failed = failed
        self._streams_of = streams_of
        self._clock = clock
        self._lock = threading.Lock()

    def imported(self, version: Version, stream: Stream, report: str) -> None:
        """One stream has it; with the last one the file moves to done/."""
        if self._folder.now(version.name) != version:
            return  # gone already, or another version came meanwhile
        with self._lock, _told(self._done):
            journal = self._journal()
            noted = journal.get(version.name, {})
            stamp = [version.size, version.mtime_ns]
            if noted.get("version") != stamp:
                noted = {"version": stamp, "reports": {}}
            reports = noted["reports"]
            assert isinstance(reports, dict)  # noqa: S101  _journal checked it
            reports[stream.value] = report
            if {each.value for each in self._streams_of(version.name)} <= set(reports):
                text = "\n\n".join(f"{name}\n{told}" for name, told in reports.items())
                self._move(version.name, self._done, text)
                journal.pop(version.name, None)
            else:
                journal[version.name] = noted
            self._write_journal(journal)

    def held(self, version: Version, stream: Stream, report: str) -> None:
        """It stays where it is; what is doubted stands beside it."""
        if self._folder.now(version.name) == version:
            with self._lock, _told(self._folder.path):
                _write(self._folder.path / (version.name + REPORT), f"{stream.value}\n{report}\n")

    def rejected(self, version: Version, stream: Stream, report: str) -> None:
        """It can never be imported as it is: to failed/."""
        if self._folder.now(version.name) != version:
            return
        with self._lock, _told(self._failed):
            self._move(version.name, self._failed, f"{stream.value}\n{report}")
            journal = self._journal()
            if journal.pop(version.name, None) is not None:
                self._write_journal(journal)

    def _move(self, name: str, target: Path, report: str) -> None:
        """The report first: a file in done/ always has one."""
        target.mkdir(parents=True, exist_ok=True)
        stamp = self._clock().strftime("%Y%m%dT%H%M%SZ")
        place = _free(target, stamp, name)
        _write(place.with_name(place.name + REPORT), report + "\n")
        _carry(self._folder.path / name, place)
        with contextlib.suppress(FileNotFoundError):
            (self._folder.path / (name + REPORT)).unlink()

    def _journal(self) -> Journal:
        """Which streams have which file. A damaged journal only costs another import that changes nothing."""
        try:
            found = json.loads((self._folder.path / JOURNAL).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {
            name: noted
            for name, noted in found.items()
            if isinstance(noted, dict) and isinstance(noted.get("reports"), dict) and self._folder.now(name)
        }

    def _write_journal(self, journal: Journal) -> None:
        place = self._folder.path / JOURNAL
        if journal:
            _write(place, json.dumps(journal, ensure_ascii=False))
        else:
            place.unlink(missing_ok=True)


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """The disk's errors as the operator's: nothing is wrong with the data, which is committed."""
    try:
        yield
    except OSError as error:
        raise ProviderMisconfigured(f"files cannot be moved to {folder}: {error.strerror}") from None


def _free(target: Path, stamp: str, name: str) -> Path:
    """A name in the target that nobody has."""
    for twin in range(1, MOST_TWINS):
        mark = f"{stamp}_{twin}" if twin > 1 else stamp
        place = target / f"{mark}_{name}"
        if not place.exists() and not place.with_name(place.name + REPORT).exists():
            return place
    raise FileExistsError(errno.EEXIST, "too many files of this name", str(target))


def _carry(source: Path, place: Path) -> None:
    """Rename, or on another file system copy, make it durable, and only then remove the source."""
    try:
        source.rename(place)
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    halfway = place.with_name(f".{place.name}.part")
    with source.open("rb") as from_, halfway.open("wb") as to:
        shutil.copyfileobj(from_, to)
        to.flush()
        os.fsync(to.fileno())
    halfway.replace(place)
    source.unlink()


def _write(place: Path, text: str) -> None:
    """The whole text or nothing."""
    halfway = place.with_name(f".{place.name}.part")
    halfway.write_text(text, "utf-8")
    halfway.replace(place)

"""Reads many containers on several processor cores."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from ztoe_hub.values import ContainerFormat, ContainerReport

from .reader import LARGEST, read_with
from .trust import TrustStore

_AT_ONCE = 8  # files that one process is given at a time

_trust = TrustStore()


def read_many(
    paths: Iterable[Path], *, processes: int = 1, trust: TrustStore | None = None
) -> Iterator[tuple[Path, ContainerReport]]:
    """The reports on files, in their order. A file that cannot be read is UNKNOWN with a problem.

    Detached signatures are read without their documents. `processes=1` starts none.
    """
    trust = trust or TrustStore()
    if processes == 1:
        for path in paths:
            yield path, _read(path, trust)
        return
    known = list(paths)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(trust,)) as pool:
        yield from zip(known, pool.map(_read_in_worker, known, chunksize=_AT_ONCE), strict=True)


def _begin(trust: TrustStore) -> None:
    global _trust
    _trust = trust


def _read_in_worker(path: Path) -> ContainerReport:
    return _read(path, _trust)


def _read(path: Path, trust: TrustStore) -> ContainerReport:
    try:
        if path.stat().st_size > LARGEST:
            return _unreadable(f"more than {LARGEST // 1024 // 1024} MB")
        return read_with(trust, path.read_bytes(), None)
    except OSError as error:
        return _unreadable(f"the file cannot be read: {error.strerror}")


def _unreadable(problem: str) -> ContainerReport:
    return ContainerReport(format=ContainerFormat.UNKNOWN, signers=(), problems=(problem,))

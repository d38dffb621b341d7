"""Files by their SHA-256, each written once, whole, and to the disk before anything refers to it."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path


class BlobStore:
    """A folder of blobs: `ab/abcdef…`. What a blob is called and who may see it is the tables' business."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Store the bytes durably and return their SHA-256 in hex. The same bytes again cost a look."""
        sha256 = hashlib.sha256(content).hexdigest()
        target = self._path(sha256)
        if not target.exists():
            _write_durably(target, content)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes. Raises FileNotFoundError, or ValueError when they are no longer what they were."""
        content = self._path(sha256).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError(f"the stored file {sha256} is damaged")
        return content

    def _path(self, sha256: str) -> Path:
        if len(sha256) != 64 or not sha256.isalnum():
            raise ValueError("not a SHA-256 in hex")
        return self._folder / sha256[:2] / sha256


def _write_durably(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

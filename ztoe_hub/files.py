"""Stored files: who owns which bytes, under which name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from .storage.blobs import BlobStore
from .storage.tables import StoredFile
from .storage.upserts import insert_into

EXTENSIONS = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/bmp": ".bmp",
    "application/msword": ".doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/pkcs7-mime": ".p7s",
    "application/vnd.etsi.asic-e+zip": ".asice",
    "application/octet-stream": ".bin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """A file to hand to somebody who may have it."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """A file in a list."""

    role: str
    name: str
    media_type: str
    size: int
    sha256: str


def store_file(
    session: Session,
    *,
    owner: str,
    owner_id: int,
    role: str,
    name: str,
    media_type: str,
    sha256: str,
    size: int,
    now: datetime,
) -> None:
    """Note that the owner has these bytes in this role; an earlier file of the role is replaced."""
    facts = {"name": name, "media_type": media_type, "sha256": sha256, "size": size, "created_at": now}
    connection = session.connection()
    row = insert_into(connection, StoredFile.__table__).values(  # type: ignore[attr-defined]
        owner=owner, owner_id=owner_id, role=role, **facts
    )
    connection.execute(row.on_conflict_do_update(index_elements=["owner", "owner_id", "role"], set_=facts))


def files_of(session: Session, owner: str, owner_id: int) -> dict[str, FileView]:
    """The owner's files by role."""
    return files_of_many(session, owner, [owner_id])[owner_id]


def files_of_many(session: Session, owner: str, owner_ids: Sequence[int]) -> dict[int, dict[str, FileView]]:
    """The files of several owners, by owner and role, in one query."""
    found: dict[int, dict[str, FileView]] = {owner_id: {} for owner_id in owner_ids}
    rows = session.exec(
        select(StoredFile).where(StoredFile.owner == owner, col(StoredFile.owner_id).in_(owner_ids))
    )
    for row in rows:
        found[row.owner_id][row.role] = FileView(
            role=row.role, name=row.name, media_type=row.media_type, size=row.size, sha256=row.sha256
        )
    return found


def read_file(blobs: BlobStore, file: FileView) -> FileContent:
    """The bytes of a file."""
    return FileContent(name=file.name, media_type=file.media_type, content=blobs.get(file.sha256))

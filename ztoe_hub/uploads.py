"""Judges uploaded files by what they are, not by what they are called.

The facts behind it: no sniffing library told a DOCM or a ZIP with an EXE from a DOCX, so the prefix and
the structure are both checked here.
"""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import PurePosixPath, PureWindowsPath

from PIL import Image, UnidentifiedImageError

from .files import EXTENSIONS
from .texts import msg

LARGEST_BYTES = 16 * 1024 * 1024
LARGEST_IMAGE_PIXELS = 60_000_000
MOST_ENTRIES, LARGEST_UNPACKED, LARGEST_RATIO = 2000, 200 * 1024 * 1024, 100
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DAMAGED = (UnidentifiedImageError, OSError, SyntaxError, ValueError, struct.error, EOFError)  # says Pillow
WRONG_TYPE = msg("Дозволені файли: pdf, jpg, jpeg, jpe, png, bmp, doc, docx.")


class Refused(ValueError):
    """The file is not accepted; the text is a Ukrainian msgid for the person who chose it."""


def judge_upload(name: str, content: bytes) -> tuple[str, str]:
    """The file's media type and a safe name with the extension of what it is. Raises Refused."""
    if not content:
        raise Refused("Файл порожній.")
    if len(content) > LARGEST_BYTES:
        raise Refused("Файл завеликий: дозволено не більше 16 Мб.")
    media_type = _type_of(content)
    return media_type, _safe_name(name, EXTENSIONS[media_type])


def _type_of(content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        _check_pdf(content)
        return "application/pdf"
    if content.startswith(b"PK\x03\x04"):
        _check_docx(content)
        return DOCX
    if content.startswith(bytes.fromhex("D0CF11E0A1B11AE1")):
        _check_doc(content)
        return "application/msword"
    for prefix, image_format, media_type in (
        (b"\x89PNG\r\n\x1a\n", "PNG", "image/png"),
        (b"\xff\xd8\xff", "JPEG", "image/jpeg"),
        (b"BM", "BMP", "image/bmp"),
    ):
        if content.startswith(prefix):
            _check_image(content, image_format)
            return media_type
    raise Refused(WRONG_TYPE)


def _check_pdf(content: bytes) -> None:
    if b"%%EOF" not in content[-1024:]:
        raise Refused("Файл PDF пошкоджений: він закінчується зарано.")


def _check_doc(content: bytes) -> None:
    if "WordDocument".encode("utf-16-le") not in content:
        raise Refused(WRONG_TYPE)
    if "_VBA_PROJECT".encode("utf-16-le") in content:
        raise Refused("Документ містить макроси. Збережіть його без макросів.")


def _check_docx(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error) as error:
        raise Refused("Файл DOCX пошкоджений.") from error
    names = {entry.filename for entry in entries}
    if not {"[Content_Types].xml", "word/document.xml"} <= names:
        raise Refused(WRONG_TYPE)
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refused("Документ містить макроси. Збережіть його без макросів.")
    unpacked = sum(entry.file_size for entry in entries)
    if (
        len(entries) > MOST_ENTRIES
        or unpacked > LARGEST_UNPACKED
        or unpacked > LARGEST_RATIO * len(content)
        or any(_escapes(name) for name in names)
    ):
        raise Refused("Файл DOCX побудовано незвично, тому його не прийнято.")


def _escapes(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name


def _check_image(content: bytes, image_format: str) -> None:
    try:
        with Image.open(io.BytesIO(content), formats=(image_format,)) as image:
            if image.width * image.height > LARGEST_IMAGE_PIXELS:
                raise Refused("Зображення завелике.")
            image.verify()
    except Refused:
        raise
    except (*DAMAGED, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("Зображення пошкоджене.") from error


def _safe_name(name: str, extension: str) -> str:
    base = PureWindowsPath(PurePosixPath(name).name).name
    stem = "".join(mark for mark in PurePosixPath(base).stem if mark.isprintable()).strip(" .")
    return f"{stem[:100] or 'file'}{extension}"

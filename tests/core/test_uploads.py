"""Uploads are judged by content: the samples that fooled every sniffing library, and names that bite."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from ztoe_hub.testing.samples import a_pdf
from ztoe_hub.uploads import DOCX, LARGEST_BYTES, Refused, judge_upload

DOC_HEAD = bytes.fromhex("D0CF11E0A1B11AE1")
EXE = b"MZ\x90\x00\x03" + bytes(200) + b"This program cannot be run in DOS mode."


def a_docx(**more: bytes) -> bytes:
    parts = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>", **more}
    return zipped(parts)


def zipped(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return memory.getvalue()


def an_image(kind: str, size: tuple[int, int] = (32, 24)) -> bytes:
    memory = io.BytesIO()
    Image.frombytes("RGB", size, random.Random(1).randbytes(3 * size[0] * size[1])).save(memory, kind)  # noqa: S311
    return memory.getvalue()


def a_huge_png(width: int, height: int) -> bytes:
    """A few bytes that say they are a large image."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def a_doc(text: str = "WordDocument") -> bytes:
    return DOC_HEAD + bytes(504) + text.encode("utf-16-le") + bytes(512)


GOOD: list[tuple[str, bytes, str, str]] = [
    ("x.pdf", a_pdf("x"), "application/pdf", "x.pdf"),
    ("x.png", an_image("PNG"), "image/png", "x.png"),
    ("x.jpg", an_image("JPEG"), "image/jpeg", "x.jpg"),
    ("x.jpe", an_image("JPEG"), "image/jpeg", "x.jpg"),
    ("x.bmp", an_image("BMP"), "image/bmp", "x.bmp"),
    ("x.docx", a_docx(), DOCX, "x.docx"),
    ("x.doc", a_doc(), "application/msword", "x.doc"),
    ("photo.pdf", an_image("PNG"), "image/png", "photo.png"),
    ("noextension", a_pdf("x"), "application/pdf", "noextension.pdf"),
]


@pytest.mark.parametrize(("name", "content", "media_type", "kept"), GOOD)
def test_what_is_allowed_is_taken_for_what_it_is(
    name: str, content: bytes, media_type: str, kept: str
) -> None:
    assert judge_upload(name, content) == (media_type, kept)


BAD: dict[str, tuple[str, Callable[[], bytes]]] = {
    "an EXE named pdf": ("x.pdf", lambda: EXE),
    "a DOCM renamed": ("x.docx", lambda: a_docx(**{"word/vbaProject.bin": b"macro"})),
    "a DOCM in capitals": ("x.docx", lambda: a_docx(**{"word/VBAPROJECT.BIN": b"macro"})),
    "a ZIP with an EXE": ("x.docx", lambda: zipped({"evil.exe": EXE})),
    "an EXE in half a DOCX": ("x.docx", lambda: zipped({"[Content_Types].xml": b"", "evil.exe": EXE})),
    "an XLSX": ("x.docx", lambda: zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""})),
    "HTML as PDF": ("x.pdf", lambda: b"<!doctype html><script>alert(1)</script>"),
    "junk before the PDF": ("x.pdf", lambda: b"junk" + a_pdf("x")),
    "a PDF that breaks off": ("x.pdf", lambda: a_pdf("x")[:200]),
    "a PDF with a tail": ("x.pdf", lambda: a_pdf("x") + bytes(2000)),
    "a truncated PNG": ("x.png", lambda: an_image("PNG")[:-300]),
    "a PNG of nothing": ("x.png", lambda: b"\x89PNG\r\n\x1a\n"),
    "a JPEG of nothing": ("x.jpg", lambda: b"\xff\xd8\xff\xe0"),
    "a BMP of nothing": ("x.bmp", lambda: b"BM"),
    "a large image in few bytes": ("x.png", lambda: a_huge_png(10_000, 6_001)),
    "a larger one": ("x.png", lambda: a_huge_png(12_000, 12_000)),
    "a bomb of an image": ("x.png", lambda: a_huge_png(60_000, 60_000)),
    "a zip bomb": ("x.docx", lambda: a_docx(**{"word/media/a.bin": bytes(50_000_000)})),
    "ten thousand entries": ("x.docx", lambda: a_docx(**{f"word/{n}": b"" for n in range(2001)})),
    "a path upwards": ("x.docx", lambda: a_docx(**{"../../evil": b""})),
    "a path upwards, DOS": ("x.docx", lambda: a_docx(**{"word\\..\\..\\evil": b""})),
    "an absolute path": ("x.docx", lambda: a_docx(**{"/etc/passwd": b""})),
    "a drive": ("x.docx", lambda: a_docx(**{"C:evil": b""})),
    "a DOCX that breaks off": ("x.docx", lambda: a_docx()[:-30]),
    "a ZIP of a later version": (
        "x.docx",
        lambda: a_docx().replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xff"),
    ),
    "only a ZIP's head": ("x.docx", lambda: b"PK\x03\x04"),
    "a DOC that is none": ("x.doc", lambda: a_doc("Workbook")),
    "a DOC with macros": ("x.doc", lambda: a_doc("WordDocument _VBA_PROJECT")),
    "an SVG": ("x.png", lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    "a GIF": ("x.gif", lambda: an_image("GIF")),
    "nothing": ("x.pdf", lambda: b""),
    "a byte too many": ("x.pdf", lambda: b"%PDF-1.4\n" + bytes(LARGEST_BYTES - 14) + b"%%EOF\n"),
}


@pytest.mark.parametrize("what", [*BAD])
def test_what_is_not_allowed_is_refused_with_a_sentence(what: str) -> None:
    name, make = BAD[what]
    with pytest.raises(Refused) as caught:
        judge_upload(name, make())
    assert str(caught.value).endswith(".")


def test_exactly_sixteen_megabytes_are_taken() -> None:
    content = b"%PDF-1.4\n" + bytes(LARGEST_BYTES - 15) + b"%%EOF\n"
    assert len(content) == LARGEST_BYTES
    assert judge_upload("x.pdf", content)[0] == "application/pdf"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\Я\\Довідка.docx", "Довідка.pdf"),
        ("звіт «№1».pdf", "звіт «№1».pdf"),
        ('a"; filename="b.exe', 'a"; filename="b.pdf'),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie: x=1.pdf"),
        ("a\x00b.pdf", "ab.pdf"),
        ("rtl\u202egpj.exe", "rtlgpj.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
        (".pdf", "pdf.pdf"),
        ("  .  ", "file.pdf"),
        ("a" * 300 + ".pdf", "a" * 100 + ".pdf"),
        ("evil.exe", "evil.pdf"),
        ("evil.pdf.exe", "evil.pdf.pdf"),
    ],
)
def test_names_are_made_harmless(name: str, kept: str) -> None:
    assert judge_upload(name, a_pdf("x"))[1] == kept


SAMPLES = {
    "docx": a_docx(),
    "png": an_image("PNG"),
    "jpg": an_image("JPEG"),
    "bmp": an_image("BMP"),
    "pdf": a_pdf("x"),
}


@pytest.mark.parametrize("kind", [*SAMPLES])
def test_damaged_files_are_taken_or_refused_and_nothing_else(kind: str) -> None:
    chance = random.Random(kind)  # noqa: S311  it guards nothing
    for _ in range(400):
        damaged = bytearray(SAMPLES[kind])
        for _ in range(chance.randrange(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        if chance.random() < 0.3:
            del damaged[chance.randrange(len(damaged)) :]
        try:
            judge_upload(f"x.{kind}", bytes(damaged))
        except Refused:
            continue

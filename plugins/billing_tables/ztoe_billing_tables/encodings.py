"""Which single-byte or UTF-8 page a text is in: what the settings say first, what the bytes prove second."""

from __future__ import annotations

import codecs
import enum
from collections.abc import Iterable
from dataclasses import dataclass, field

BOM = codecs.BOM_UTF8


class Encoding(enum.StrEnum):
    """The pages that Ukrainian accounting programs write."""

    UTF_8 = "utf-8"
    CP1251 = "cp1251"
    CP1125 = "cp1125"  # Ukrainian DOS (RUSCII); decodes as cp866 without any error, but wrongly
    CP866 = "cp866"
    KOI8_U = "koi8-u"


# Under cp866 these four are Ў ў ° ∙, which Ukrainian text does not have; under cp1125 they are і's and ї's.
MARKS_OF_CP1125 = bytes((0xF6, 0xF7, 0xF8, 0xF9))
SURE_MARKS = bytes((0xF6, 0xF7))  # Ў ў alone: a degree sign may be meant
# What would be no letter under the other page. Windows keeps Ґ Є Ї « quotes and dashes among the first.
DOS_LETTERS = bytes({*range(0x80, 0xB0)} - {0x92, 0x93, 0x94, 0x96, 0x97, 0xA0, 0xA5, 0xAA, 0xAB, 0xAF})
WINDOWS_LETTERS = bytes((*range(0xB0, 0xE0), *range(0xFA, 0x100)))  # in DOS: frames and signs


def holds_any(data: bytes, wanted: bytes) -> bool:
    """Whether one of these bytes is in the data."""
    return len(data.translate(None, wanted)) != len(data)


def _count(data: bytes, wanted: bytes) -> int:
    return len(data) - len(data.translate(None, wanted))


@dataclass(slots=True)
class Evidence:
    """What the bytes of a text say about its page; feed it every block."""

    ascii: bool = True
    utf_8: bool = True
    marks: bool = False
    sure_marks: bool = False
    dos: int = 0
    windows: int = 0
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=codecs.getincrementaldecoder("utf-8"), repr=False
    )

    @classmethod
    def of(cls, blocks: Iterable[bytes]) -> Evidence:
        """Look at everything."""
        found = cls()
        for block in blocks:
            found.add(block)
        found.end()
        return found

    def add(self, block: bytes) -> None:
        """Look at one more block."""
        if block.isascii() and self.ascii:
            return
        self.ascii = False
        self.marks = self.marks or holds_any(block, MARKS_OF_CP1125)
        self.sure_marks = self.sure_marks or holds_any(block, SURE_MARKS)
        self.dos += _count(block, DOS_LETTERS)
        self.windows += _count(block, WINDOWS_LETTERS)
        if self.utf_8:
            try:
                self._decoder.decode(block)
            except UnicodeDecodeError:
                self.utf_8 = False

    def end(self) -> None:
        """No more blocks: half a character at the end is not UTF-8."""
        if self.utf_8:
            try:
                self._decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                self.utf_8 = False

    @property
    def dos_page(self) -> Encoding:
        """Which of the two DOS pages it would be."""
        return Encoding.CP1125 if self.marks else Encoding.CP866

    def guess(self) -> Encoding:
        """The likeliest page."""
        if self.utf_8:
            return Encoding.UTF_8
        return self.dos_page if self.dos > self.windows else Encoding.CP1251

"""Judges signatures in PDF (PAdES, ETSI EN 319 142-1): a CMS in the gap that its /ByteRange leaves.

The PDF is not interpreted: what an update between the original and the signature changes on the page is not seen.
"""

from __future__ import annotations

import re
from itertools import islice

from ztoe_hub.values import ContainerFormat, ContainerReport

from .cms import Judged, assemble, judge_layer
from .containers import open_layer
from .signers import Judge

_RANGE = re.compile(
    rb"/ByteRange[ \r\n\t]{0,8}\[" + rb"[ \r\n\t]{0,64}(\d{1,10})" * 4 + rb"[ \r\n\t]{0,64}\]"
)
_HEX = re.compile(rb"<([0-9A-Fa-f\s]*)>")
_END = re.compile(rb"%%EOF(?:\r\n|\r|\n)?")
_MOST_SIGNATURES = 20
NOT_EXAMINED = "what was added to the PDF together with the signature is not examined"

Range = tuple[int, int, int, int]


def report_on(data: bytes, original: bytes | None, judge: Judge) -> ContainerReport:
    """The report on a signed PDF; its content is the file as it was before the first signature."""
    problems: list[str] = []
    judged: Judged = []
    ranges: list[Range] = []
    matches = list(islice(_RANGE.finditer(data), _MOST_SIGNATURES + 1))
    if len(matches) > _MOST_SIGNATURES:
        raise ValueError("too many signatures")
    if data.count(b"/ByteRange") > len(matches):
        problems.append("a /ByteRange makes no sense")
    for found in matches:
        try:
            spans, cms = _gap(data, found)
            layer = open_layer(cms)
        except ValueError as error:
            problems.append(f"a signature in the PDF is damaged: {error}")
            continue
        ranges.append(spans)
        signed = data[: spans[1]] + data[spans[2] : spans[2] + spans[3]]
        if layer.content is not None and layer.content != signed:
            problems.append("a signature in the PDF is over something else")
            continue
        judged += judge_layer(layer, signed, judge, problems)
    problems += _coverage(data, ranges)
    content = _signed_document(data, original, ranges)
    if judged:
        problems.append(
            NOT_EXAMINED if content is not None else "the PDF before the signature cannot be told apart"
        )
    return assemble(ContainerFormat.PADES, judged, problems, content)


def _gap(data: bytes, found: re.Match[bytes]) -> tuple[Range, bytes]:
    """The four numbers, checked, and the CMS between the two spans. Raises ValueError."""
    begin, first, second, length = (int(number) for number in found.groups())
    if begin or not 0 < first < second or second + length > len(data) or not length:
        raise ValueError("its /ByteRange makes no sense")
    gap = _HEX.fullmatch(data, first, second)
    if gap is None:
        raise ValueError("its /ByteRange leaves out more than the signature")
    if not (found.end() <= first or second <= found.start() < second + length):
        raise ValueError("its /ByteRange is not signed itself")
    digits = b"".join(gap[1].split())
    return (begin, first, second, length), bytes.fromhex(digits.decode() + "0" * (len(digits) % 2))


def _coverage(data: bytes, ranges: list[Range]) -> list[str]:
    """Later signatures cover earlier ones; bytes after the last one are signed by nobody."""
    if not ranges or max(second + length for _, _, second, length in ranges) == len(data.rstrip(b"\r\n \0")):
        return []
    if max(second + length for _, _, second, length in ranges) == len(data):
        return []
    return ["the last signature does not cover the whole file"]


def _signed_document(data: bytes, original: bytes | None, ranges: list[Range]) -> bytes | None:
    """The file that the first signature was added to: the original at hand, or what ends before the signature."""
    if not ranges:
        return None
    before = min(first for _, first, _, _ in ranges)
    if original and len(original) <= before and data.startswith(original):
        return original
    end = _END.match(data, data.rfind(b"%%EOF", 0, before), before) if b"%%EOF" in data[:before] else None
    return data[: end.end()] if end else None

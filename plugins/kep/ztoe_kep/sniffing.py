"""Tells what bytes are, by the bytes alone: names of files and words of services do not count."""

from __future__ import annotations

import base64
import binascii
import enum

from .tlv import OID, SEQUENCE, Value, read_value

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2
_ZIP = b"PK\x03\x04"
_ASIC = b"mimetypeapplication/vnd.etsi.asic-"  # the first entry of a ZIP, stored: name and content adjoin
_ASIC_ENTRIES = (b"META-INF/signature", b"META-INF/ASiCManifest")
_PEM_BEGIN, _PEM_DASHES, _PEM_END = b"-----BEGIN ", b"-----", b"-----END "
_LONGEST_PREAMBLE = 4096  # text that may stand before a PEM block
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BOM = b"\xef\xbb\xbf"


class Kind(enum.Enum):
    """What bytes may be, as far as signatures go."""

    CMS = enum.auto()
    ASIC = enum.auto()
    SIGNED_PDF = enum.auto()
    OTHER = enum.auto()


def kind_of(data: bytes) -> Kind:
    """What `data` is; text is not unwrapped here (see `binary_form`)."""
    if data.startswith(_ZIP):
        return _kind_of_zip(data)
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return Kind.SIGNED_PDF if b"/ByteRange" in data else Kind.OTHER
    return Kind.CMS if is_cms(data) else Kind.OTHER


def binary_form(data: bytes) -> bytes:
    """The bytes inside base64 or PEM text, or `data` itself when it is neither. Linear in time, whatever comes."""
    text = data.removeprefix(_BOM)
    block = _pem_block(text)
    if block is None and not _looks_like_base64(text):
        return data
    letters = b"".join((text if block is None else block).split()).rstrip(b"=")
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
    except binascii.Error:
        return data


def is_cms(data: bytes) -> bool:
    """Whether `data` begins with a CMS SignedData."""
    try:
        return _says_signed_data(read_value(data))
    except ValueError:
        return False


def _pem_block(text: bytes) -> bytes | None:
    begin = text.find(_PEM_BEGIN, 0, _LONGEST_PREAMBLE)
    if begin < 0:
        return None
    label_end = text.find(_PEM_DASHES, begin + len(_PEM_BEGIN), begin + len(_PEM_BEGIN) + 64)
    end = text.find(_PEM_END, label_end)
    return None if min(label_end, end) < 0 else text[label_end + len(_PEM_DASHES) : end]


def pem_blocks(text: bytes, at_most: int) -> list[bytes]:
    """What stands in each PEM block of `text`, decoded; illegible blocks are left out."""
    found: list[bytes] = []
    for part in text.split(_PEM_BEGIN)[1 : at_most + 1]:
        _, _, body = part.partition(_PEM_DASHES)
        letters = b"".join(body.partition(_PEM_END)[0].split())
        try:
            found.append(base64.b64decode(letters, validate=True))
        except binascii.Error:
            continue
    return found


def _looks_like_base64(text: bytes) -> bool:
    """Judged by the first letters; `b64decode` looks at the rest."""
    head = b"".join(text[:256].split()).rstrip(b"=")
    return len(head) > 1 and not head.translate(None, _BASE64)


def _says_signed_data(value: Value) -> bool:
    if value.tag != SEQUENCE:
        return False
    head = bytes((OID, len(_SIGNED_DATA))) + _SIGNED_DATA
    return bytes(value.data[value.contents_begin : value.contents_begin + len(head)]) == head


def _kind_of_zip(data: bytes) -> Kind:
    is_asic = data[30 : 30 + len(_ASIC)] == _ASIC or any(entry in data for entry in _ASIC_ENTRIES)
    return Kind.ASIC if is_asic else Kind.OTHER

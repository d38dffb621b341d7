"""The two files of step 2, made on the spot: a real PDF and a real DOCX of an invented company."""

from __future__ import annotations

import io
import zipfile

import typst

CERTIFICATE_TEXT = "Свідоцтво платника податків. ТОВ «Тестовий споживач», код 12500015."
EXTRACT_TEXT = "Виписка з Єдиного державного реєстру. ТОВ «Тестовий споживач», код 12500015."

_CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
_DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
)


def certificate_pdf() -> bytes:
    """The taxpayer's certificate as a PDF."""
    pdf = typst.Compiler(CERTIFICATE_TEXT.encode(), ignore_system_fonts=True).compile(format="pdf")
    if not isinstance(pdf, bytes):
        raise TypeError("one page was expected")
    return pdf


def extract_docx() -> bytes:
    """The state register's extract as a DOCX."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _CONTENT_TYPES)
        archive.writestr("_rels/.rels", _RELATIONS)
        archive.writestr("word/document.xml", _DOCUMENT.format(text=EXTRACT_TEXT))
    return buffer.getvalue()

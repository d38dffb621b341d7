"""Parses XML of strangers, and writes it in canonical form for hashing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"
ASIC = "http://uri.etsi.org/02918/v1.2.1#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"

LARGEST = 4 * 1024 * 1024
_MOST_ELEMENTS = 20_000
# Canonical form costs the square of these in libxml2: ten thousand namespaces keep it busy for seven seconds.
_MOST_NAMESPACES, _MOST_ATTRIBUTES = 300, 64
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_XML = "{http://www.w3.org/XML/1998/namespace}"
#: URI -> (exclusive, with comments). Version 1.1 differs in xml: attributes only, which are refused here.
CANONICAL_FORMS = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315": (False, False),
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments": (False, True),
    "http://www.w3.org/2006/12/xml-c14n11": (False, False),
    "http://www.w3.org/2006/12/xml-c14n11#WithComments": (False, True),
    _EXCLUSIVE: (True, False),
    f"{_EXCLUSIVE}WithComments": (True, True),
}


class NotChecked(ValueError):
    """Something that is allowed and is not checked here; the text says what."""


def parse(data: bytes) -> etree._Element:
    """The root element. Raises ValueError for what is no XML, is too large, or has a document type."""
    if len(data) > LARGEST:
        raise ValueError("an XML document is too large")
    if data.count(b"xmlns") > _MOST_NAMESPACES:
        raise ValueError("an XML document has too many namespaces")
    # The encoding is fixed, so that the count above sees every namespace.
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError("an XML document is damaged") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("an XML document has a document type")
    for number, element in enumerate(root.iter()):
        if number == _MOST_ELEMENTS or len(element.attrib) > _MOST_ATTRIBUTES:
            raise ValueError("an XML document has too many elements or attributes")
    return root


def the_one(parent: etree._Element, *path: str) -> etree._Element:
    """The only child along a path of qualified names. Raises ValueError when there is none, or another."""
    for name in path:
        children = parent.findall(name)
        if len(children) != 1:
            raise ValueError(f"not exactly one {etree.QName(name).localname}")
        parent = children[0]
    return parent


def maybe_one(parent: etree._Element, *path: str) -> etree._Element | None:
    """The same, or None."""
    try:
        return the_one(parent, *path)
    except ValueError:
        return None


def attribute(element: etree._Element, name: str) -> str:
    """An attribute's value. Raises ValueError without one."""
    value = element.get(name)
    if value is None:
        raise ValueError(f"{etree.QName(element).localname} has no {name}")
    return str(value)


def octets_in(element: etree._Element) -> bytes:
    """The base64 content of an element. Raises ValueError for anything else."""
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"{etree.QName(element).localname} is no base64") from error


def canonical(element: etree._Element, method: etree._Element) -> bytes:
    """The octets of `element` in the form that a CanonicalizationMethod or Transform names. Raises NotChecked."""
    algorithm = attribute(method, "Algorithm")
    if algorithm not in CANONICAL_FORMS:
        raise NotChecked(f"canonical form {algorithm}")
    if any(name.startswith(_XML) for ancestor in element.iterancestors() for name in _names(ancestor)):
        raise NotChecked("xml: attributes around the signature")
    exclusive, with_comments = CANONICAL_FORMS[algorithm]
    listed = method.find(f"{{{_EXCLUSIVE}}}InclusiveNamespaces")
    prefixes = (listed.get("PrefixList") or "").split() if exclusive and listed is not None else None
    return etree.tostring(
        element,
        method="c14n",
        exclusive=exclusive,
        with_comments=with_comments,
        inclusive_ns_prefixes=prefixes,
        with_tail=False,
    )


def _names(element: etree._Element) -> Iterator[str]:
    return (str(name) for name in element.attrib)

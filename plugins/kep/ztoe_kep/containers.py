"""Takes CMS SignedData (RFC 5652) apart: layers, signers and their attributes, every slice as received."""

from __future__ import annotations

from dataclasses import dataclass, field

from .sniffing import binary_form, is_cms
from .tlv import CONTEXT, SEQUENCE, SET, Value, dotted, octets_of, read_value

MOST_LAYERS = 5
MOST_CERTIFICATES = 100
MOST_SIGNERS = 50
_MOST_ATTRIBUTES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerInfo:
    """One signature, not judged yet. Attributes are raw values by object identifier."""

    identifier: Value = field(repr=False)  # IssuerAndSerialNumber, or [0] with a subject key identifier
    digest_algorithm: str
    signed: dict[str, list[Value]] | None = field(repr=False)  # None: there are no signed attributes
    signed_set: Value | None = field(repr=False)  # the same as received, under its [0]
    signature_algorithm: Value = field(repr=False)
    unsigned: dict[str, list[Value]] = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One SignedData. `content` is None when it is kept elsewhere."""

    content_type: str
    content: bytes | None = field(repr=False)
    certificates: list[bytes] = field(repr=False)
    signers: list[SignerInfo]
    problems: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A container taken apart, outermost layer first. `content` are the innermost signed bytes."""

    layers: list[Layer]
    content: bytes | None = field(repr=False)
    problems: list[str]


def open_layers(container: bytes) -> Opened:
    """Take `container` apart: p7s inside p7s, as each exchange service adds its own.

    Raises ValueError when the outermost layer makes no sense; a broken inner one is content with a problem.
    """
    layers: list[Layer] = []
    problems: list[str] = []
    content: bytes | None = container
    while content is not None and (binary := _cms_inside(content)) is not None:
        if len(layers) == MOST_LAYERS:
            return Opened(
                layers=layers, content=None, problems=[*problems, f"more than {MOST_LAYERS} layers"]
            )
        try:
            layer = open_layer(binary)
        except ValueError as error:
            if not layers:
                raise
            problems.append(f"the content looks like another container, but is damaged: {error}")
            break
        layers.append(layer)
        problems += layer.problems
        content = layer.content
    return Opened(layers=layers, content=content, problems=problems)


def open_layer(binary: bytes, *, most_certificates: int = MOST_CERTIFICATES) -> Layer:
    """One SignedData. Raises ValueError when it makes no sense."""
    outer = read_value(binary)
    content_type, wrapped = outer.expect(SEQUENCE).members(2)
    if dotted(content_type) != "1.2.840.113549.1.7.2":
        raise ValueError("not SignedData")
    [signed_data] = wrapped.expect(CONTEXT | 0).members(1)
    _, _, encapsulated, *rest = signed_data.expect(SEQUENCE).members(6)
    problems = [] if not binary[outer.end :].strip() else ["bytes follow the end of the container"]
    content = _content_of(encapsulated, problems)
    [signer_infos] = [value for value in rest if value.tag == SET]
    return Layer(
        content_type=dotted(encapsulated.members(2)[0]),
        content=content,
        certificates=_certificates_in(rest, most_certificates),
        signers=[_signer_info(value) for value in signer_infos.members(MOST_SIGNERS)],
        problems=problems,
    )


def _cms_inside(data: bytes) -> bytes | None:
    """The SignedData in `data`, text forms undone, or None when it is something else."""
    if is_cms(data):
        return data
    binary = binary_form(data)
    return binary if is_cms(binary) else None


def _content_of(encapsulated: Value, problems: list[str]) -> bytes | None:
    _, *wrapped = encapsulated.expect(SEQUENCE).members(2)
    if not wrapped:
        return None
    [value] = wrapped[0].expect(CONTEXT | 0).members(1)
    try:
        return octets_of(value)
    except ValueError:
        # PKCS #7 before CMS put other values here; what was signed then is open to reading.
        problems.append("the content is not an octet string")
        return None


def _certificates_in(rest: list[Value], at_most: int) -> list[bytes]:
    found = [value for value in rest if value.tag == CONTEXT | 0]
    return [
        certificate.raw
        for certificates in found
        for certificate in certificates.members(at_most)
        if certificate.tag == SEQUENCE  # the other choices are attribute certificates and older things
    ]


def _signer_info(value: Value) -> SignerInfo:
    members = value.expect(SEQUENCE).members(7)
    _, identifier, digest_algorithm, *rest = members
    signed = rest.pop(0) if rest and rest[0].tag == CONTEXT | 0 else None
    signature_algorithm, signature, *unsigned = rest
    return SignerInfo(
        identifier=identifier,
        digest_algorithm=dotted(digest_algorithm.expect(SEQUENCE).members(2)[0]),
        signed=_attributes(signed) if signed else None,
        signed_set=signed,
        signature_algorithm=signature_algorithm.expect(SEQUENCE),
        unsigned=_attributes(unsigned[0].expect(CONTEXT | 1)) if unsigned else {},
        signature=octets_of(signature),
    )


def _attributes(attributes: Value) -> dict[str, list[Value]]:
    """Values by type; a type that is there twice has the values of both, so that a caller who expects one sees it."""
    found: dict[str, list[Value]] = {}
    for attribute in attributes.members(_MOST_ATTRIBUTES):
        kind, values = attribute.expect(SEQUENCE).members(2)
        found.setdefault(dotted(kind), []).extend(values.expect(SET).members(_MOST_ATTRIBUTES))
    return found

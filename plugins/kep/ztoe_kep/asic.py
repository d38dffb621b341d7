"""Judges ASiC containers (ETSI EN 319 162-1): a ZIP of documents and of signatures over them, CAdES or XAdES."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from ztoe_hub.values import ContainerFormat, ContainerReport

from . import xades
from .archives import unpack
from .cms import Judged, assemble, judge_layer
from .containers import open_layer
from .digests import compare
from .names import printable
from .signers import Judge
from .sniffing import binary_form
from .work import Finding
from .xml_documents import ASIC, DS, attribute, octets_in, parse, the_one

_FOLDER = "META-INF/"
_MOST_SIGNATURES = 50


@dataclass(frozen=True)
class _Archive:
    """What is inside: documents, and the names of manifests by the signature that they name."""

    files: Mapping[str, bytes]
    documents: Mapping[str, bytes]
    manifests: Mapping[str, list[str]]


def report_on(data: bytes, judge: Judge) -> ContainerReport:
    """The report on an ASiC. Raises ValueError when the archive is not to be opened."""
    problems: list[str] = []
    archive = _open(unpack(data), problems)
    judged: Judged = []
    for name in sorted(archive.files):
        if not name.startswith(_FOLDER) or not (_is_xades(name) or name.endswith(".p7s")):
            continue
        if len(judged) >= _MOST_SIGNATURES:
            problems.append("too many signatures: the rest is not checked")
            break
        try:
            if _is_xades(name):
                judged += _judge_xades(archive.files[name], archive.documents, judge)
            else:
                judged += _judge_cades(name, archive, judge, problems)
        except ValueError as error:
            problems.append(_of_file(name, error))
    documents = list(archive.documents.values())
    if len(documents) != 1:
        problems.append(f"the container holds {len(documents)} documents instead of one")
    return assemble(ContainerFormat.ASIC_E, judged, problems, documents[0] if len(documents) == 1 else None)


def _open(files: Mapping[str, bytes], problems: list[str]) -> _Archive:
    manifests: dict[str, list[str]] = {}
    for name, content in sorted(files.items()):
        if not name.startswith(f"{_FOLDER}ASiCManifest") or not name.endswith(".xml"):
            continue
        try:
            manifests.setdefault(_signature_named_in(content), []).append(name)
        except ValueError as error:
            problems.append(_of_file(name, error))
    documents = {name: content for name, content in files.items() if _is_document(name)}
    return _Archive(files, documents, manifests)


def _judge_xades(data: bytes, documents: Mapping[str, bytes], judge: Judge) -> Judged:
    judged: Judged = []
    for signature in xades.signatures_in(parse(data)):
        claim, covered = xades.claim_of(signature, documents, judge.work)
        digest = xades.worst([claim.digest, _coverage(documents, covered)])
        judged.append(judge.judge(replace(claim, digest=digest)))
    return judged


def _judge_cades(name: str, archive: _Archive, judge: Judge, problems: list[str]) -> Judged:
    """A CMS signature over a manifest, which lists the documents with their digests; ASiC-S has no manifest."""
    documents, manifests = archive.documents, archive.manifests.get(name, [])
    layer = open_layer(binary_form(archive.files[name]))
    if len(manifests) > 1:
        raise ValueError("several manifests name the signature")
    if manifests:
        signed = archive.files[manifests[0]]
        listed = _manifest_finding(signed, documents, judge)
    elif len(documents) == 1:
        signed, listed = next(iter(documents.values())), Finding(True)
    else:
        raise ValueError("no manifest says what is signed")
    if layer.content is not None and layer.content != signed:
        listed = Finding(False, "something else is signed than the manifest")
    judged = judge_layer(layer, signed, judge, problems)
    return [
        (replace(signer, digest_ok=_and(signer.digest_ok, listed)), found + _said(listed))
        for signer, found in judged
    ]


def _and(verdict: bool | None, listed: Finding) -> bool | None:
    return xades.worst([Finding(verdict), listed]).verdict


def _said(finding: Finding) -> list[str]:
    return [finding.problem] if finding.problem else []


def _of_file(name: str, error: ValueError) -> str:
    return f"{printable(name.removeprefix(_FOLDER))}: {error}"


def _signature_named_in(manifest: bytes) -> str:
    return unquote(attribute(the_one(parse(manifest), f"{{{ASIC}}}SigReference"), "URI"))


def _manifest_finding(manifest: bytes, documents: Mapping[str, bytes], judge: Judge) -> Finding:
    """Whether the manifest's digests are those of the documents, and no document is left out."""
    findings: list[Finding] = []
    covered: set[str] = set()
    for reference in parse(manifest).findall(f"{{{ASIC}}}DataObjectReference"):
        name = unquote(attribute(reference, "URI"))
        algorithm = attribute(the_one(reference, f"{{{DS}}}DigestMethod"), "Algorithm")
        digest = octets_in(the_one(reference, f"{{{DS}}}DigestValue"))
        if name not in documents:
            findings.append(Finding(False, "a signed file is not inside"))
        elif algorithm not in xades.DIGESTS:
            findings.append(Finding(None, f"not checked: digest algorithm {printable(algorithm)}"))
        else:
            covered.add(name)
            findings.append(compare(xades.DIGESTS[algorithm], documents[name], digest, judge.work))
    return xades.worst([*findings, _coverage(documents, covered)])


def _coverage(documents: Iterable[str], covered: set[str]) -> Finding:
    """A document that a signature is not over would pass for signed: that signature does not count."""
    left_out = [name for name in documents if name not in covered]
    return Finding(False, "the signature is not over every document inside") if left_out else Finding(True)


def _is_document(name: str) -> bool:
    return name != "mimetype" and not name.startswith(_FOLDER)


def _is_xades(name: str) -> bool:
    return name.startswith(f"{_FOLDER}signatures") and name.endswith(".xml")

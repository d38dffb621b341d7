"""Judges ASiC containers (ETSI EN 319 162-1): a ZIP of documents and of signatures over them, CAdES or XAdES."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
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


def report_on(data: bytes, judge: Judge) -> ContainerReport:
    """The report on an ASiC. Raises ValueError when the archive is not to be opened."""
    files = unpack(data)
    documents = {name: body for name, body in files.items() if _is_document(name)}
    problems: list[str] = []
    judged: Judged = []
    names = sorted(name for name in files if name.startswith(_FOLDER))
    signatures = [name for name in names if _is_xades(name) or name.endswith(".p7s")]
    if len(signatures) > _MOST_SIGNATURES:
        raise ValueError("too many signatures")
    for name in signatures:
        try:
            if _is_xades(name):
                judged += _judge_xades(files[name], documents, judge)
            else:
                judged += _judge_cades(name, files, documents, judge, problems)
        except ValueError as error:
            problems.append(f"{printable(name.removeprefix(_FOLDER))}: {error}")
    if len(documents) != 1:
        problems.append(f"the container holds {len(documents)} documents instead of one")
    content = next(iter(documents.values())) if len(documents) == 1 else None
    return assemble(ContainerFormat.ASIC_E, judged, problems, content)


def _judge_xades(data: bytes, documents: Mapping[str, bytes], judge: Judge) -> Judged:
    judged: Judged = []
    for signature in xades.signatures_in(parse(data)):
        claim, covered = xades.claim_of(signature, documents, judge.work)
        digest = xades.worst([claim.digest, _coverage(documents, covered)])
        judged.append(judge.judge(replace(claim, digest=digest)))
    return judged


def _judge_cades(
    name: str,
    files: Mapping[str, bytes],
    documents: Mapping[str, bytes],
    judge: Judge,
    problems: list[str],
) -> Judged:
    """A CMS signature over a manifest, which lists the documents with their digests; ASiC-S has no manifest."""
    layer = open_layer(binary_form(files[name]))
    manifest = _manifest_of(name, files)
    if manifest is None:
        if len(documents) != 1:
            raise ValueError("no manifest says what is signed")
        signed, listed = next(iter(documents.values())), Finding(True)
    else:
        signed, listed = files[manifest], _manifest_finding(files[manifest], documents, judge)
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


def _manifest_of(name: str, files: Mapping[str, bytes]) -> str | None:
    """The manifest that names this signature. Raises ValueError when several do, or one is damaged."""
    found = [
        candidate
        for candidate in sorted(files)
        if candidate.startswith(f"{_FOLDER}ASiCManifest")
        and candidate.endswith(".xml")
        and _signature_named_in(files[candidate]) == name
    ]
    if len(found) > 1:
        raise ValueError("several manifests name the signature")
    return found[0] if found else None


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

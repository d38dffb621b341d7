"""Judges CMS containers: the signers of all layers, outermost first, each against the content of its own layer."""

from __future__ import annotations

from collections.abc import Sequence

from ztoe_hub.values import ContainerFormat, ContainerReport, Signer

from .certificates import Certificate, read_certificate
from .containers import Layer, Opened, SignerInfo
from .names import MALFORMED, legible, time_of
from .signatures import certificate_of, examine
from .signers import Claim, Judge
from .work import Work

SIGNING_TIME = "1.2.840.113549.1.9.5"
SIGNATURE_TIME_STAMP = "1.2.840.113549.1.9.16.2.14"

Judged = list[tuple[Signer, list[str]]]


def report_on(opened: Opened, original: bytes | None, judge: Judge) -> ContainerReport:
    """The report on a CMS container."""
    problems = list(opened.problems)
    judged: Judged = []
    for layer in opened.layers:
        judged += judge_layer(layer, original, judge, problems)
    detached = opened.layers[-1].content is None
    return assemble(
        ContainerFormat.CMS_DETACHED if detached else ContainerFormat.CMS_ATTACHED,
        judged,
        problems,
        opened.content,
    )


def judge_layer(layer: Layer, original: bytes | None, judge: Judge, problems: list[str]) -> Judged:
    """The signers of one layer; what is wrong with its certificates goes to `problems`."""
    certificates = _certificates(layer, problems)
    content = original if layer.content is None else layer.content
    return [
        judge.judge(_claim(info, certificates, layer.content_type, content, judge.work))
        for info in layer.signers
    ]


def assemble(
    form: ContainerFormat, judged: Judged, problems: Sequence[str], content: bytes | None
) -> ContainerReport:
    """A report in which every problem of a signer begins with the signer's number."""
    numbered = [
        f"signer {number}: {problem}"
        for number, (_, found) in enumerate(judged, start=1)
        for problem in found
    ]
    nobody = [] if judged else ["nobody has signed"]
    return ContainerReport(
        format=form,
        signers=tuple(signer for signer, _ in judged),
        problems=(*problems, *numbered, *nobody),
        content=content,
    )


def _claim(
    info: SignerInfo,
    certificates: Sequence[Certificate],
    content_type: str,
    content: bytes | None,
    work: Work,
) -> Claim:
    certificate, problem = certificate_of(info, certificates)
    digest, signature = examine(info, certificate, content_type, content, work)
    times = (info.signed or {}).get(SIGNING_TIME, [])
    return Claim(
        certificate=certificate,
        digest=digest,
        signature=signature,
        claimed_at=legible(lambda: time_of(times[0])) if len(times) == 1 else None,
        tokens=[value.raw for value in info.unsigned.get(SIGNATURE_TIME_STAMP, [])],
        stamped=info.signature,
        embedded=certificates,
        problem=problem,
    )


def _certificates(layer: Layer, problems: list[str]) -> list[Certificate]:
    found: list[Certificate] = []
    for raw in layer.certificates:
        try:
            found.append(read_certificate(raw))
        except MALFORMED:
            problems.append("an embedded certificate is illegible")
    return found

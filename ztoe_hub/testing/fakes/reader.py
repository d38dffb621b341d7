"""A reader of signature containers in memory, for what FakeSigningService makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ...values import ContainerFormat, ContainerReport, Signer

MARK = b"signed:"


def a_signer(edrpou: str | None = "12500015", **changes: object) -> Signer:
    """Somebody whose signature nobody found fault with; `changes` are fields of Signer."""
    signer = Signer(
        subject="Зразкова Особа",
        organisation="Зразковий споживач",
        edrpou=edrpou,
        rnokpp=None,
        issuer="Тестовий КНЕДП",
        signed_at=datetime(2026, 11, 2, 8, 30, tzinfo=UTC),
        time_source="timestamp",
        seal=False,
        digest_ok=True,
        signature_ok=True,
        chain_ok=True,
        time_ok=True,
    )
    return replace(signer, **changes)  # type: ignore[arg-type]  # the caller names the fields


class FakeReader:
    """Reads containers that begin with `signed:` and go on with the document, steered by its attributes.

    `signers` is whom it finds, `format` what it calls the container, `problems` what it complains of.
    `content` replaces the document that it finds inside; with `format` CMS_DETACHED there is none inside.
    Bytes that are no such container are UNKNOWN, with a problem and nobody's signature.
    """

    def __init__(self, signers: Sequence[Signer] | None = None) -> None:
        self.signers: Sequence[Signer] = [a_signer()] if signers is None else signers
        self.format = ContainerFormat.CMS_ATTACHED
        self.problems: Sequence[str] = ()
        self.content: bytes | None = None

    def read(self, container: bytes, original: bytes | None) -> ContainerReport:  # noqa: ARG002  the port has it
        if not container.startswith(MARK):
            return ContainerReport(format=ContainerFormat.UNKNOWN, signers=(), problems=("no container",))
        inside = container.removeprefix(MARK) if self.content is None else self.content
        detached = self.format is ContainerFormat.CMS_DETACHED
        return ContainerReport(
            format=self.format,
            signers=tuple(self.signers),
            problems=tuple(self.problems),
            content=None if detached else inside,
        )

"""The settings of the reader."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ztoe_hub.errors import ConfigurationError

from .bundles import read_bundle
from .trust import TrustStore


class KepSettings(BaseModel):
    """`[signatures.NAME]` with `type = "kep"`.

    `ca_bundles` are files of intermediate authorities (p7b, PEM or DER), trusted in nothing by themselves.
    `roots` are extra roots, for test authorities: every report says when a chain ends in one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ca_bundles: list[Path] = []
    roots: list[Path] = []

    def trust(self) -> TrustStore:
        """What these settings trust. Raises ConfigurationError naming the file that cannot be used."""
        return load_trust(self.ca_bundles, self.roots)


def load_trust(ca_bundles: list[Path], roots: list[Path]) -> TrustStore:
    """The trust in files. Raises ConfigurationError naming the one that cannot be used."""
    try:
        return TrustStore(
            tuple(read_bundle(path) for path in ca_bundles),
            tuple(root for path in roots for root in read_bundle(path).certificates),
        )
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"kep: {error}") from error

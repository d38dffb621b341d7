"""The settings of the reader."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class KepSettings(BaseModel):
    """`[signatures.NAME]` with `type = "kep"`: nothing to set yet."""

    model_config = ConfigDict(extra="forbid", frozen=True)

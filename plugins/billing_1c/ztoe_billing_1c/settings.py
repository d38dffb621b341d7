"""What a deployment says about its 1C base, under `[billing.NAME]` with `type = "1c-odata"`."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from .names import Names


def _known_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("no such time zone; write it like Europe/Kyiv")
    return value


def _plain_address(value: str) -> str:
    """Without the final slash and without a login, which would end up in logs."""
    if not value.startswith(("http://", "https://")) or any(sign in value for sign in "@?#"):
        raise ValueError("an address begins with https:// and holds no login, ? or #")
    return value.rstrip("/")


Address = Annotated[str, AfterValidator(_plain_address)]


class ConditionQuotes(StrEnum):
    """How quotes inside a quoted argument are written: the manual nests them, live bases want them doubled."""

    NESTED = "nested"
    DOUBLED = "doubled"


class OneCSettings(BaseModel):
    """Where the base is, who we are there, how far back to look, and what things are called."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    base_url: Address  # up to and with the base: https://host/utility
    username: str = Field(min_length=1)
    password: SecretStr
    service_url: Address | None = None  # the hub's own HTTP service in 1C: https://host/utility/hs/ztoe
    server_timezone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Kyiv"
    page_size: int = Field(1000, ge=2, le=10_000)
    history_from: date | None = None  # the first settlement month; None: `history_months` before this month
    history_months: int = Field(36, ge=0, le=600)
    statement_condition: str | None = None  # restricts the register: Организация_Key eq guid'…'
    condition_quotes: ConditionQuotes = ConditionQuotes.DOUBLED
    names: Names = Names()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the server's wall clock."""
        return ZoneInfo(self.server_timezone)

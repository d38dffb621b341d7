"""What a deployment says about its accounting base, under `[billing.NAME]`: `1c-odata` or `1c-hs`."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from ztoe_hub.values import Stream


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
Zone = Annotated[str, AfterValidator(_known_zone)]
# What an exchange plan may be asked for: the streams that are sets with a reference of their own.
PLANNED = (
    Stream.DISTRICTS,
    Stream.CONSUMERS,
    Stream.ACCOUNTS,
    Stream.METERING_POINTS,
    Stream.INVOICES,
)


class ConditionQuotes(StrEnum):
    """How quotes inside a quoted argument are written: the manual nests them, live bases want them doubled."""

    AUTO = "auto"
    NESTED = "nested"
    DOUBLED = "doubled"


class _Login(BaseModel):
    """What both kinds have."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    username: str = Field(min_length=1)
    password: SecretStr
    server_timezone: Zone = "Europe/Kyiv"
    write: bool = False  # whether meter readings are handed over

    @property
    def login(self) -> tuple[str, str]:
        """For HTTP Basic."""
        return self.username, self.password.get_secret_value()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the server's wall clock."""
        return ZoneInfo(self.server_timezone)


class OneCSettings(_Login):
    """`type = "1c-odata"`: where the base is, who we are there, how it is read and what things are called."""

    base_url: Address  # up to and with the base: https://host/utility
    service_url: Address | None = None  # the hub's own HTTP service in 1C: https://host/utility/hs/ztoe
    mapping: Path | None = None  # a YAML file; None: the built-in one
    page_size: int = Field(1000, ge=2, le=10_000)
    page_bytes: int = Field(8 * 1024 * 1024, ge=64 * 1024, le=32 * 1024 * 1024)
    history_from: date | None = None  # the first settlement month; None: `history_months` before this month
    history_months: int = Field(36, ge=0, le=600)
    window_days: int = Field(92, ge=1, le=3660)  # documents are read in pieces of so many days
    overlap_days: int = Field(14, ge=0, le=366)  # how far behind the last read the next one begins
    reread_months: int = Field(1, ge=0, le=24)  # months before this one whose statements are read every time
    condition_quotes: ConditionQuotes = ConditionQuotes.AUTO
    session: Literal["auto", "off"] = "auto"
    exchange_plan: str | None = Field(None, pattern=r"^ExchangePlan_\w+$")
    exchange_node: str | None = None  # its code or reference; None: the only node that is not the base itself
    exchange_streams: frozenset[Stream] = frozenset(PLANNED)

    @model_validator(mode="after")
    def _planned(self) -> OneCSettings:
        strange = sorted(self.exchange_streams - set(PLANNED))
        if strange:
            raise ValueError(f"exchange_streams: {strange[0]} cannot come by an exchange plan")
        return self


class ServiceSettings(_Login):
    """`type = "1c-hs"`: everything over the HTTP service that the utility's 1C developer publishes."""

    service_url: Address  # up to, and without, /v1
    streams: frozenset[Stream] = Field(frozenset(Stream), min_length=1)  # those that the base publishes
    page_size: int = Field(1000, ge=1, le=10_000)

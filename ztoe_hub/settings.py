"""The settings' models: what a deployment may say, typed. How they are read: settings_file.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

INSTANCE_NAME = r"^[a-z][a-z0-9_]*$"


class Section(BaseModel):
    """A table of the settings file; a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Section):
    """A text in both languages."""

    uk: str
    en: str


class HubSection(Section):
    """`[hub]`: where things are kept and how the hub is reached."""

    secret_key: SecretStr = Field(min_length=32, description="signs forms; the same for all processes")
    database: str = Field(
        default="sqlite:///ztoe-hub.sqlite", repr=False, description="SQLAlchemy URL; it may hold a password"
    )
    files: Path = Field(default=Path("files"), description="folder of stored files")
    public_url: str = Field(default="http://127.0.0.1:8000", description="the cabinet's address in e-mails")
    utility: Text = Field(
        default=Text(uk="Енергопостачальна компанія", en="Energy company"),
        description="the name on pages and applications",
    )


class CabinetSection(Section):
    """`[cabinet]`: the web server and the sessions."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    threads: int = Field(default=8, ge=1, description="requests at once")
    idle_minutes: int = Field(
        default=60, ge=1, description="a session ends when nothing was asked for so long"
    )
    session_hours: int = Field(default=12, ge=1, description="a session ends in any case")
    remember_days: int = Field(default=30, ge=1, description="with «Запам'ятати»")
    trusted_proxies: int = Field(
        default=0, ge=0, description="how many proxies stand in front and are believed"
    )
    login_attempts: int = Field(
        default=10, ge=1, description="wrong passwords a quarter of an hour, per login"
    )


class WorkSection(Section):
    """`[work]`: how work is run."""

    threads: int = Field(default=4, ge=1, description="pieces of work at once in one worker")
    lease_seconds: float = Field(default=30, gt=0, description="how long a dead worker's work stays with it")
    poll_seconds: float = Field(default=0.1, gt=0, description="how often an idle worker looks for work")
    sign_poll_seconds: float = Field(default=20, gt=0, description="a fresh document is looked at so often")
    order_poll_seconds: float = Field(
        default=60, gt=0, description="billing is asked for order updates so often"
    )
    import_hours: float = Field(default=24, gt=0, description="billing is imported so often")


class ImportsSection(Section):
    """`[imports]`: what an import believes, and how often it reads everything."""

    most_lost_percent: float = Field(
        default=5,
        ge=0,
        le=100,
        description="a read that would lose more rows is held, and nothing is applied",
    )
    full_every_days: int = Field(
        default=7, ge=0, description="a source that can tell what changed is read in full so often"
    )


class ServiceKind(Section):
    """`[[services]]`: a commercial-metering service that can be ordered."""

    code: str = Field(pattern=r"^[a-z0-9_-]+$", description="kept with orders: never reuse one")
    title: Text = Field(description="as consumers read it")
    request: str = Field(description="what the application asks for, in Ukrainian: «Прошу …»")


class OrdersSection(Section):
    """`[orders]`: what the application's file name and the order form are made of."""

    document_type: str = Field(
        default="53", pattern=r"^[0-9A-Za-z]+$", description="the `td` of the file name"
    )
    voltage_classes_kv: tuple[str, ...] = Field(
        default=("0.4", "6", "10", "35", "110"), description="what can be chosen, in kV"
    )


class DocumentsSection(Section):
    """`[documents]`: when a signed document counts."""

    require_verified: bool = Field(
        default=True,
        description="the consumer's signature and chain of certificates must have been checked and hold",
    )


class SigningRoute(Section):
    """`[[routes.signing]]`: which instance a new document goes to; the first match wins."""

    service: str = Field(description="an instance of `[signing]`")
    origin: Literal["application", "invoice"] | None = Field(
        default=None, description="only documents of this origin"
    )
    district: str | None = Field(default=None, description="only documents of this district, by its code")


class RoutesSection(Section):
    """`[routes]`."""

    signing: tuple[SigningRoute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSettings:
    """One configured instance of an adapter type, its own options still unchecked."""

    kind: str  # signing, notifications, …
    name: str
    type: str
    title: Text
    http: Mapping[str, Any] = field(repr=False)  # a proxy's address may hold a password
    options: Mapping[str, Any] = field(repr=False)


INSTANCE_KINDS = ("signing", "notifications", "billing", "signatures", "listeners")


class Settings(Section):
    """Everything a deployment says. `path` is the file it came from."""

    path: Path
    hub: HubSection
    cabinet: CabinetSection = CabinetSection()
    work: WorkSection = WorkSection()
    imports: ImportsSection = ImportsSection()
    orders: OrdersSection = OrdersSection()
    documents: DocumentsSection = DocumentsSection()
    routes: RoutesSection = RoutesSection()
    services: tuple[ServiceKind, ...] = ()
    instances: tuple[InstanceSettings, ...] = ()

    @field_validator("services")
    @classmethod
    def _codes_are_unique(cls, services: tuple[ServiceKind, ...]) -> tuple[ServiceKind, ...]:
        codes = [service.code for service in services]
        if len(codes) != len(set(codes)):
            raise ValueError("two services have one code")
        return services

    def service(self, code: str) -> ServiceKind | None:
        """The service with this code, if it is (still) offered."""
        return next((service for service in self.services if service.code == code), None)

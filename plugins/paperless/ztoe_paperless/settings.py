"""The settings of one Paperless account, `[signing.NAME]` with `type = "paperless"`.

What the public facts leave open is a setting, so that the first live call can settle it without a new release.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, SecretStr


def _uuid_as_issued(text: str) -> str:
    """The text unchanged: it is hashed into the login, so its case matters."""
    if str(UUID(text)) != text.lower():
        raise ValueError("expected a UUID such as 01234567-89ab-cdef-0123-456789abcdef")
    return text


class PaperlessSettings(BaseModel):
    """One account of the utility in Paperless."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: HttpUrl = Field(
        default=HttpUrl("https://paperless.com.ua"), description="where the API is, without a path"
    )
    client_id: Annotated[str, AfterValidator(_uuid_as_issued)] = Field(
        description="the UUID that Paperless issued, exactly as issued"
    )
    client_secret: SecretStr = Field(min_length=1, description="the secret that Paperless issued with it")
    web_url: HttpUrl | None = Field(
        default=None, description="where the customer signs; `base_url` when it is not given"
    )

    share_mode: Literal[0, 1] = Field(
        default=0, description="0: a signature is awaited, Paperless reminds; 1: it is not, no reminders"
    )
    share_comment: str = Field(default="", description="a note that the customer sees beside the document")
    recall: bool = Field(default=True, description="whether this account may take a share back")
    max_bytes: int = Field(default=10 * 1024 * 1024, gt=0, description="the largest document, in bytes")

    upload_encoding: Literal["base64", "raw"] = Field(
        default="base64", description="how the file travels inside the upload"
    )
    user_agent: str = Field(default="ztoe-hub", min_length=1, description="how the hub introduces itself")
    search_limit: int = Field(
        default=40, ge=1, le=1000, description="documents a page of the search after a lost answer"
    )
    clock_skew_s: float = Field(
        default=120.0, ge=0, description="how far the clock of Paperless may be behind ours, in seconds"
    )
    look_again_after_s: float = Field(
        default=2.0,
        ge=0,
        description="how long a search that found nothing waits before its second look, in seconds",
    )
    login_pause_s: float = Field(
        default=60.0,
        ge=0,
        description="how long a refused login is not tried again, in seconds: ten bad ones in five minutes lock",
    )

    def url(self, path: str) -> str:
        """The address of `path`, which begins with a slash."""
        return str(self.base_url).rstrip("/") + path

"""The shapes of Paperless's answers: strict about what is used, lenient about the rest, and what bytes are."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError

from ztoe_hub.errors import UnexpectedAnswer
from ztoe_hub.outgoing import Answer

Text = Annotated[str, Field(min_length=1)]
HeaderText = Annotated[str, Field(pattern=r"^[\x21\x23-\x7e]+$")]  # goes out inside a quoted cookie

# The OID of signed data, which stands within the first bytes of every CMS.
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")


class Shape(BaseModel):
    """One answer. Unknown fields are none of our business."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @classmethod
    def of(cls, body: Any) -> Self:
        """The body in this shape. Raises UnexpectedAnswer; the text names fields and never their values."""
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, problem["loc"])) or "the whole" for problem in error.errors())
            raise UnexpectedAnswer(f"Paperless answered out of shape: {wrong}") from None


class Authorization(Shape):
    """The answer to the first half of a login."""

    state: Literal["ok", "err"]
    code: str = ""
    desc: str = ""


class Token(Shape):
    """The answer to the second half of a login: a token or an error, both under HTTP 200."""

    access_token: HeaderText | None = None
    error: str | None = None
    error_description: str | None = None


class Resource(Shape):
    """Where a document lives: both parts are needed to download it."""

    id: StrictInt
    hash: Text


class Uploaded(Shape):
    """The answer to an upload: one resource, because one file was sent."""

    state: Literal["ok"]
    resourceDTO: Annotated[list[Resource], Field(min_length=1, max_length=1)]  # noqa: N815  their name


class Found(Resource):
    """A document as the search lists it."""

    name: str
    time: StrictInt  # of creation, epoch milliseconds

    @property
    def created_at(self) -> datetime:
        """Aware UTC."""
        return datetime.fromtimestamp(self.time / 1000, UTC)


class Findings(Shape):
    """A page of a search."""

    resourceDTO: list[Found]  # noqa: N815  their name

    @classmethod
    def of_answer(cls, answer: Answer) -> Self:
        """The older generation answers a bare list; whether api2 wraps it is not known, so both are read."""
        body = answer.json()
        return cls.of({"resourceDTO": body} if isinstance(body, list) else body)


class Document(Shape):
    """A document and its shares. `signed` is left out on purpose: it tells of the author, not of the customer."""

    id: StrictInt
    status: StrictInt = 0
    shares: dict[str, Any]

    @classmethod
    def of_answer(cls, answer: Answer) -> Self:
        """Bare, or the only one of an envelope as the upload has it."""
        body = answer.json()
        inner = body.get("resourceDTO") if isinstance(body, dict) else None
        return cls.of(inner[0] if isinstance(inner, list) and len(inner) == 1 else body)


def authorization_of(answer: Answer) -> Authorization:
    """The first half of a login, as JSON or, as one client met it, as markup around `<code>`."""
    markup = re.search(rb"<code>\s*([^<\s]+)\s*</code>", answer.content)
    if markup and answer.content.lstrip().startswith(b"<"):
        return Authorization.of({"state": "ok", "code": markup[1].decode("ascii", "replace")})
    return Authorization.of(answer.json())


def plain_bytes(content: bytes) -> bytes:
    """The document itself: some answers are base64 text of it, with or without JSON's quotes."""
    if _is_document(content):
        return content
    try:
        decoded = base64.b64decode(b"".join(content.strip(b'" \t\r\n').split()), validate=True)
    except binascii.Error:
        return content
    return decoded if _is_document(decoded) else content


def is_unsigned_pdf(content: bytes) -> bool:
    """Whether this is a PDF without any signature inside: what `withsign` may give before anybody signed."""
    return content.startswith(b"%PDF") and b"/ByteRange" not in content


def _is_document(content: bytes) -> bool:
    return content.startswith((b"%PDF", b"PK\x03\x04")) or _SIGNED_DATA in content[:32]

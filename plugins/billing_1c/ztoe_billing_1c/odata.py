"""A thin client of 1C's standard OData interface: addresses, answers and the four ways to say no.

Addresses are built by hand, because 1C takes no `+` for a space and no encoded `$`. Numbers are read from their
text into Decimal: the schema says Edm.Double, but what 1C writes is the exact amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any
from urllib.parse import quote

import msgspec

from ztoe_hub.errors import HubError, OutcomeUnknown, TransientError, UnexpectedAnswer
from ztoe_hub.outgoing import Answer, Outgoing

from .faults import BOM, NoSuchObject, error_of, fault_of
from .sessions import IBSession, SessionRefused

ROOT = "odata/standard.odata"
FORMAT = "application/json;odata=nometadata"
LARGEST_METADATA = 128 * 1024 * 1024
# A raw control character in a text makes the whole page invalid JSON; a space is valid inside and outside of texts.
_TAME = bytes.maketrans(bytes(range(32)), b" " * 32)


class _Envelope(msgspec.Struct):
    value: list[msgspec.Raw]


class _Named(msgspec.Struct):
    name: str


_envelope = msgspec.json.Decoder(_Envelope)
_named = msgspec.json.Decoder(_Named)


class ODataClient:
    """Speaks to one base. Thread-safe and keeps nothing between calls, but for `in_session`, which is one read's."""

    def __init__(
        self,
        http: Outgoing,
        base_url: str,
        login: tuple[str, str],
        *,
        sessions: bool = False,
        session: IBSession | None = None,
    ) -> None:
        self._http = http
        self._base_url = base_url
        self.root = f"{base_url}/{ROOT}/"
        self._login = login  # httpx sends UTF-8, which is what 1C wants; logins are often Cyrillic
        self._sessions = sessions
        self._session = session

    @contextmanager
    def in_session(self) -> Iterator[ODataClient]:
        """A client for one read, in a session of 1C that is finished at the end, however it ends."""
        if not self._sessions:
            yield self
            return
        session = IBSession()
        try:
            yield ODataClient(self._http, self._base_url, self._login, session=session)
        finally:
            if session.ending is not None:
                with suppress(HubError):  # it ends by itself after a while
                    self._http.request("GET", self.root, auth=self._login, headers=session.ending)

    def request(
        self,
        method: str,
        path: str,
        options: Mapping[str, str],
        *,
        asked: str,
        xml: bool = False,
        good: Sequence[int] = (200,),
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
        **call: Any,
    ) -> Answer:
        """One exchange below the root. `path` is percent-encoded by the caller; `asked` is for messages.

        What is not repeatable is sent once: without a clear answer it raises OutcomeUnknown.
        """
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
        address = f"{self.root}{path}" + (f"?{query}" if query else "")

        def judge(answer: Answer) -> None:
            if self._session is not None:
                self._session.check(answer, is_from_1c=fault_of(answer.content) is not None)
            try:
                _judge(answer, asked, good=good, xml=xml)
            except TransientError as error:
                raise error if repeatable else OutcomeUnknown(str(error)) from error

        while True:
            session = self._session.headers if self._session is not None else {}
            try:
                answer = self._http.request(
                    method,
                    address,
                    judge=judge,
                    repeatable=repeatable,
                    auth=self._login,
                    headers={**(headers or {}), **session},
                    **call,
                )
            except SessionRefused:
                continue
            if self._session is not None:
                self._session.learn(answer)
            return answer

    def values(self, path: str, options: Mapping[str, str], *, asked: str) -> list[msgspec.Raw]:
        """The objects of a collection answer, undecoded."""
        return self.sized_values(path, options, asked=asked)[0]

    def sized_values(
        self, path: str, options: Mapping[str, str], *, asked: str
    ) -> tuple[list[msgspec.Raw], int]:
        """The objects of a collection answer, undecoded, and how many bytes the answer had."""
        answer = self.request("GET", path, {**options, "$format": FORMAT}, asked=asked)
        body = answer.content.removeprefix(BOM)
        try:
            return _envelope.decode(body).value, len(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        if fault_of(body) is not None:
            raise error_of(answer, asked)
        try:
            return _envelope.decode(body.translate(_TAME)).value, len(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if "truncated" in str(error):  # the one word by which msgspec tells it from other defects
                raise TransientError(f"{asked}: the answer broke off") from error
            raise UnexpectedAnswer(f"{asked}: no collection in the answer") from error

    def one(self, path: str, *, asked: str) -> bytes | None:
        """One object as JSON, or None where 1C says that there is none."""
        try:
            return self.request("GET", path, {"$format": FORMAT}, asked=asked).content.removeprefix(BOM)
        except NoSuchObject:
            return None

    def write(self, method: str, path: str, body: bytes, *, asked: str) -> None:
        """Change something. Raises OutcomeUnknown when it may or may not have happened."""
        self.request(
            method, path, {"$format": FORMAT}, asked=asked, good=(200, 201, 204), repeatable=False,
            content=body or None, headers={"Content-Type": "application/json;charset=utf-8"},
        )  # fmt: skip

    def published(self) -> set[str]:
        """The names in the service document: what the composition of the interface holds."""
        found = self.values("", {}, asked="the service document")
        try:
            return {_named.decode(value).name for value in found}
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnexpectedAnswer("the service document is out of shape") from error

    def metadata(self) -> bytes:
        """$metadata, whole."""
        return self.request(
            "GET", "$metadata", {}, asked="$metadata", xml=True, max_bytes=LARGEST_METADATA
        ).content


def _judge(answer: Answer, asked: str, *, good: Sequence[int], xml: bool) -> None:
    body = answer.content.removeprefix(BOM).strip()
    if answer.status not in good or (body.startswith(b"<") and not xml):
        raise error_of(answer, asked)
    if xml and answer.status == 200 and body:
        if not body.startswith(b"<") or _is_page(body) or fault_of(body) is not None:
            raise error_of(answer, asked)
        if not body.endswith(b">"):
            raise TransientError(f"{asked}: the answer broke off")
    if body.startswith(b"{") and not body.endswith(b"}"):
        raise TransientError(f"{asked}: the answer broke off")


def _is_page(body: bytes) -> bool:
    """Whether it is a page for people: HTML, or XHTML, which is XML all right."""
    return b"<html" in body[:1000].lower()


def literal_of(moment: date) -> str:
    """The beginning of a day in a filter or an argument."""
    return f"datetime'{moment.isoformat()}T00:00:00'"

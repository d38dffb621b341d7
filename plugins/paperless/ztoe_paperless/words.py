"""What Paperless's words mean in ours: share states, refusals, names."""

from __future__ import annotations

from collections.abc import Mapping

from ztoe_hub.errors import (
    HubError,
    ItemRejected,
    OperatorNeeded,
    OutcomeUnknown,
    ProviderMisconfigured,
    TransientError,
    UnexpectedAnswer,
)
from ztoe_hub.outgoing import Answer, raise_for_status
from ztoe_hub.values import RecipientSnapshot, RecipientState

LONGEST_NAME = 100  # Paperless cuts longer ones
LONGEST_DESCRIPTION = 200


class SessionDead(ProviderMisconfigured):
    """Paperless does not know our session; after a fresh login: it refuses this to our account."""


class AlreadyThere(ItemRejected):
    """Paperless says that it has this file: perhaps from an earlier try of ours."""


class Gone(ItemRejected):
    """Paperless has no such document."""


# Their word -> ours. An unlisted word becomes UNKNOWN with the raw value kept.
_AT_HAND = {
    0: RecipientState.SENT,  # to an address that Paperless does not know yet
    1: RecipientState.SENT,
    2: RecipientState.VIEWED,
    3: RecipientState.SIGNED,
}
# Ten more says that the recipient moved it to their trash: what they had done before stays done.
_IN_TRASH = {word + 10: state for word, state in _AT_HAND.items()}
SHARE_STATES = {**_AT_HAND, **_IN_TRASH, 100: RecipientState.REVOKED}

DELETED_DOCUMENT = 20  # a document's own status from here on; below it is in the author's view or trash

# HTTP status, or the `code` of `state: err`, -> error. Unlisted statuses are read by `raise_for_status`.
REFUSALS: Mapping[int, tuple[type[HubError], str]] = {
    401: (SessionDead, "the session is not accepted"),
    402: (ProviderMisconfigured, "the account is blocked until it is paid for"),
    403: (SessionDead, "no session, or no access"),
    404: (Gone, "no such document"),
    409: (AlreadyThere, "this file is there already"),
    410: (Gone, "the document was deleted"),
    413: (ItemRejected, "the document is too large"),
    415: (ItemRejected, "only PDF is accepted"),
    423: (SessionDead, "the session is unknown"),
    429: (TransientError, "too many requests"),
}


def share_state(word: object) -> RecipientSnapshot:
    """One recipient's state, from the number that Paperless keeps for them."""
    number = word if isinstance(word, int) and not isinstance(word, bool) else None
    state = RecipientState.UNKNOWN if number is None else SHARE_STATES.get(number, RecipientState.UNKNOWN)
    return RecipientSnapshot(state=state, raw=str(word))


def remote_name(file_name: str) -> str:
    """The name a file gets there: at most 100 characters, the extension kept."""
    stem, dot, extension = file_name.rpartition(".")
    tail = f"{dot}{extension}" if stem else ""
    return file_name if len(file_name) <= LONGEST_NAME else file_name[: LONGEST_NAME - len(tail)] + tail


def names_of(name: str) -> frozenset[str]:
    """How Paperless may list a file of this name: examples show names with and without the extension."""
    return frozenset({name, name.removesuffix(".pdf")})


def judge(answer: Answer, *, repeatable: bool) -> None:
    """Raise what a refusal means; HTTP 200 is one too when its body says so."""
    status = answer.status
    if status >= 500 and not repeatable:
        raise OutcomeUnknown(f"Paperless failed midway (HTTP {status})")
    if status in REFUSALS:
        raise _refusal(status, f"HTTP {status}", answer.retry_after_s)
    raise_for_status(answer, repeatable=repeatable)
    _judge_body(answer)


def judge_login(answer: Answer) -> None:
    """Raise what a refused login means: no document is at fault."""
    status = answer.status
    if 400 <= status < 500 and status not in (408, 425, 429):
        raise ProviderMisconfigured(f"Paperless refuses the login (HTTP {status})")
    raise_for_status(answer)


def _judge_body(answer: Answer) -> None:
    start = answer.content[:64].lstrip()
    if answer.media_type == "text/html" or start.startswith(b"<"):
        raise UnexpectedAnswer("Paperless answered with a page instead of data")
    if not start.startswith(b"{"):
        return
    body = answer.json()
    if body.get("error"):
        raise SessionDead(f"Paperless refuses the session: {_short(body['error'])}")
    if body.get("state") == "err":
        raise _refusal_in_words(body, answer.retry_after_s)


def _refusal_in_words(body: Mapping[str, object], retry_after_s: float | None) -> HubError:
    """The error for `state: err`; a code that is not listed is a person's matter, not the document's fault."""
    code, text = str(body.get("code", "")), _short(body.get("desc", ""))
    if code.isdecimal() and int(code) in REFUSALS:
        return _refusal(int(code), f"code {code}: {text}", retry_after_s)
    return OperatorNeeded(f"Paperless refuses (code {_short(code)}): {text}")


def _refusal(code: int, detail: str, retry_after_s: float | None) -> HubError:
    kind, meaning = REFUSALS[code]
    message = f"Paperless: {meaning} ({detail})"
    if issubclass(kind, TransientError):
        return kind(message, retry_after_s=retry_after_s)
    return kind(message)


def _short(text: object) -> str:
    return str(text)[:LONGEST_DESCRIPTION]

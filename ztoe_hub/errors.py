"""What can go wrong, named by what the hub does next.

    HubError
    ├── TransientError               the same call may succeed later: retry
    ├── ItemRejected                 this item is at fault: fail it, tell whoever owns it
    ├── OperatorNeeded               no item is at fault: keep all of them, tell the operator
    │   ├── ProviderMisconfigured    credentials, tariff, permissions
    │   └── UnexpectedAnswer         the provider broke its contract (HTML with 200, unknown shape)
    ├── OutcomeUnknown               the call may have worked: look it up before trying again
    ├── UserError                    the person at the keyboard can mend it; the message is for them
    │   ├── NotFound                 no such thing, or not theirs: the same answer for both
    │   ├── InvalidInput             a field is wrong; says which
    │   ├── WrongMoment              not possible in the present state
    │   └── TooManyAttempts          wait, then try again
    └── ConfigurationError           start-up stops; names file, key and remedy

Texts of UserError are Ukrainian and go through gettext before they reach a page.
"""

from __future__ import annotations


def msg(text: str) -> str:
    """Mark a text for translation where it is written; it is translated where it is shown."""
    return text


class HubError(Exception):
    """Anything that this hub raises on purpose."""


class TransientError(HubError):
    """The same call may succeed later.

    `retry_after_s` is the provider's own hint in seconds, when it gave one.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ItemRejected(HubError):
    """The provider refuses this very item and will refuse it again."""


class OperatorNeeded(HubError):
    """Nothing is wrong with the item; a person has to mend something first."""


class ProviderMisconfigured(OperatorNeeded):
    """Credentials, tariff or permissions at the provider."""


class UnexpectedAnswer(OperatorNeeded):
    """The provider answered outside its contract."""


class OutcomeUnknown(HubError):
    """The call may have had its effect: look before trying again."""


class UserError(HubError):
    """A person can mend it. `message` is a gettext msgid, `values` fill its named placeholders."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


class NotFound(UserError):
    """No such thing, or it belongs to somebody else: nobody learns which."""


class InvalidInput(UserError):
    """What was entered cannot be accepted; `problems` maps a field's name to a msgid."""

    def __init__(self, problems: dict[str, str], **values: object) -> None:
        super().__init__(msg("Перевірте введені дані."), **values)
        self.problems = problems


class WrongMoment(UserError):
    """The thing is not in a state in which this can be done, or somebody was faster."""


class TooManyAttempts(UserError):
    """Attempts are limited; `retry_after_s` says when the next one counts."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message, seconds=retry_after_s)
        self.retry_after_s = retry_after_s


class ConfigurationError(HubError):
    """Start-up cannot go on: the text names the place, what is wrong and the remedy."""

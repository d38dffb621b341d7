"""The notification channel that speaks SMTP: a connection a notice, nothing kept between them."""

from __future__ import annotations

import ssl

from ztoe_hub import AdapterContext
from ztoe_hub.errors import ConfigurationError, HubError
from ztoe_hub.values import ChannelCapabilities, DeliveryReceipt, Health, Notice

from .message import compose
from .session import deliver, session
from .settings import EmailSettings


class EmailChannel:
    """Sends each notice to its one recipient as an e-mail."""

    capabilities = ChannelCapabilities(address_kind="email", html=True)

    def __init__(self, settings: EmailSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._tls = _tls_of(settings, context.name)

    def check(self) -> Health:
        """Connect, log in and say NOOP."""
        try:
            with session(self._settings, self._tls) as server:
                code, _ = server.noop()
        except HubError as error:
            return Health(ok=False, detail=str(error))
        return Health(ok=code == 250, detail=f"connected, NOOP answered {code}")

    def send(self, notice: Notice) -> DeliveryReceipt:
        """Hand the notice to the mail server; the receipt's reference is the Message-ID.

        The server's word is not the recipient's: a bounce that comes later goes to the sender's mailbox.
        """
        email = compose(notice, self._settings)
        with session(self._settings, self._tls) as server:
            answer = deliver(server, email, self._settings.sender)
        return DeliveryReceipt(reference=email.message_id, detail=answer)


def _tls_of(settings: EmailSettings, instance: str) -> ssl.SSLContext:
    """A context that always verifies, against `ca_bundle` when there is one."""
    try:
        return ssl.create_default_context(cafile=settings.ca_bundle)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"[notifications.{instance}] ca_bundle: {settings.ca_bundle} cannot be read as PEM certificates"
        ) from error

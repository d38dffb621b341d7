"""The listener that posts each event, signed as https://www.standardwebhooks.com prescribes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime

from ztoe_hub import AdapterContext, hookimpl
from ztoe_hub.errors import ItemRejected, ProviderMisconfigured, TransientError
from ztoe_hub.outgoing import Answer
from ztoe_hub.values import DocumentCompleted, OrderStatusChanged

from .settings import Event, WebhookSettings, secret_bytes

Json = dict[str, object]

GONE = 410  # Standard Webhooks: the receiver wants no more of these
FOR_NOW = frozenset({408, 425, 429})


class WebhookListener:
    """Tells one receiver of events. Every repeat of an event carries the same `webhook-id`."""

    def __init__(self, settings: WebhookSettings, context: AdapterContext) -> None:
        self._url = settings.url
        self._key = secret_bytes(settings.secret)
        self._events = settings.events
        self._http = context.http
        self._clock = context.clock

    @hookimpl
    def order_status_changed(self, event: OrderStatusChanged) -> None:
        """Post `order.status_changed`."""
        data: Json = {
            "order_id": event.order_id,
            "consumer_code": event.consumer_code,
            "service_code": event.service_code,
            "old_state": event.old_state,
            "new_state": event.new_state,
        }
        self._post(Event.ORDER_STATUS_CHANGED, event.event_id, event.at, data)

    @hookimpl
    def document_completed(self, event: DocumentCompleted) -> None:
        """Post `document.completed`."""
        data: Json = {
            "document_id": event.document_id,
            "origin": event.origin,
            "subject_id": event.subject_id,
            "signed_sha256": event.signed_sha256,
            "signer_tax_codes": list(event.signer_tax_codes),
        }
        self._post(Event.DOCUMENT_COMPLETED, event.event_id, event.at, data)

    def _post(self, kind: Event, event_id: str, at: datetime, data: Json) -> None:
        if kind not in self._events:
            return
        payload = {"type": kind, "timestamp": at.isoformat(), "data": data}
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        # Repeatable: the receiver knows a repeat by its webhook-id.
        self._http.request(
            "POST",
            self._url,
            repeatable=True,
            judge=judge,
            content=body,
            headers={"Content-Type": "application/json", **self._signed(event_id, body)},
        )

    def _signed(self, event_id: str, body: bytes) -> dict[str, str]:
        """The three headers. The time is that of this attempt, so that receivers may refuse what is old."""
        timestamp = str(int(self._clock().timestamp()))
        signed = b".".join((event_id.encode(), timestamp.encode(), body))
        signature = base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest()).decode()
        return {
            "webhook-id": event_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{signature}",
        }


def judge(answer: Answer) -> None:
    """Read the receiver's status: only 2xx means that it took the event over."""
    status = answer.status
    if 200 <= status < 300:
        return
    if status == GONE:
        raise ItemRejected("the receiver wants no more events (HTTP 410)")
    if status in FOR_NOW or status >= 500:
        raise TransientError(
            f"the receiver cannot take the event now (HTTP {status})", retry_after_s=answer.retry_after_s
        )
    if 300 <= status < 400:
        raise ProviderMisconfigured(f"the receiver has moved: redirects are not followed (HTTP {status})")
    raise ProviderMisconfigured(f"the receiver refuses the event (HTTP {status})")

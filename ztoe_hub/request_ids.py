"""The id that follows one act through logs, audit, work and calls to providers."""

from __future__ import annotations

import contextvars

#: Set by the cabinet and the workers; goes out as X-Request-Id.
request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)

"""Codes and tokens of the service's OAuth, and the cookie that carries a token."""

import hashlib
import hmac
import re
import secrets
import threading
import time

from ztoe_sandbox.paperless.accounts import CLIENT_ID, CLIENT_SECRET
from ztoe_sandbox.paperless.store import Store

CODE_LIFETIME_S = 60
# The quotes belong to the value; without them the service does not see a session.
_COOKIE = re.compile(r'(?:^|;)\s*sessionId="Bearer ([^\s",]+), Id ([^\s",]+)"\s*(?:;|$)')


class Sessions:
    """Issues single-use codes and tokens with a lifetime; tokens survive a restart with the store."""

    def __init__(self, store: Store, lifetime_s: float) -> None:
        self._store = store
        self._lifetime_s = lifetime_s
        self._codes: dict[str, float] = {}
        self._lock = threading.Lock()

    def new_code(self) -> str:
        """A code that buys one token within a minute."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = time.time() + CODE_LIFETIME_S
        return code

    def spend_code(self, code: str, client_secret: str) -> str | None:
        """A token, when the code is fresh and the secret is its proof. A code is spent by any try."""
        with self._lock:
            until = self._codes.pop(code, 0.0)
        proof = hashlib.sha512((CLIENT_ID + CLIENT_SECRET + code).encode()).hexdigest()
        if time.time() > until or not hmac.compare_digest(proof.encode(), client_secret.encode()):
            return None
        token = secrets.token_urlsafe(32)
        self._store.run(
            "INSERT INTO token VALUES (?, ?, ?)", token, CLIENT_ID, time.time() + self._lifetime_s
        )
        return token

    def is_alive(self, cookie_header: str) -> bool:
        """True when the Cookie header names a token that was issued to that client and has not expired."""
        written = _COOKIE.search(cookie_header)
        if written is None:
            return False
        sql = "SELECT 1 FROM token WHERE token = ? AND client_id = ? AND until > ?"
        return bool(self._store.rows(sql, written[1], written[2], time.time()))

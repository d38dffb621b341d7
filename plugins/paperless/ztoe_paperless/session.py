"""The session of one Paperless account: logs in, renews once, and is the one door for calls and their failures."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ztoe_hub.errors import OutcomeUnknown, ProviderMisconfigured, TransientError, UnexpectedAnswer
from ztoe_hub.outgoing import Answer, Outgoing

from .answers import Token, authorization_of
from .settings import PaperlessSettings
from .words import SessionDead, judge, judge_login

AUTHORIZE = "/PplsService/oauth/authorize"
TOKEN = "/PplsService/oauth/token"  # noqa: S105  a path


class PaperlessSession:
    """Thread-safe. The token is the only thing it keeps, beside the memory of a refused login."""

    def __init__(self, settings: PaperlessSettings, http: Outgoing, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._token: str | None = None
        self._refused: tuple[datetime, str] | None = None

    def call(self, method: str, path: str, *, repeatable: bool | None = None, **call: Any) -> Answer:
        """One exchange inside the session; every failure leaves here as one of ztoe_hub.errors.

        A session that turns out to be dead is renewed once; SessionDead after that means no permission.
        """
        safe = method != "POST" if repeatable is None else repeatable
        token = self._token_other_than(None)
        try:
            return self._exchange(token, method, path, safe, call)
        except SessionDead:
            return self._exchange(self._token_other_than(token), method, path, safe, call)

    def _exchange(self, token: str, method: str, path: str, safe: bool, call: Mapping[str, Any]) -> Answer:
        # Their form of a cookie: with the quotes, and with the client beside the token.
        cookie = f'sessionId="Bearer {token}, Id {self._settings.client_id}"'
        return self._http.request(
            method,
            self._settings.url(path),
            judge=partial(judge, repeatable=safe),
            repeatable=safe,
            headers={"Cookie": cookie, **self._common_headers()},
            **call,
        )

    def _token_other_than(self, dead: str | None) -> str:
        """The current token, or a new one; of several threads with the same dead one, the first logs in for all."""
        with self._lock:
            if self._token is None or self._token == dead:
                self._token = None
                self._token = self._log_in_unless_refused()
            return self._token

    def _log_in_unless_refused(self) -> str:
        """A new token; a refused login is remembered for a while, because repeating it locks the account."""
        now = self._clock()
        if self._refused and now < self._refused[0]:
            raise ProviderMisconfigured(self._refused[1])
        try:
            token = self._log_in()
        except ProviderMisconfigured as error:
            self._refused = (now + timedelta(seconds=self._settings.login_pause_s), str(error))
            raise
        self._refused = None
        return token

    def _log_in(self) -> str:
        code = self._authorize()
        secret = self._settings.client_secret.get_secret_value()
        proof = hashlib.sha512(f"{self._settings.client_id}{secret}{code}".encode()).hexdigest()
        try:
            # The code works once, so a lost answer is not asked for again: the next login takes a new code.
            answer = self._post_form(
                TOKEN, repeatable=False, grant_type="authorization_code", code=code, client_secret=proof
            )
        except OutcomeUnknown as error:
            raise TransientError("the answer to the login was lost") from error
        token = Token.of(answer.json())
        if token.error is not None:
            raise ProviderMisconfigured(f"Paperless refuses the login: {token.error}")
        if token.access_token is None:
            raise UnexpectedAnswer("Paperless answered the login without a token")
        return token.access_token

    def _authorize(self) -> str:
        answer = self._post_form(AUTHORIZE, repeatable=True, response_type="code", agentCheck="true")
        authorization = authorization_of(answer)
        if authorization.state == "err":
            raise ProviderMisconfigured(f"Paperless refuses the client: {authorization.desc[:200]}")
        if not authorization.code:
            raise UnexpectedAnswer("Paperless authorized the login without a code")
        return authorization.code

    def _post_form(self, path: str, *, repeatable: bool, **fields: str) -> Answer:
        return self._http.request(
            "POST",
            self._settings.url(path),
            judge=judge_login,
            repeatable=repeatable,
            headers=self._common_headers(),
            data={"client_id": self._settings.client_id, **fields},
        )

    def _common_headers(self) -> dict[str, str]:
        return {"Accept": "application/json", "User-Agent": self._settings.user_agent}

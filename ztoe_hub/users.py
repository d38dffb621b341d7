"""Who can log in: users, their passwords, and how many wrong ones are borne."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlmodel import Session, col, select

from .errors import InvalidInput, NotFound, TooManyAttempts, UserError
from .lifecycle import audit
from .storage.database import Database
from .storage.states import Role
from .storage.tables import CabinetUser, Consumer, FailedLogin, WebSession
from .texts import msg

# OWASP's minimum for argon2id; the library's default needs 270 ms and 64 MiB, which makes logging in an attack.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
NOBODY = HASHER.hash("an unknown login costs as much as a known one")
WINDOW = timedelta(minutes=15)
ADDRESS_FACTOR = 10  # one address may stand for a whole office
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 256


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who is logged in or could be."""

    id: int
    login: str
    email: str
    role: Role
    language: str
    consumer_id: int | None
    blocked: bool


class Users:
    """Creates users and lets them in."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime], attempts: int) -> None:
        self._database = database
        self._clock = clock
        self._attempts = attempts

    def create(
        self,
        *,
        login: str,
        email: str,
        role: Role,
        password: str | None,
        tax_code: str | None = None,
        actor: str,
    ) -> User:
        """Add a user; a consumer's is bound to the imported consumer with this tax code or user code.

        Raises InvalidInput when the login is taken, the e-mail is none, the password too short, or no
        consumer has the code.
        """
        problems = _problems_of(login, email, password)
        with self._database.write() as session:
            if session.exec(select(CabinetUser.id).where(CabinetUser.login == login)).first() is not None:
                problems["login"] = msg("Такий користувач уже є.")
            consumer_id = _consumer_of(session, tax_code, login) if role is Role.CONSUMER else None
            if role is Role.CONSUMER and consumer_id is None:
                problems["tax_code"] = msg("Немає споживача з таким кодом. Спочатку імпортуйте дані.")
            if problems:
                raise InvalidInput(problems)
            row = CabinetUser(
                login=login,
                email=email,
                role=role,
                password_hash=HASHER.hash(password) if password else None,
                consumer_id=consumer_id,
                created_at=self._clock(),
            )
            session.add(row)
            session.flush()
            audit(
                session,
                now=self._clock(),
                actor=actor,
                action="user.create",
                subject=f"user:{row.id}",
                role=role,
            )
            return _view(row)

    def authenticate(self, login: str, password: str, *, ip: str) -> User:
        """The user, when the password is theirs and they are not blocked.

        Raises UserError with one text for every reason, or TooManyAttempts. Takes as long for an unknown
        login as for a known one.
        """
        now = self._clock()
        login = login.replace("\x00", "\ufffd")  # PostgreSQL keeps no NUL; nobody is called so either way
        subjects = {_subject(login): self._attempts, f"ip:{ip}": self._attempts * ADDRESS_FACTOR}
        with self._database.read() as session:
            _refuse_too_many(session, subjects, now)
            row = session.exec(select(CabinetUser).where(CabinetUser.login == login)).one_or_none()
        known = row.password_hash if row and row.password_hash and not row.blocked_at else None
        if not _matches(known or NOBODY, password) or known is None or row is None:
            self._remember_failure(subjects, row, ip)
            raise UserError(
                "Користувача з таким паролем не знайдено. Перевірте, чи правильно введено обидва поля."
            )
        with self._database.write() as session:
            session.connection().execute(
                sa.delete(FailedLogin).where(col(FailedLogin.subject) == _subject(login))
            )
            if HASHER.check_needs_rehash(known):
                session.connection().execute(
                    sa.update(CabinetUser)
                    .where(col(CabinetUser.id) == row.id)
                    .values(password_hash=HASHER.hash(password))
                )
            audit(
                session, now=now, actor=f"user:{row.id}", action="user.login", subject=f"user:{row.id}", ip=ip
            )
        return _view(row)

    def set_password(self, login: str, password: str, *, actor: str) -> None:
        """Replace the password and end the user's sessions. Raises NotFound or InvalidInput."""
        problems = _problems_of(login, "somebody@example.com", password)
        if problems:
            raise InvalidInput(problems)
        with self._database.write() as session:
            row = _by_login(session, login)
            row.password_hash = HASHER.hash(password)
            session.add(row)
            _end_sessions(session, row)
            audit(session, now=self._clock(), actor=actor, action="user.password", subject=f"user:{row.id}")

    def block(self, login: str, *, blocked: bool, actor: str) -> None:
        """Keep a user out, or let them in again. Their sessions end at once, and for good."""
        with self._database.write() as session:
            row = _by_login(session, login)
            row.blocked_at = self._clock() if blocked else None
            session.add(row)
            _end_sessions(session, row)
            action = "user.block" if blocked else "user.unblock"
            audit(session, now=self._clock(), actor=actor, action=action, subject=f"user:{row.id}")

    def all(self) -> Sequence[User]:
        """Every user, by login."""
        with self._database.read() as session:
            return [_view(row) for row in session.exec(select(CabinetUser).order_by(CabinetUser.login))]

    def forget_old_failures(self) -> None:
        """Delete failed attempts that no longer count."""
        with self._database.write() as session:
            session.connection().execute(
                sa.delete(FailedLogin).where(col(FailedLogin.at) < self._clock() - WINDOW)
            )

    def _remember_failure(self, subjects: dict[str, int], row: CabinetUser | None, ip: str) -> None:
        """Count it. What was typed is not kept when it is nobody's login: it may be a password."""
        now = self._clock()
        with self._database.write() as session:
            session.add_all(FailedLogin(subject=subject, at=now) for subject in subjects)
            audit(
                session,
                now=now,
                actor="nobody",
                action="user.login_failed",
                subject=f"user:{row.id}" if row else "user:unknown",
                ip=ip,
            )


def _subject(login: str) -> str:
    """By what failures of a login are counted: a hash, for what was typed may be a password."""
    return f"login:{hashlib.sha256(login.encode(errors='replace')).hexdigest()[:32]}"


def user_by_id(session: Session, user_id: int) -> User | None:
    """The user, if there is one."""
    row = session.get(CabinetUser, user_id)
    return None if row is None else _view(row)


def _refuse_too_many(session: Session, subjects: dict[str, int], now: datetime) -> None:
    for subject, most in subjects.items():
        recent = list(
            session.exec(
                select(FailedLogin.at)
                .where(FailedLogin.subject == subject, FailedLogin.at > now - WINDOW)
                .order_by(col(FailedLogin.at))
            )
        )
        if len(recent) >= most:
            wait = recent[-most] + WINDOW - now
            raise TooManyAttempts(
                "Забагато невдалих спроб. Спробуйте за {seconds} с.",
                retry_after_s=max(1, math.ceil(wait.total_seconds())),
            )


def _matches(password_hash: str, password: str) -> bool:
    try:
        matches = HASHER.verify(password_hash, password[:LONGEST_PASSWORD])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return matches and len(password) <= LONGEST_PASSWORD


def _problems_of(login: str, email: str, password: str | None) -> dict[str, str]:
    problems = {}
    if not login or len(login) > 64 or not login.isprintable():
        problems["login"] = msg("Введіть ім'я користувача (до 64 знаків).")
    if email.count("@") != 1 or not email.isprintable() or " " in email or len(email) > 254:
        problems["email"] = msg("Введіть адресу електронної пошти, наприклад name@example.com.")
    if password is not None and not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        problems["password"] = msg("Пароль має містити від 8 до 256 знаків.")
    return problems


def _consumer_of(session: Session, tax_code: str | None, login: str) -> int | None:
    wanted = col(Consumer.tax_code) == tax_code if tax_code else col(Consumer.user_code) == login
    found = session.exec(
        select(Consumer.id).where(wanted, col(Consumer.vanished_at).is_(None)).order_by(col(Consumer.id))
    )
    return found.first()


def _by_login(session: Session, login: str) -> CabinetUser:
    row = session.exec(select(CabinetUser).where(CabinetUser.login == login)).one_or_none()
    if row is None:
        raise NotFound("Такого користувача немає.")
    return row


def _end_sessions(session: Session, row: CabinetUser) -> None:
    session.connection().execute(sa.delete(WebSession).where(col(WebSession.user_id) == row.id))


def _view(row: CabinetUser) -> User:
    return User(
        id=row.id or 0,
        login=row.login,
        email=row.email,
        role=row.role,
        language=row.language,
        consumer_id=row.consumer_id,
        blocked=row.blocked_at is not None,
    )

"""Who may log in, how often a wrong password is borne, and how long a session lasts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from ztoe_hub.errors import InvalidInput, NotFound, TooManyAttempts, UserError
from ztoe_hub.storage.states import Role
from ztoe_hub.storage.tables import AuditLine, CabinetUser, FailedLogin, WebSession
from ztoe_hub.testing.records import FOREIGN, POLISSIA
from ztoe_hub.testing.samples import CUSTOMER
from ztoe_hub.testing.situations import PASSWORD, Situation
from ztoe_hub.users import LONGEST_PASSWORD, Users

IP, WRONG = "192.0.2.1", "wrong"


def wrong(situation: Situation, login: str = POLISSIA, ip: str = IP, password: str = WRONG) -> UserError:
    with pytest.raises(UserError) as caught:
        situation.hub.users.authenticate(login, password, ip=ip)
    return caught.value


def test_the_right_password_lets_in(situation: Situation) -> None:
    user = situation.hub.users.authenticate(POLISSIA, PASSWORD, ip=IP)
    assert (user, user.email, user.role) == (situation.user, CUSTOMER, Role.CONSUMER)


def test_an_unknown_login_and_a_wrong_password_hear_the_same(situation: Situation) -> None:
    situation.add_user("staff", "staff@example.com", Role.OPERATOR)
    situation.hub.users.block("staff", blocked=True, actor="test")
    answers = {
        str(wrong(situation)),
        str(wrong(situation, "nobody")),
        str(wrong(situation, "staff", password=PASSWORD)),
    }
    assert len(answers) == 1


@pytest.mark.parametrize("login", ["", "x" * 10_000, "nobody\x00", "' OR 1=1 --", f" {POLISSIA}"])
def test_a_strange_login_is_an_unknown_one(situation: Situation, login: str) -> None:
    assert type(wrong(situation, login)) is UserError


def test_a_user_without_a_password_cannot_log_in(situation: Situation) -> None:
    situation.hub.users.create(
        login="invited", email="a@b.example", role=Role.OPERATOR, password=None, actor="test"
    )
    assert type(wrong(situation, "invited", password="")) is UserError


def test_wrong_passwords_are_counted_by_all_processes_together(situation: Situation) -> None:
    other = Users(situation.hub.database, clock=situation.clock, attempts=10)
    for number in range(10):
        users = (situation.hub.users, other)[number % 2]
        with pytest.raises(UserError) as caught:
            users.authenticate(POLISSIA, "wrong", ip=f"192.0.2.{number}")
        assert not isinstance(caught.value, TooManyAttempts)
    with pytest.raises(TooManyAttempts):
        other.authenticate(POLISSIA, PASSWORD, ip="192.0.2.99")


def test_attempts_are_forgotten_when_the_window_has_passed(situation: Situation) -> None:
    for _ in range(10):
        wrong(situation)
        situation.clock.advance(seconds=1.5)
    refused = wrong(situation, password=PASSWORD)
    assert isinstance(refused, TooManyAttempts)
    assert refused.values == {"seconds": refused.retry_after_s}
    situation.clock.advance(seconds=refused.retry_after_s - 1)
    assert isinstance(wrong(situation, password=PASSWORD), TooManyAttempts)
    situation.clock.advance(seconds=1)
    situation.hub.users.authenticate(POLISSIA, PASSWORD, ip=IP)


def test_being_refused_does_not_make_the_wait_longer(situation: Situation) -> None:
    for _ in range(10):
        wrong(situation)
    situation.clock.advance(minutes=14)
    for _ in range(20):
        assert isinstance(wrong(situation), TooManyAttempts)
    situation.clock.advance(minutes=1)
    situation.hub.users.authenticate(POLISSIA, PASSWORD, ip=IP)


def test_a_success_forgets_the_logins_failures(situation: Situation) -> None:
    for _ in range(3):
        for _ in range(9):
            wrong(situation)
        situation.hub.users.authenticate(POLISSIA, PASSWORD, ip=IP)


def test_an_address_may_not_try_one_login_after_another(situation: Situation) -> None:
    users = Users(situation.hub.database, clock=situation.clock, attempts=1)
    for number in range(10):
        with pytest.raises(UserError, match="не знайдено"):
            users.authenticate(f"login-{number}", "wrong", ip=IP)
    with pytest.raises(TooManyAttempts):
        users.authenticate(POLISSIA, PASSWORD, ip=IP)
    users.authenticate(POLISSIA, PASSWORD, ip="192.0.2.2")


def test_old_failures_are_deleted_and_young_ones_kept(situation: Situation) -> None:
    wrong(situation)
    situation.clock.advance(minutes=10)
    wrong(situation)
    situation.clock.advance(minutes=10)
    situation.hub.users.forget_old_failures()
    with situation.hub.database.read() as session:
        assert len(session.exec(select(FailedLogin)).all()) == 2  # the young one's login and address


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"login": ""}, "login"),
        ({"login": "x" * 65}, "login"),
        ({"login": "a\nb"}, "login"),
        ({"login": POLISSIA}, "login"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"email": "a@b\nBcc: x@y"}, "email"),
        ({"email": "a b@c"}, "email"),
        ({"password": "1234567"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"role": Role.CONSUMER}, "tax_code"),
        ({"role": Role.CONSUMER, "tax_code": "00000000"}, "tax_code"),
    ],
)
def test_a_user_that_cannot_be_is_refused_by_field(
    situation: Situation, change: dict[str, object], field: str
) -> None:
    facts = {
        "login": "new",
        "email": "new@example.com",
        "role": Role.OPERATOR,
        "password": PASSWORD,
        "actor": "test",
    }
    with pytest.raises(InvalidInput) as caught:
        situation.hub.users.create(**{**facts, **change})  # type: ignore[arg-type]  # the cases name the fields
    assert set(caught.value.problems) == {field}


def test_a_consumer_is_bound_by_user_code_or_by_tax_code(situation: Situation) -> None:
    by_code = situation.add_user(FOREIGN, "foreign@example.com")
    by_tax = situation.hub.users.create(
        login="accountant",
        email="a@b.example",
        role=Role.CONSUMER,
        password=None,
        tax_code="12500021",
        actor="t",
    )
    assert by_code.consumer_id == by_tax.consumer_id != situation.user.consumer_id
    assert [user.login for user in situation.hub.users.all()] == [POLISSIA, FOREIGN, "accountant"]


def test_a_password_is_kept_as_argon2id_and_is_nowhere_in_the_audit(situation: Situation) -> None:
    wrong(situation, password="a wrong one")
    with situation.hub.database.read() as session:
        row = session.exec(select(CabinetUser).where(CabinetUser.login == POLISSIA)).one()
        audit = [f"{line.actor} {line.action} {line.after}" for line in session.exec(select(AuditLine))]
    assert str(row.password_hash).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert any("user.login_failed" in line for line in audit)
    assert not [line for line in audit if PASSWORD in line or "a wrong one" in line]


@pytest.mark.parametrize("password", ["пароль з пробілами ", "x" * LONGEST_PASSWORD, "🔑" * 8])
def test_any_long_enough_password_works_as_it_is(situation: Situation, password: str) -> None:
    situation.hub.users.set_password(POLISSIA, password, actor="test")
    situation.hub.users.authenticate(POLISSIA, password, ip=IP)
    wrong(situation, password=password + "x")
    wrong(situation, password=password[:-1])
    wrong(situation, password=PASSWORD)


def test_a_password_of_nobody_cannot_be_set(situation: Situation) -> None:
    with pytest.raises(NotFound):
        situation.hub.users.set_password("nobody", PASSWORD, actor="test")
    with pytest.raises(NotFound):
        situation.hub.users.block("nobody", blocked=True, actor="test")


# --- sessions --------------------------------------------------------------------------------


def log_in(situation: Situation, *, remember: bool = False) -> str:
    return situation.hub.sessions.start(situation.user, remember=remember, ip=IP, user_agent="test")


def is_in(situation: Situation, token: str) -> bool:
    return situation.hub.sessions.find(token) is not None


def test_a_session_knows_its_user_and_the_account_they_chose(situation: Situation) -> None:
    token = log_in(situation)
    found = situation.hub.sessions.find(token)
    assert found is not None
    assert (found.user, found.account_id, found.remember) == (situation.user, None, False)
    situation.hub.sessions.choose_account(token, situation.user, situation.account_id)
    found = situation.hub.sessions.find(token)
    assert found is not None
    assert found.account_id == situation.account_id


def test_the_table_holds_no_token(situation: Situation) -> None:
    token = log_in(situation)
    with situation.hub.database.read() as session:
        [row] = session.exec(select(WebSession))
    assert token not in repr(row)
    assert not is_in(situation, row.id_hash)
    assert len({log_in(situation) for _ in range(20)}) == 20


@pytest.mark.parametrize("token", ["", "x", "\x00", "ї" * 100])
def test_another_token_opens_nothing(situation: Situation, token: str) -> None:
    log_in(situation)
    assert not is_in(situation, token)


def test_an_idle_session_ends_and_a_used_one_goes_on(situation: Situation) -> None:
    token = log_in(situation)
    for _ in range(3):
        situation.clock.advance(minutes=59)
        assert is_in(situation, token)
    situation.clock.advance(minutes=60)
    assert not is_in(situation, token)
    assert not is_in(situation, token)


def test_a_session_ends_after_its_day_however_busy(situation: Situation) -> None:
    token = log_in(situation)
    for _ in range(23):
        situation.clock.advance(minutes=30)
        assert is_in(situation, token)
    situation.clock.advance(minutes=30)
    assert not is_in(situation, token)


def test_a_remembered_session_may_be_idle_but_ends_too(situation: Situation) -> None:
    token = log_in(situation, remember=True)
    situation.clock.advance(days=29)
    assert is_in(situation, token)
    situation.clock.advance(days=1)
    assert not is_in(situation, token)


def test_looking_at_a_page_writes_at_most_once_a_minute(situation: Situation) -> None:
    token = log_in(situation)
    started = situation.clock()
    situation.clock.advance(seconds=59)
    is_in(situation, token)
    assert _seen(situation) == started
    situation.clock.advance(seconds=1)
    is_in(situation, token)
    assert _seen(situation) == started + timedelta(minutes=1)


def test_logging_out_ends_this_session_alone(situation: Situation) -> None:
    token, other = log_in(situation), log_in(situation)
    situation.hub.sessions.end(token)
    assert (is_in(situation, token), is_in(situation, other)) == (False, True)


def test_blocking_a_user_ends_their_sessions_for_good(situation: Situation) -> None:
    token = log_in(situation, remember=True)
    situation.hub.users.block(POLISSIA, blocked=True, actor="test")
    assert not is_in(situation, token)
    situation.hub.users.block(POLISSIA, blocked=False, actor="test")
    assert not is_in(situation, token)
    assert is_in(situation, log_in(situation))


def test_a_new_password_ends_the_sessions_of_the_old_one(situation: Situation) -> None:
    token = log_in(situation, remember=True)
    situation.hub.users.set_password(POLISSIA, "another password", actor="test")
    assert not is_in(situation, token)


def test_a_foreign_account_cannot_be_chosen(situation: Situation) -> None:
    foreign = situation.add_user(FOREIGN, "foreign@example.com")
    theirs = situation.hub.accounts.of(foreign)[0].id
    token = log_in(situation)
    with pytest.raises(NotFound):
        situation.hub.sessions.choose_account(token, situation.user, theirs)


def test_expired_sessions_are_deleted_by_the_hourly_tidying(situation: Situation) -> None:
    log_in(situation)
    situation.clock.advance(hours=12)
    log_in(situation)
    situation.hub.schedule()
    situation.hub.engine.drain()
    with situation.hub.database.read() as session:
        assert len(session.exec(select(WebSession)).all()) == 1


def _seen(situation: Situation) -> object:
    with situation.hub.database.read() as session:
        return _only(session).seen_at


def _only(session: Session) -> WebSession:
    return session.exec(select(WebSession)).one()

"""What went wrong, as people see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ztoe_cabinet.answers import ANSWERS
from ztoe_hub import errors

if TYPE_CHECKING:
    from webapp.tests.conftest import Browser, World

SAMPLES: list[tuple[errors.HubError, int, str]] = [
    (errors.NotFound("Такого замовлення немає."), 404, "Такого замовлення немає."),
    (errors.InvalidInput({"x": "Оберіть послугу."}), 422, "Оберіть послугу."),
    (
        errors.WrongMoment("Оплачене замовлення видалити не можна."),
        409,
        "Оплачене замовлення видалити не можна.",
    ),
    (errors.TooManyAttempts("Спробуйте за {seconds} с.", retry_after_s=7), 429, "Спробуйте за 7 с."),
    (errors.UserError("Перевірте."), 400, "Перевірте."),
    (errors.TransientError("https://secret.example timed out"), 503, "Спробуйте за кілька хвилин."),
    (errors.ProviderMisconfigured("token abc"), 503, "Спробуйте за кілька хвилин."),
    (errors.OutcomeUnknown("?"), 503, "перш ніж повторювати дію"),
    (errors.ItemRejected("no"), 422, "Запит відхилено."),
    (errors.ConfigurationError("/etc/ztoe-hub.toml"), 500, "Сталася помилка."),
    (errors.HubError("x"), 500, "Сталася помилка."),
]


@pytest.mark.parametrize(("error", "status", "text"), SAMPLES, ids=lambda each: type(each).__name__)
def test_every_error_of_the_hub_is_a_page(
    world: World,
    consumer: Browser,
    monkeypatch: pytest.MonkeyPatch,
    error: errors.HubError,
    status: int,
    text: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setitem(world.app.view_functions, "inbox.listing", fail)
    answer = consumer.get("/messages")
    assert answer.status_code == status
    assert text in answer.text
    for secret in ("secret.example", "abc", "/etc/"):
        assert secret not in answer.text
    if status == 429:
        assert answer.headers["Retry-After"] == "7"


def test_the_table_goes_from_the_special_to_the_general() -> None:
    kinds = [kind for kind, _, _ in ANSWERS]
    for place, kind in enumerate(kinds):
        assert not any(issubclass(later, kind) for later in kinds[place + 1 :]), kind


def test_a_defect_shows_an_id_and_nothing_else(
    world: World, consumer: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("a secret fact")

    monkeypatch.setitem(world.app.view_functions, "inbox.listing", fail)
    answer = consumer.get("/messages")
    assert answer.status_code == 500
    assert f"<code>{answer.headers['X-Request-Id']}</code>" in answer.text
    for secret in ("secret", "ZeroDivision", "Traceback", "File "):
        assert secret not in answer.text
    (record,) = caplog.records
    assert record.getMessage() == "unexpected error"
    assert vars(record)["request_id"] == answer.headers["X-Request-Id"]


def test_a_broken_database_still_gets_a_page(world: World, consumer: Browser) -> None:
    with world.hub.database.write() as session:
        session.connection().exec_driver_sql("alter table web_session rename to gone")
    answer = consumer.get("/accounts")
    assert answer.status_code == 500
    assert "Сталася помилка" in answer.text


def test_an_unknown_address_is_a_friendly_404_for_everybody(world: World, consumer: Browser) -> None:
    for browser in (consumer, world.visitor()):
        answer = browser.get("/nowhere/<script>alert(1)</script>")
        assert answer.status_code == 404
        assert "Сторінку не знайдено" in answer.text
        assert "<script>alert" not in answer.text


def test_a_wrong_method_says_which_are_right(consumer: Browser) -> None:
    answer = consumer.get("/logout")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_an_expired_form_says_what_to_do(world: World, consumer: Browser) -> None:
    world.app.config["WTF_CSRF_TIME_LIMIT"] = -1
    answer = consumer.post("/messages/read", all="1")
    assert answer.status_code == 400
    assert "Оновіть сторінку й надішліть форму ще раз" in answer.text


def test_a_request_beyond_all_limits_gets_a_page(world: World, consumer: Browser, order: int) -> None:
    path = f"/accounts/{world.own}/orders/{order}/files"
    answer = consumer.client.post(
        path, data=b"x" * (34 * 1024 * 1024), content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 413
    assert "не більше 16 Мб" in answer.text


def test_too_many_parts_are_refused(world: World, consumer: Browser, order: int) -> None:
    form = {f"field{number}": "x" for number in range(30)}
    answer = consumer.client.post(
        f"/accounts/{world.own}/orders/{order}/files",
        data={"csrf_token": consumer.token(), **form},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 413

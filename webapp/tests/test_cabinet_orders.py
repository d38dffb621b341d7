"""The three steps of an order, and what is refused on the way."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ztoe_cabinet.pages.orders import NEXT, PATH
from ztoe_hub.storage.states import OrderState
from ztoe_hub.testing.samples import A_PDF, a_pdf
from ztoe_hub.texts import ORDER_STATES

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from webapp.tests.conftest import Browser, World

Form = Callable[..., dict[str, str]]


def orders_of(world: World) -> str:
    return f"/accounts/{world.own}/orders"


def upload(world: World, browser: Browser, order: int, **files: tuple[str, bytes]) -> TestResponse:
    data = {role: (io.BytesIO(content), name) for role, (name, content) in files.items()}
    return browser.post(f"{orders_of(world)}/{order}/files", **data)


def kept(world: World, order: int) -> dict[str, str]:
    return {
        role: file.name
        for role, file in world.hub.orders.get(world.user, world.own, order).named_files.items()
    }


def a_docm() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"):
            archive.writestr(name, "x")
    return file.getvalue()


def test_an_order_goes_through_three_steps_to_the_signature(
    world: World, consumer: Browser, form_of: Form
) -> None:
    answer = consumer.post(f"{orders_of(world)}/new", **form_of(world))
    order = int(answer.location.split("/")[-2])
    assert answer.location == f"{orders_of(world)}/{order}/files"
    answer = upload(world, consumer, order, certificate=("c.pdf", A_PDF), extract=("виписка.pdf", A_PDF))
    assert answer.location == f"{orders_of(world)}/{order}/submit"
    check = consumer.get(answer.location).text
    for shown in (
        "Крок 3 з 3",
        "Експертиза лічильника",
        "62Z8102184873135",
        "Олена Зразкова",
        "виписка.pdf",
        "0,4\u00a0кВ",
    ):
        assert shown in check
    answer = consumer.post(f"{orders_of(world)}/{order}/submit")
    assert answer.location == f"{orders_of(world)}/{order}"
    world.hub.engine.drain()
    page = consumer.get(answer.location).text
    assert "Очікування підпису заяви" in page
    assert 'href="https://signing.example"' in page
    assert "Підписати в Paperless" in page
    assert world.signing.documents() == [f"ServicePointOrderStatement_td53_ren31_id{order}_cl125000632.pdf"]


def test_every_wrong_field_of_step_1_is_named_and_what_was_entered_stays(
    world: World, consumer: Browser, form_of: Form
) -> None:
    wrong = {"service_code": "", "voltage_class_kv": "7", "device_count": "٣", "contact_phone": "<b>"}
    answer = consumer.post(f"{orders_of(world)}/new", **form_of(world, **wrong))
    assert answer.status_code == 422
    for name in wrong:
        assert f'<a href="#{name}">' in answer.text
        assert f'id="{name}-error"' in answer.text
    assert 'value="Олена Зразкова"' in answer.text
    assert "&lt;b&gt;" in answer.text
    assert "Помилка:" in answer.text.partition("</title>")[0]
    assert world.hub.orders.years(world.user, world.own) == []


def test_a_strangers_metering_point_cannot_be_ordered_for(
    world: World, consumer: Browser, form_of: Form
) -> None:
    theirs = world.hub.accounts.metering_points(world.stranger, world.foreign)[0]
    answer = consumer.post(f"{orders_of(world)}/new", **form_of(world, metering_point_id=str(theirs.id)))
    assert answer.status_code == 422
    assert "Оберіть точку обліку." in answer.text


def test_fields_that_the_form_does_not_have_change_nothing(
    world: World, consumer: Browser, form_of: Form
) -> None:
    form = form_of(world, state="completed", user_id="2", paid_at="2024-01-01", account_id=str(world.foreign))
    answer = consumer.post(f"{orders_of(world)}/new", **form)
    order = world.hub.orders.get(world.user, world.own, int(answer.location.split("/")[-2]))
    assert order.state is OrderState.COLLECTING
    assert order.paid_at is None


def test_step_1_can_be_taken_again_with_its_values(
    world: World, consumer: Browser, order: int, form_of: Form
) -> None:
    page = consumer.get(f"{orders_of(world)}/{order}/edit").text
    assert '<option value="expertise" selected>' in page
    assert '<option value="0.4" selected>' in page
    answer = consumer.post(f"{orders_of(world)}/{order}/edit", **form_of(world, service_code="replacement"))
    assert answer.location == f"{orders_of(world)}/{order}/files"
    assert world.hub.orders.get(world.user, world.own, order).service_code == "replacement"
    answer = consumer.post(f"{orders_of(world)}/{order}/edit", **form_of(world, device_count="0"))
    assert answer.status_code == 422


REFUSED: list[Any] = [
    pytest.param("звіт.pdf", b"MZ\x90\x00 this is a program", "Дозволені файли:", id="an exe named pdf"),
    pytest.param("звіт.pdf", b"%PDF-" + b"x" * (17 * 1024 * 1024) + b"%%EOF", "не більше 16 Мб", id="17 MB"),
    pytest.param("договір.docx", a_docm(), "макроси", id="a docm named docx"),
    pytest.param("звіт.pdf", b"%PDF-1.7 cut short", "пошкоджений", id="a cut pdf"),
    pytest.param("x.pdf", b"<html><script>alert(1)</script>", "Дозволені файли:", id="html named pdf"),
    pytest.param("порожній.pdf", b"", "Файл порожній", id="empty"),
]


@pytest.mark.parametrize(("name", "content", "text"), REFUSED)
def test_a_file_that_cannot_be_accepted_is_named_and_nothing_changes(
    world: World, consumer: Browser, order: int, name: str, content: bytes, text: str
) -> None:
    before = kept(world, order)
    answer = upload(world, consumer, order, certificate=(name, content))
    assert answer.status_code == 422
    assert text in answer.text
    assert '<a href="#certificate">Свідоцтво платника податків: ' in answer.text
    assert kept(world, order) == before


def test_the_good_file_is_kept_when_the_other_is_wrong(
    world: World, consumer: Browser, form_of: Form
) -> None:
    order = int(consumer.post(f"{orders_of(world)}/new", **form_of(world)).location.split("/")[-2])
    answer = upload(world, consumer, order, certificate=("добре.pdf", A_PDF), extract=("погано.pdf", b"MZ"))
    assert answer.status_code == 422
    assert kept(world, order) == {"certificate": "добре.pdf"}
    assert "добре.pdf" in answer.text
    assert 'href="#extract"' in answer.text
    assert 'href="#certificate"' not in answer.text
    answer = upload(world, consumer, order, extract=("виписка.pdf", A_PDF))
    assert answer.location == f"{orders_of(world)}/{order}/submit"


def test_step_2_asks_for_the_file_that_is_missing(world: World, consumer: Browser, form_of: Form) -> None:
    order = int(consumer.post(f"{orders_of(world)}/new", **form_of(world)).location.split("/")[-2])
    answer = upload(world, consumer, order, certificate=("a.pdf", A_PDF))
    assert "Оберіть файл для завантаження." in answer.text
    assert 'href="#extract"' in answer.text


def test_a_file_can_be_replaced(world: World, consumer: Browser, order: int) -> None:
    upload(world, consumer, order, certificate=("новий.pdf", a_pdf("new")))
    assert kept(world, order) == {"certificate": "новий.pdf", "extract": "extract.pdf"}


def test_step_3_before_step_2_says_so_and_changes_nothing(
    world: World, consumer: Browser, form_of: Form
) -> None:
    order = int(consumer.post(f"{orders_of(world)}/new", **form_of(world)).location.split("/")[-2])
    answer = consumer.get(f"{orders_of(world)}/{order}/submit")
    assert answer.location == f"{orders_of(world)}/{order}/files"
    assert "Спочатку завантажте обидва файли" in consumer.get(answer.location).text
    answer = consumer.post(f"{orders_of(world)}/{order}/submit")
    assert answer.status_code == 409
    assert "Спочатку завантажте обидва файли" in answer.text
    assert world.hub.orders.get(world.user, world.own, order).state is OrderState.COLLECTING


@pytest.mark.parametrize("step", ["edit", "files", "submit", "delete"])
def test_no_step_is_possible_before_step_1(world: World, consumer: Browser, step: str) -> None:
    assert consumer.get(f"{orders_of(world)}/999/{step}").status_code == 404
    assert consumer.post(f"{orders_of(world)}/999/{step}").status_code in (404, 422)


def test_a_submitted_order_is_not_changed_any_more(
    world: World, consumer: Browser, order: int, form_of: Form
) -> None:
    consumer.post(f"{orders_of(world)}/{order}/submit")
    before = kept(world, order)
    for step in ("edit", "files", "submit"):
        answer = consumer.get(f"{orders_of(world)}/{order}/{step}", follow_redirects=True)
        assert "Замовлення вже надіслано, змінити його не можна." in answer.text
    for answer in (
        consumer.post(f"{orders_of(world)}/{order}/submit"),
        consumer.post(f"{orders_of(world)}/{order}/edit", **form_of(world)),
        upload(world, consumer, order, certificate=("b.pdf", a_pdf("b"))),
    ):
        assert answer.status_code == 409
    assert kept(world, order) == before


def test_an_order_is_deleted_after_a_second_question(world: World, consumer: Browser, order: int) -> None:
    page = consumer.get(f"{orders_of(world)}/{order}/delete").text
    assert f"Видалити замовлення № {order}?" in page
    assert world.hub.orders.get(world.user, world.own, order).state is OrderState.COLLECTING
    answer = consumer.post(f"{orders_of(world)}/{order}/delete")
    assert f"Замовлення № {order} видалено." in consumer.get(answer.location).text
    assert world.hub.orders.get(world.user, world.own, order).state is OrderState.DELETED
    answer = consumer.get(f"{orders_of(world)}/{order}/delete", follow_redirects=True)
    assert "видалити вже не можна" in answer.text


def test_a_declined_application_brings_the_order_back_with_its_reason(
    world: World, consumer: Browser, order: int
) -> None:
    from ztoe_hub.values import RecipientState, RemoteRef

    consumer.post(f"{orders_of(world)}/{order}/submit")
    world.hub.engine.drain()
    world.signing.move(RemoteRef({"id": 1}), world.user.email, RecipientState.DECLINED)
    world.clock.go(minutes=10)
    world.hub.engine.drain()
    page = consumer.get(f"{orders_of(world)}/{order}").text
    assert "Заяву не підписано:" in page
    assert f'href="{orders_of(world)}/{order}/submit"' in page


def test_the_list_has_the_manuals_columns(world: World, consumer: Browser, order: int) -> None:
    page = consumer.get(orders_of(world)).text
    for column in (
        "Дата замовлення",
        "Номер замовлення",
        "Назва послуги",
        "Реєстр. номер заяви",
        "РЕМ",
        "Код споживача",
        "ЕІС код ТО",
        "Адреса ТО",
        "Номер лічильника",
        "Клас напруги",
        "Кількість обладнання",
        "Поточний статус",
        "Дата виконання робіт",
    ):
        assert column in page
    for role in ("certificate", "extract"):
        assert f'href="{orders_of(world)}/{order}/files/{role}"' in page
    assert "Оновити" in page
    assert "Нове замовлення" in page


@pytest.mark.parametrize("year", ["2019", "0", "99999", "-1", "abc", "9999"])
def test_a_year_without_orders_shows_this_one(world: World, consumer: Browser, order: int, year: str) -> None:
    page = consumer.get(f"{orders_of(world)}?year={year}")
    assert page.status_code == 200
    assert f"№ {order}" in page.text


def test_states_have_the_cores_words_and_each_says_what_comes_next() -> None:
    assert {OrderState(state): text for state, text in PATH.items()}.items() <= ORDER_STATES.items()
    assert set(NEXT) == {state.value for state in OrderState}

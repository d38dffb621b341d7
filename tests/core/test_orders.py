"""Orders as a consumer makes them: three steps, what each refuses, and what the application says."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pypdf
import pytest

from ztoe_hub.errors import InvalidInput, NotFound, WrongMoment
from ztoe_hub.outbox import list_work
from ztoe_hub.storage.states import DocumentState, OrderState
from ztoe_hub.testing.hubs import FAKE_INSTANCES
from ztoe_hub.testing.records import a_consumer, a_point
from ztoe_hub.testing.samples import CUSTOMER, a_pdf
from ztoe_hub.testing.situations import Situation
from ztoe_hub.values import Stream


def text_of(pdf: bytes) -> str:
    """The words of a PDF, with single blanks."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def problems(call: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        call()
    return caught.value.problems


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("service_code", "nonsense"),
        ("service_code", ""),
        ("metering_point_id", "999"),
        ("metering_point_id", "-1"),
        ("metering_point_id", "1; drop"),
        ("metering_point_id", "٣"),
        ("metering_point_id", "9" * 30),
        ("voltage_class_kv", "0,4"),
        ("voltage_class_kv", "NaN"),
        ("voltage_class_kv", "0.40"),
        ("device_count", "0"),
        ("device_count", "101"),
        ("device_count", "1.5"),
        ("device_count", "١"),
        ("device_count", ""),
        ("contact_name", " "),
        ("contact_name", "Я"),
        ("contact_name", "x" * 121),
        ("contact_name", "Ім'я\x07"),
        ("contact_phone", "немає"),
        ("contact_phone", "12"),
        ("contact_phone", "+380 41 240 00 00\nx"),
        ("contact_phone", "٣٣٣٣٣٣٣"),
    ],
)
def test_a_wrong_field_is_named_and_no_other(situation: Situation, field: str, value: str) -> None:
    form = situation.form(**{field: value})
    found = problems(lambda: situation.hub.orders.start(situation.user, situation.account_id, form))
    assert list(found) == [field]
    assert situation.hub.orders.years(situation.user, situation.account_id) == []


def test_all_wrong_fields_are_named_at_once(situation: Situation) -> None:
    fields = [
        "service_code",
        "metering_point_id",
        "voltage_class_kv",
        "device_count",
        "contact_name",
        "contact_phone",
    ]
    form = situation.form(**dict.fromkeys(fields, ""))
    assert (
        list(problems(lambda: situation.hub.orders.start(situation.user, situation.account_id, form)))
        == fields
    )


def test_a_point_of_another_account_is_a_wrong_field(situation: Situation) -> None:
    other = situation.hub.accounts.of(situation.user)[1].id
    found = problems(lambda: situation.hub.orders.start(situation.user, other, situation.form()))
    assert list(found) == ["metering_point_id"]


def test_blanks_around_what_was_entered_do_not_matter(situation: Situation) -> None:
    form = situation.form(contact_name="  Зразкова \t Особа ", contact_phone=" +380412400000 ")
    order = situation.order(situation.hub.orders.start(situation.user, situation.account_id, form))
    assert (order.contact_name, order.contact_phone) == ("Зразкова Особа", "+380412400000")


def test_the_first_step_can_be_taken_again(situation: Situation) -> None:
    order_id = situation.hub.orders.start(situation.user, situation.account_id, situation.form())
    change = situation.form(service_code="meter-replacement", device_count="2", voltage_class_kv="10")
    situation.hub.orders.change(situation.user, situation.account_id, order_id, change)
    order = situation.order(order_id)
    assert (order.service.uk, order.device_count, str(order.voltage_class_kv)) == (
        "Заміна лічильника",
        2,
        "10.000",
    )
    wrong = situation.form(device_count="x")
    assert problems(
        lambda: situation.hub.orders.change(situation.user, situation.account_id, order_id, wrong)
    )
    assert situation.order(order_id).device_count == 2


def test_the_third_step_waits_for_the_second(situation: Situation) -> None:
    hub, user, account = situation.hub, situation.user, situation.account_id
    order_id = hub.orders.start(user, account, situation.form())
    for role in ("certificate", "extract"):
        assert not situation.order(order_id).can_submit
        with pytest.raises(WrongMoment, match="крок 2"):
            hub.orders.submit(user, account, order_id)
        hub.orders.attach(user, account, order_id, role, "x.pdf", a_pdf(role))
    assert situation.order(order_id).can_submit
    assert situation.documents() == []
    hub.orders.submit(user, account, order_id)


def test_a_file_that_is_refused_is_named_by_its_role(situation: Situation) -> None:
    hub, user, account = situation.hub, situation.user, situation.account_id
    order_id = hub.orders.start(user, account, situation.form())
    found = problems(lambda: hub.orders.attach(user, account, order_id, "extract", "x.pdf", b"MZ"))
    assert list(found) == ["extract"]
    assert not situation.order(order_id).files


@pytest.mark.parametrize("role", ["application", "invoice", "signed", ""])
def test_only_the_two_files_can_be_uploaded(situation: Situation, role: str) -> None:
    order_id = situation.collecting()
    with pytest.raises(NotFound):
        situation.hub.orders.attach(situation.user, situation.account_id, order_id, role, "x.pdf", a_pdf("x"))


def test_a_file_can_be_replaced(situation: Situation) -> None:
    hub, user, account = situation.hub, situation.user, situation.account_id
    order_id = situation.collecting()
    hub.orders.attach(user, account, order_id, "certificate", "нове.pdf", a_pdf("new"))
    found = hub.orders.file(user, account, order_id, "certificate")
    assert (found.name, found.content) == ("нове.pdf", a_pdf("new"))
    assert hub.orders.file(user, account, order_id, "extract").content == a_pdf("extract")
    assert len(situation.order(order_id).named_files) == 2


def test_the_same_bytes_may_be_both_files(situation: Situation) -> None:
    hub, user, account = situation.hub, situation.user, situation.account_id
    order_id = hub.orders.start(user, account, situation.form())
    for role in ("certificate", "extract"):
        hub.orders.attach(user, account, order_id, role, f"{role}.pdf", a_pdf("same"))
    hub.orders.attach(user, account, order_id, "extract", "other.pdf", a_pdf("other"))
    assert hub.orders.file(user, account, order_id, "certificate").content == a_pdf("same")


def test_nothing_can_be_changed_after_the_submit(situation: Situation) -> None:
    hub, user, account = situation.hub, situation.user, situation.account_id
    order_id = situation.collecting()
    hub.orders.submit(user, account, order_id)
    before = situation.order(order_id)
    calls: list[Callable[[], None]] = [
        lambda: hub.orders.change(user, account, order_id, situation.form(device_count="9")),
        lambda: hub.orders.attach(user, account, order_id, "extract", "x.pdf", a_pdf("late")),
        lambda: hub.orders.submit(user, account, order_id),
    ]
    for call in calls:
        with pytest.raises(WrongMoment, match="вже надіслано"):
            call()
    assert situation.order(order_id) == before
    assert len(situation.documents()) == 1


def test_what_is_signed_is_what_was_last_entered(situation: Situation) -> None:
    """Another tab changes the order between the making of the application and the submit."""
    hub, user, account = situation.hub, situation.user, situation.account_id
    order_id = situation.collecting()
    change = situation.form(device_count="9")
    situation.clock.at_next_look = lambda: hub.orders.change(user, account, order_id, change)
    with pytest.raises(WrongMoment):
        hub.orders.submit(user, account, order_id)
    assert situation.order(order_id).state is OrderState.COLLECTING
    hub.orders.submit(user, account, order_id)
    application = hub.orders.file(user, account, order_id, "application")
    assert "9 шт." in text_of(application.content)


def test_the_application_is_named_as_the_utility_names_it(situation: Situation) -> None:
    order_id = situation.awaiting()
    name = f"ServicePointOrderStatement_td53_ren31_id{order_id}_cl125000186.pdf"
    found = situation.hub.orders.file(situation.user, situation.account_id, order_id, "application")
    assert (found.name, found.media_type) == (name, "application/pdf")
    assert situation.document(order_id).name == name
    assert situation.fakes.signing.documents() == [name]


def test_the_application_says_the_facts_in_ukrainian(situation: Situation) -> None:
    order_id = situation.awaiting()
    text = text_of(
        situation.hub.orders.file(situation.user, situation.account_id, order_id, "application").content
    )
    for fact in (
        "Заява",
        "Прошу провести експертизу електролічильника.",
        "СФГ «Полісся»",
        "Код ЄДРПОУ (РНОКПП): 12500015",
        "Житомирський РЕМ",
        "Особовий рахунок: 561",
        "Код споживача: 125000186",
        "КРИТИЙ ЗЕРНОТІК",
        "62Z8102184873135",
        "0057791",
        "0,4 кВ",
        "1 шт.",
        "Зразкова Особа, тел. +380 41 240 00 00",
        CUSTOMER,
        "Свідоцтво платника податків (certificate.pdf)",
        "Виписка з єдиного державного реєстру (extract.pdf)",
        "2 листопада 2026 року",
    ):
        assert fact in text


MARKUP = '*зірка* _під_ #panic("x") $x^2$ <b>&amp; \\u{41} = @ref `код` // коментар "лапки" [дужки] ~ --- № ₴ ґїєі’'


def test_markup_in_the_data_stays_what_it_is(situation: Situation) -> None:
    records = situation.fakes.billing.records
    records[Stream.CONSUMERS][0] = a_consumer(name=MARKUP)
    records[Stream.METERING_POINTS][0] = a_point(name=MARKUP, address=MARKUP, meter_number=None, eic=None)
    situation.hub.sync.import_source("main")
    order_id = situation.awaiting()
    text = text_of(
        situation.hub.orders.file(situation.user, situation.account_id, order_id, "application").content
    )
    flat = text.replace(" ", "")
    assert flat.count(MARKUP.replace(" ", "")) >= 3


@pytest.mark.parametrize(
    "name", ["Іван 😀", "王小明", "אברהם", "محمد", "Ι\u0301ωάννης", "\u200bневидимий", "ａｂ"]
)
def test_a_name_in_any_writing_can_be_sent(situation: Situation, name: str) -> None:
    """The application's font has Latin, Greek and Cyrillic letters; for others it must not fail."""
    records = situation.fakes.billing.records
    records[Stream.CONSUMERS][0] = a_consumer(name=f"ТОВ {name}")
    situation.hub.sync.import_source("main")
    order_id = situation.awaiting()
    assert situation.order(order_id).state is OrderState.AWAITING_SIGNATURE


def test_the_same_order_and_moment_make_the_same_application(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        situation = Situation(tmp_path / name)
        order_id = situation.awaiting()
        made.append(
            situation.hub.orders.file(situation.user, situation.account_id, order_id, "application").content
        )
        situation.close()
    assert made[0] == made[1]


def test_a_service_that_is_no_longer_offered_cannot_be_ordered(situation: Situation) -> None:
    order_id = situation.collecting()
    text = situation.settings_text.replace('"meter-check"', '"meter-check-2"')
    later = situation.another_hub(settings_text=text)
    with pytest.raises(WrongMoment, match="більше не надають"):
        later.orders.submit(situation.user, situation.account_id, order_id)
    assert later.orders.get(situation.user, situation.account_id, order_id).service.uk == "meter-check"
    later.close()


def test_orders_are_listed_by_the_years_of_kyiv(situation: Situation) -> None:
    new_year = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)  # half an hour into 2027 in Kyiv
    situation.collecting()
    situation.clock.advance(seconds=(new_year - situation.clock()).total_seconds())
    late = situation.collecting()
    hub, user, account = situation.hub, situation.user, situation.account_id
    assert hub.orders.years(user, account) == [2027, 2026]
    assert [line.id for line in hub.orders.of_year(user, account, 2027)] == [late]
    assert len(hub.orders.of_year(user, account, 2026)) == 1
    assert hub.orders.of_year(user, account, 2025) == []


@pytest.mark.parametrize("year", [-1, 0, 1, 9999, 10_000, 10**30])
def test_a_year_that_is_none_has_no_orders(situation: Situation, year: int) -> None:
    situation.collecting()
    assert situation.hub.orders.of_year(situation.user, situation.account_id, year) == []


def test_an_orders_history_is_its_moves(situation: Situation) -> None:
    order_id = situation.accepted()
    order = situation.order(order_id)
    assert [step.state.value for step in order.history] == ["collecting", "awaiting_signature", "accepted"]
    assert [step.at for step in order.history] == sorted(step.at for step in order.history)
    [line] = situation.hub.orders.of_year(situation.user, situation.account_id, 2026)
    assert line.files == {"certificate", "extract", "application"}


def test_deleting_a_collecting_order_needs_nothing_else(situation: Situation) -> None:
    order_id = situation.collecting()
    situation.hub.orders.delete(situation.user, situation.account_id, order_id)
    situation.hub.engine.drain()
    order = situation.order(order_id)
    assert (order.state, order.can_delete, order.can_edit, order.can_submit) == (
        OrderState.DELETED,
        False,
        False,
        False,
    )
    assert situation.fakes.billing.cancelled == set()
    with pytest.raises(WrongMoment):
        situation.hub.orders.delete(situation.user, situation.account_id, order_id)


def test_deleting_an_accepted_order_cancels_it_at_billing(situation: Situation) -> None:
    order_id = situation.accepted()
    situation.hub.orders.delete(situation.user, situation.account_id, order_id)
    situation.hub.engine.drain()
    assert situation.fakes.billing.cancelled == {f"hub-{order_id}"}
    assert situation.document(order_id).state is DocumentState.COMPLETED


def test_two_submits_at_once_make_one_document(situation: Situation) -> None:
    order_id = situation.collecting()
    other = situation.another_hub()
    situation.hub.orders.submit(situation.user, situation.account_id, order_id)
    with pytest.raises(WrongMoment):
        other.orders.submit(situation.user, situation.account_id, order_id)
    other.close()
    assert len([row for row in list_work(situation.hub.database) if row.kind == "submit_document"]) == 1


def test_with_two_services_and_no_route_the_consumers_order_stays_with_them(tmp_path: Path) -> None:
    text = FAKE_INSTANCES + '[signing.second]\ntype = "fake"\n'
    situation = Situation(tmp_path, settings_text=text)
    order_id = situation.collecting()
    with pytest.raises(Exception, match=r"routes\.signing: no route for application of district 31"):
        situation.hub.orders.submit(situation.user, situation.account_id, order_id)
    assert situation.order(order_id).state is OrderState.COLLECTING
    situation.close()


def test_the_first_route_that_fits_picks_the_service(tmp_path: Path) -> None:
    routes = '[signing.second]\ntype = "fake"\n[signing.third]\ntype = "fake"\n'
    for service, rest in (("third", 'district = "32"'), ("second", 'origin = "application"'), ("main", "")):
        routes += f'[[routes.signing]]\nservice = "{service}"\n{rest}\n'
    situation = Situation(tmp_path, settings_text=FAKE_INSTANCES + routes)
    hub = situation.hub
    assert hub.documents.route("application", "32") == "third"
    assert hub.documents.route("application", "31") == "second"
    assert hub.documents.route("invoice", "31") == "main"
    order_id = situation.awaiting()
    assert situation.document(order_id).service == "second"
    situation.close()

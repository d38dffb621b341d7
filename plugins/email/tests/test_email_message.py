"""What an e-mail is made of, and which settings stop the start-up."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pluggy
import pytest
from pydantic import ValidationError

import ztoe_email
from ztoe_email.channel import EmailChannel
from ztoe_email.message import compose, message_id_of
from ztoe_email.settings import EmailSettings
from ztoe_hub import hookspecs
from ztoe_hub.errors import ConfigurationError, ItemRejected
from ztoe_hub.testing.contexts import adapter_context
from ztoe_hub.testing.notifications import UKRAINIAN, a_notice

DOMAIN = "cabinet.example"


def settings(**changes: object) -> EmailSettings:
    return EmailSettings.model_validate(
        {"host": "mail.example", "sender": "cabinet@oblenergo.example", **changes}
    )


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize("length", [1, 20, 75, 76, 77, 78, 150, 400, 900])
def test_a_subject_of_any_length_survives_the_folding(length: int) -> None:
    subject = (f"{UKRAINIAN} 7  пробіли " * 20)[:length].strip()

    content = compose(a_notice(subject=subject), settings()).content

    assert parsed(content)["Subject"] == subject
    assert max(len(line) for line in content.split(b"\r\n")) <= 78


@pytest.mark.parametrize(
    "subject", ["", "ASCII only", "=?utf-8?q?not_encoded?=", '"quoted", and <bracketed>']
)
def test_a_subject_is_taken_as_it_is_written(subject: str) -> None:
    assert parsed(compose(a_notice(subject=subject), settings()).content)["Subject"] == subject


def test_the_message_is_plain_ascii_on_the_wire() -> None:
    content = compose(a_notice(text=UKRAINIAN), settings(sender_name="Кабінет")).content

    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_text_comes_before_html() -> None:
    message = parsed(compose(a_notice(), settings()).content)

    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_a_notice_without_html_is_one_part() -> None:
    assert parsed(compose(a_notice(html=None), settings()).content).get_content_type() == "text/plain"


@pytest.mark.parametrize("key", ["order-19-accepted", "a.b_c=d", "7f3c!#$%&'*+/?^_`{|}~"])
def test_a_key_that_may_stand_in_a_message_id_does(key: str) -> None:
    assert message_id_of(key, DOMAIN) == f"<{key}@{DOMAIN}>"


@pytest.mark.parametrize(
    "key", ["", "a b", "a..b", ".a", "a.", "a@b", "a>b", "a\r\nBcc: x", "заява", "x" * 81, "a:b"]
)
def test_any_other_key_is_cleaned(key: str) -> None:
    message_id = message_id_of(key, DOMAIN)

    local = message_id.removeprefix("<").removesuffix(f"@{DOMAIN}>")
    assert local.isascii()
    assert not set(local) & set(" @<>:\r\n")
    assert ".." not in local
    assert len(local) < 120


def test_cleaned_keys_stay_different() -> None:
    keys = ["a:b", "a b", "a/b", "a-b", "a::b", "а:б", "x" * 81, "x" * 82]

    assert len({message_id_of(key, DOMAIN) for key in keys}) == len(keys)


@pytest.mark.parametrize(
    "to",
    [
        "",
        "nobody",
        "@polissia.example",
        "a@",
        "a@b@c.example",
        "a b@polissia.example",
        '"a b"@polissia.example',
        "Іван <a@polissia.example>",
        "a@polissia.example\n",
        "a@polissia.example\0",
        "a..b@polissia.example",
        "іван@polissia.example",
        "a@-polissia.example",
        "a@polissia..example",
        f"{'a' * 250}@polissia.example",
        "a@[127.0.0.1]",
    ],
)
def test_an_address_that_makes_no_header_is_the_items_fault(to: str) -> None:
    with pytest.raises(ItemRejected) as caught:
        compose(a_notice(to=to), settings())

    assert not to or to not in str(caught.value)


def test_a_ukrainian_domain_goes_out_in_ascii() -> None:
    assert compose(a_notice(to="info@пошта.укр"), settings()).to == "info@xn--80a1acn3a.xn--j1amh"


def test_text_that_is_no_text_is_the_items_fault() -> None:
    with pytest.raises(ItemRejected):
        compose(a_notice(text="\ud800"), settings())


def test_the_same_notice_makes_the_same_bytes() -> None:
    notice = a_notice()

    assert compose(notice, settings()) == compose(replace(notice), settings())


@pytest.mark.parametrize(
    "changes",
    [
        {"host": ""},
        {"port": 0},
        {"security": "ssl"},
        {"sender": "cabinet"},
        {"sender": "cabinet@oblenergo.example\r\nBcc: a@b.example"},
        {"sender_name": "Кабінет\r\nBcc: a@b.example"},
        {"reply_to": "a@b.example, c@d.example"},
        {"message_id_domain": "cabinet example"},
        {"username": "cabinet"},
        {"password": "demo"},
        {"username": "cabinet", "password": "пароль"},
        {"username": "cabinet", "password": "demo", "security": "none"},
        {"timeout_s": 0},
        {"hots": "mail.example"},
    ],
)
def test_settings_that_cannot_work_stop_the_start_up(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**changes)


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_is_the_usual_one(security: str, port: int) -> None:
    assert settings(security=security).effective_port == port
    assert settings(security=security, port=2525).effective_port == 2525


def test_the_password_shows_nowhere() -> None:
    assert "demo-secret" not in repr(settings(username="cabinet", password="demo-secret"))


def test_a_ca_bundle_that_cannot_be_read_stops_the_start_up(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("not a certificate")
    context = adapter_context("mail")

    for path in (empty, tmp_path / "missing.pem"):
        with pytest.raises(ConfigurationError, match=r"\[notifications\.mail\] ca_bundle"):
            EmailChannel(settings(ca_bundle=path), context)
    context.http.close()


def test_the_plugin_offers_the_channel() -> None:
    manager = pluggy.PluginManager("ztoe_hub")
    manager.add_hookspecs(hookspecs)
    manager.register(ztoe_email)
    manager.check_pending()

    [[kind]] = manager.hook.notification_channels()

    assert kind.name == "email"
    assert kind.settings is EmailSettings

"""English is complete and in step, and chosen by a form that keeps people where they are."""

from __future__ import annotations

import gettext
import re
import string
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import ztoe_cabinet

if TYPE_CHECKING:
    from webapp.tests.conftest import Browser, World

PACKAGE = Path(ztoe_cabinet.__file__).parent
ENGLISH = PACKAGE / "translations/en/LC_MESSAGES"
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = dict.fromkeys(("_", "_l", "gettext", "lazy_gettext"))
CYRILLIC = re.compile("[А-Яа-яІіЇїЄєҐґ]")


def catalogue() -> Catalog:
    with (ENGLISH / "messages.po").open("rb") as file:
        return read_po(file, "en")


def used() -> set[str]:
    found = extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS)
    return {text for _, _, text, _, _ in found if isinstance(text, str)}


def test_the_catalogue_has_every_text_and_no_other() -> None:
    assert {message.id for message in catalogue() if message.id} == used()


def test_every_text_is_translated_with_its_placeholders() -> None:
    for message in catalogue():
        if not message.id:
            continue
        assert isinstance(message.id, str)
        assert isinstance(message.string, str)
        assert message.string, message.id
        assert not message.fuzzy, message.id
        assert not CYRILLIC.search(message.string), message.id
        assert sorted(re.findall(r"%\(\w+\)s", message.id)) == sorted(
            re.findall(r"%\(\w+\)s", message.string)
        )


def test_the_compiled_catalogue_is_in_step() -> None:
    with (ENGLISH / "messages.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalogue():
        if message.id:
            assert compiled.gettext(str(message.id)) == message.string, (
                "run pybabel compile, see webapp/README.md"
            )


def test_no_template_says_anything_untranslated() -> None:
    for path in PACKAGE.glob("templates/**/*.html"):
        text = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        text = text.replace("Українська", "")
        assert not CYRILLIC.search(text), path.name


def test_the_language_is_chosen_by_a_form_and_stays_on_the_browser(world: World, consumer: Browser) -> None:
    assert '<html lang="uk">' in consumer.get("/accounts").text
    answer = consumer.post("/language", language="en", next="/messages?unread=1")
    assert answer.location == "/messages?unread=1"
    page = consumer.get("/messages").text
    assert '<html lang="en">' in page
    assert "There are no messages yet." in page
    consumer.post("/language", language="fr")
    assert '<html lang="en">' in consumer.get("/accounts").text
    consumer.post("/language", language="uk")
    assert '<html lang="uk">' in consumer.get("/accounts").text


def test_the_cabinets_own_words_are_english_on_an_english_page(
    world: World, consumer: Browser, order: int
) -> None:
    consumer.post("/language", language="en")
    page = consumer.get(f"/accounts/{world.own}/orders/{order}").text
    assert "What happens next" in page
    assert "Meter examination" in page
    assert all(
        character in string.printable
        for character in page.partition("</title>")[0].replace("№", "").replace("—", "")
    )

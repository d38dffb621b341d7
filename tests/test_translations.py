"""Every text of the core has an English translation, and the compiled catalogue is the one in the repository."""

from __future__ import annotations

import io
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

CORE = Path(__file__).parents[1] / "ztoe_hub"
CATALOGUE = CORE / "translations/en/LC_MESSAGES/ztoe_hub.po"
KEYWORDS = dict.fromkeys(("msg", "UserError", "WrongMoment", "NotFound", "TooManyAttempts", "Refused"))
CYRILLIC = re.compile("[а-яіїєґ]", re.IGNORECASE)


def catalogue() -> Catalog:
    """The catalogue as it stands in the repository."""
    with CATALOGUE.open("rb") as file:
        return read_po(file)


def texts_in(found: Catalog) -> dict[str, str]:
    """Msgid to translation, without the header."""
    return {str(message.id): str(message.string) for message in found if message.id}


def texts_of_the_core() -> set[str]:
    """What is marked for translation."""
    found = extract_from_dir(str(CORE), keywords=KEYWORDS)
    return {str(message) for _, _, message, _, _ in found if message}


def test_every_text_is_translated_and_none_is_left_over() -> None:
    translated = {text for text, english in texts_in(catalogue()).items() if english}

    assert translated == texts_of_the_core()


def test_the_english_texts_are_english_and_keep_their_placeholders() -> None:
    for text, english in texts_in(catalogue()).items():
        assert not CYRILLIC.search(english), text
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english)), text


def test_the_compiled_catalogue_is_in_step() -> None:
    fresh = io.BytesIO()
    write_mo(fresh, catalogue())
    fresh.seek(0)
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)

    assert texts_in(compiled) == texts_in(read_mo(fresh))

"""What people read of the core: labels of states and roles, and gettext. Msgids are Ukrainian, English is a translation."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

from .errors import msg
from .storage.states import DocumentState, OrderState

DOMAIN = "ztoe_hub"
TRANSLATIONS = Path(__file__).parent / "translations"
LANGUAGES = ("uk", "en")

__all__ = ["DOCUMENT_STATES", "LANGUAGES", "ORDER_STATES", "msg", "say"]


#: The labels of the utility's manual, chapter 8.
ORDER_STATES = {
    OrderState.COLLECTING: msg("Збір даних"),
    OrderState.AWAITING_SIGNATURE: msg("Очікування підпису заяви"),
    OrderState.ACCEPTED: msg("Прийнято"),
    OrderState.REGISTERED: msg("Зареєстровано"),
    OrderState.INVOICED: msg("Сформовано рахунок, очікування оплати"),
    OrderState.SCHEDULED: msg("Сплановано дату виконання робіт"),
    OrderState.COMPLETED: msg("Виконано"),
    OrderState.DELETED: msg("Видалено"),
    OrderState.REFUSED: msg("Відмовлено"),
}

DOCUMENT_STATES = {
    DocumentState.PREPARED: msg("Готується до надсилання"),
    DocumentState.SUBMITTED: msg("Очікує вашого підпису"),
    DocumentState.VIEWED: msg("Переглянуто, очікує вашого підпису"),
    DocumentState.SIGNED: msg("Підписано, підпис перевіряється"),
    DocumentState.COMPLETED: msg("Підписано"),
    DocumentState.NEEDS_OPERATOR: msg("Підпис перевіряє працівник"),
    DocumentState.DECLINED: msg("Відхилено"),
    DocumentState.EXPIRED: msg("Строк минув"),
    DocumentState.RECALLED: msg("Відкликано"),
    DocumentState.FAILED: msg("Не вдалося надіслати"),
}


def say(language: str, text: str, **values: object) -> str:
    """The text in that language, its {placeholders} filled."""
    translated = _catalogue(language).gettext(text) if text else ""
    return translated.format(**values) if values else translated


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, TRANSLATIONS, languages=[language], fallback=True)

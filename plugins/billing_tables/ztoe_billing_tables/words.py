"""The manual's own words for kinds and articles; a mapping adds a site's."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from ztoe_hub.values import Article, EnergyKind, InvoiceKind

WORDS: Mapping[type[enum.StrEnum], Mapping[str, str]] = {
    EnergyKind: {
        "А": "active",
        "Р": "reactive",
        "Г": "generation",
        "Активна": "active",
        "Реактивна": "reactive",
        "Генерація": "generation",
    },
    Article: {
        "Активна енергія": "active",
        "Активна електроенергія": "active",
        "Реактивна енергія": "reactive",
        "Реактивна електроенергія": "reactive",
        "Перевищення договірних величин": "over_consumption",
    },
    InvoiceKind: {
        "Авансовий плановий за активну": "advance_active",
        "За активну": "active",
        "За реактивну": "reactive",
    },
}

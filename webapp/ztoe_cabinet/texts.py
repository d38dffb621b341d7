"""The cabinet's own words: Ukrainian where they are written, translated where they are shown.

The one place that imports Flask-Babel's gettext, which has no types. `_` and `_l` are what Babel looks for.
"""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext  # type: ignore[import-untyped]


def _(text: str, **values: object) -> str:
    """The text in the language of this request, its %(placeholders)s filled."""
    return str(gettext(text, **values))


def _l(text: str) -> str:
    """The same for a table made before any request: it becomes text when a page shows it."""
    translated: str = lazy_gettext(text)
    return translated

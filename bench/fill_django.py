"""Django in the import benchmark: bulk_create(update_conflicts=True) by the unique key, one transaction."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .contenders import Stopwatch
from .import_data import DataSet
from .import_rows import COLUMNS, KEY_COLUMNS, row_pages, sqlite_file, typed_row

BATCH_ROWS = 1000


def fill(url: str, data: DataSet, phase: str, watch: Stopwatch) -> None:
    """Every page as model instances."""
    model = _invoice_model(url)
    transaction = import_module("django.db.transaction")
    updated = [name for name in COLUMNS if name not in KEY_COLUMNS]
    with watch.running(), transaction.atomic():
        for rows in row_pages(data.path_of(phase), typed_row):
            model.objects.bulk_create(
                [model(**dict(zip(COLUMNS, row, strict=True))) for row in rows],
                batch_size=BATCH_ROWS,
                update_conflicts=True,
                unique_fields=list(KEY_COLUMNS),
                update_fields=updated,
            )


def _invoice_model(url: str) -> Any:
    import_module("django.conf").settings.configure(
        DATABASES={"default": _database(url)},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=False,
    )
    import_module("django").setup()
    models: Any = import_module("django.db.models")
    fields = {
        "source": models.TextField(),
        "key": models.TextField(),
        "account_key": models.TextField(),
        "number": models.TextField(),
        "period": models.DateField(),
        "formed_at": models.DateTimeField(),
        "kind": models.TextField(),
        "amount_uah": models.BigIntegerField(),
        "Meta": type("Meta", (), {"app_label": "bench", "db_table": "invoice", "managed": False}),
        "__module__": __name__,
    }
    return type("Invoice", (models.Model,), fields)


def _database(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": sqlite_file(url)}
    where = urlsplit(url)
    asked = parse_qs(where.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": where.path.lstrip("/"),
        "USER": unquote(where.username or ""),
        "PASSWORD": unquote(where.password or ""),
        "HOST": where.hostname or asked.get("host", [""])[0],
        "PORT": where.port or "",
        "OPTIONS": {"options": asked["options"][0]},
    }

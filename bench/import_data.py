"""Seeded invoices as JSON pages of a thousand, once as they are and once with 1 % changed.

Each object has 12 fields; seven of them are an InvoiceRecord's, the others (consumer's name, tax code, volume, VAT,
data version) are what a base sends beside them. A line of the file is a page.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

PAGE_ROWS = 1000
INVOICES_OF_ACCOUNT = 24
CHANGED_EVERY = 100
SEED = 20180131
KINDS = ("active", "advance_active", "reactive")
NAMES = (
    "СФГ «Полісся»",
    "ТОВ «Ґудзики й їжаки»",
    "Фермерське господарство «Зоря-2»",
    "КНП «Житомирська міська лікарня № 1»",
    "АТ «Завод „Електровимірювач“»",
    "ОСББ «Кар’єрна, 14»",
)


Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """The files in a folder, and what a table must hold after each phase."""

    folder: Path
    rows: int
    changed: int
    account_keys: Sequence[str]
    total_first: int  # of the amounts, in kopecks
    total_changed: int

    def path_of(self, phase: str) -> Path:
        """The pages that this phase reads."""
        return self.folder / ("changed.jsonl" if phase == "changed_1pct" else "first.jsonl")

    def total_of(self, phase: str) -> int:
        """The sum of the amounts after this phase."""
        return self.total_changed if phase == "changed_1pct" else self.total_first


def write_data(folder: Path, rows: int) -> DataSet:
    """Make the files; the same rows give the same bytes."""
    chance = random.Random(SEED)  # noqa: S311  repeatable, not secret
    accounts = [_guid(chance) for _ in range(max(1, rows // INVOICES_OF_ACCOUNT))]
    totals = [0, 0]
    with (
        (folder / "first.jsonl").open("w", encoding="utf-8") as first,
        (folder / "changed.jsonl").open("w", encoding="utf-8") as second,
    ):
        for start in range(0, rows, PAGE_ROWS):
            pages: tuple[list[str], list[str]] = ([], [])
            for number in range(start, min(start + PAGE_ROWS, rows)):
                for place, text, kopecks in _both(chance, number, accounts):
                    pages[place].append(text)
                    totals[place] += kopecks
            for file, page in zip((first, second), pages, strict=True):
                file.write('{"value":[' + ",".join(page) + "]}\n")
    changed = sum(1 for number in range(rows) if number % CHANGED_EVERY == CHANGED_EVERY // 2)
    data = DataSet(
        folder=folder,
        rows=rows,
        changed=changed,
        account_keys=accounts,
        total_first=totals[0],
        total_changed=totals[1],
    )
    plain = {"rows": rows, "changed": changed, "total_first": totals[0], "total_changed": totals[1]}
    (folder / "data.json").write_text(json.dumps(plain), "utf-8")
    return data


def read_data(folder: Path) -> DataSet:
    """What another process wrote; the accounts stay empty."""
    facts = json.loads((folder / "data.json").read_text("utf-8"))
    return DataSet(folder=folder, account_keys=(), **facts)


def decoded(path: Path, shape: type[Shape]) -> Iterator[Shape]:
    """The pages, decoded into this shape."""
    decoder = msgspec.json.Decoder(shape)
    with path.open("rb") as file:
        for line in file:
            yield decoder.decode(line)


def _both(chance: random.Random, number: int, accounts: Sequence[str]) -> Iterator[tuple[int, str, int]]:
    """The row as it is and as it is later: place, JSON and kopecks of each."""
    key, account = _guid(chance), accounts[number % len(accounts)]
    kopecks, volume = chance.randrange(1_00, 900_000_00), chance.randrange(1, 90_000_000)
    day, hour, month = chance.randrange(1, 29), chance.randrange(8, 18), chance.randrange(1, 13)
    minute, year = chance.randrange(60), 2018 + number % 7
    name, code = NAMES[number % len(NAMES)], chance.randrange(10_000_000, 50_000_000)
    for place in (0, 1):
        later = place == 1 and number % CHANGED_EVERY == CHANGED_EVERY // 2
        amount = kopecks + (1_00 if later else 0)
        yield (
            place,
            f'{{"key":"{key}","data_version":"AAAA{number + later:08d}=","account_key":"{account}",'
            f'"number":"{number % 9999}/а","period":"{year}-{month:02d}-01",'
            f'"formed_at":"{year}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:00",'
            f'"kind":"{KINDS[number % 3]}","consumer_name":"{name}","tax_code":"{code}",'
            f'"volume_kwh":{volume / 1000:.3f},"amount_uah":{amount // 100}.{amount % 100:02d},'
            f'"vat_uah":{amount // 6 // 100}.{amount // 6 % 100:02d}}}',
            amount,
        )


def _guid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))

"""The watched folder: what is left alone, what a read takes, and where files go afterwards."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from ztoe_billing_tables.files_source import FilesSource
from ztoe_hub.errors import ItemRejected, ProviderMisconfigured, TransientError
from ztoe_hub.ports import Acknowledges, Explains, InvoiceFiles, OpensFiles
from ztoe_hub.values import ImportOutcome, Page, Stream

CONSUMERS: dict[str, Any] = {"format": "csv", "files": "c*.csv", "key": "Код", "columns": {"name": "Назва"}}
ACCOUNTS: dict[str, Any] = {
    "format": "csv", "files": "c*.csv", "key": "Код", "defaults": {"district_key": "1"},
    "columns": {"number": "Код", "consumer_key": "Код", "consumer_code": "Код"},
}  # fmt: skip
CSV = "Код;Назва\n1;А\n"


def outcome(status: str, page: Page | None = None, stream: Stream = Stream.CONSUMERS) -> ImportOutcome:
    return ImportOutcome(
        stream=stream, status=status, cursor=page.cursor if page else None, report="read 1, new 1"
    )


def last_page(source: FilesSource, stream: Stream = Stream.CONSUMERS) -> Page:
    return [*source.read(stream, None)][-1]


@pytest.fixture
def source(site: Any) -> FilesSource:
    found: FilesSource = site.source({"consumers": CONSUMERS})
    return found


def test_it_offers_the_capabilities_of_files(source: FilesSource) -> None:
    assert isinstance(source, Acknowledges)
    assert isinstance(source, Explains)
    assert isinstance(source, OpensFiles)
    assert isinstance(source, InvoiceFiles)
    assert not source.capabilities.invoice_files


def test_without_a_file_nothing_is_new_and_nothing_has_vanished(source: FilesSource) -> None:
    assert [*source.read(Stream.CONSUMERS, "before")] == [
        Page(complete=True, changes_only=True, cursor="before")
    ]


@pytest.mark.parametrize("name", ["c.csv.part", "~$c.csv", ".c.csv", "c.csv.report.txt", "d.csv"])
def test_half_written_locked_and_foreign_names_are_left_alone(
    site: Any, source: FilesSource, name: str
) -> None:
    site.drop(name, CSV)
    assert last_page(source).cursor is None


@pytest.mark.parametrize("lock", ["~$c.csv", ".~lock.c.csv#"])
def test_a_file_that_is_open_in_an_office_program_is_left_alone(
    site: Any, source: FilesSource, lock: str
) -> None:
    site.drop("c.csv", CSV)
    site.drop(lock, "somebody")
    assert last_page(source).cursor is None


def test_a_file_that_is_still_fresh_is_left_alone(site: Any) -> None:
    site.drop("c.csv", CSV, age_s=-3600)
    assert last_page(site.source({"consumers": CONSUMERS}, settle_seconds=60)).cursor is None
    site.drop("c.csv", CSV, age_s=7200)  # an old date that a copy brought along, written just now
    assert last_page(site.source({"consumers": CONSUMERS}, settle_seconds=7000)).cursor is None
    assert last_page(site.source({"consumers": CONSUMERS}, settle_seconds=60)).cursor is not None


def test_a_link_is_not_followed(site: Any, source: FilesSource) -> None:
    (site.folder / "c.csv").symlink_to(site.drop("elsewhere.txt", CSV))
    assert last_page(source).cursor is None


def test_a_file_that_changes_while_it_is_read_is_read_again_later(site: Any, source: FilesSource) -> None:
    site.drop("c.csv", "Код;Назва\n" + "".join(f"{n};А\n" for n in range(1500)))
    pages = source.read(Stream.CONSUMERS, None)
    next(pages)
    with (site.folder / "c.csv").open("a") as file:
        file.write("x;y\n")
    with pytest.raises(TransientError, match=r"c.csv changed while it was read"):
        list(pages)
    source.acknowledge(outcome("failed"))
    assert site.names() == ["c.csv"]


def test_the_newest_file_is_the_stream_and_older_ones_are_passed_over(
    site: Any, source: FilesSource, read_all: Any
) -> None:
    site.drop("c2.csv", "Код;Назва\n2;Старе\n", age_s=9000)
    site.drop("c1.csv", CSV, age_s=8000)
    found = read_all(source, Stream.CONSUMERS)
    assert [each.key for each in found.records] == ["1"]
    assert not found.last.changes_only
    source.acknowledge(outcome("done", found.last))
    assert site.names() == []
    [one, _, two, _] = site.names("done")
    assert (one[-7:], two[-7:]) == ("_c1.csv", "_c2.csv")
    [passed] = (site.place / "done").glob("*_c2.csv.report.txt")
    assert "not read: c1.csv is newer" in passed.read_text()


def test_appending_streams_take_every_file_and_only_add(site: Any, read_all: Any) -> None:
    site.drop("c1.csv", CSV, age_s=9000)
    site.drop("c2.csv", "Код;Назва\n2;Б\n", age_s=8000)
    found = read_all(site.source({"consumers": CONSUMERS | {"mode": "append"}}), Stream.CONSUMERS)
    assert [each.key for each in found.records] == ["1", "2"]
    assert found.last.changes_only
    assert [name for name, *_ in json.loads(found.last.cursor)["read"]] == ["c1.csv", "c2.csv"]


def test_an_imported_file_moves_to_done_with_its_report_and_again_changes_nothing(
    site: Any, source: FilesSource
) -> None:
    site.drop("c.csv", CSV)
    page = last_page(source)
    for _ in range(2):
        source.acknowledge(outcome("done", page))
    assert site.names() == []
    [moved, report] = site.names("done")
    assert moved.endswith("Z_c.csv")
    assert report == moved + ".report.txt"
    assert "read 1, new 1" in (site.place / "done" / report).read_text()


def test_another_version_that_came_meanwhile_stays(site: Any, source: FilesSource) -> None:
    site.drop("c.csv", CSV)
    page = last_page(source)
    site.drop("c.csv", CSV + "2;Б\n")
    source.acknowledge(outcome("done", page))
    assert site.names() == ["c.csv"]


def test_a_file_of_two_streams_waits_for_both_even_across_a_restart(site: Any) -> None:
    site.drop("c.csv", CSV)
    both = {"consumers": CONSUMERS, "accounts": ACCOUNTS}
    first = site.source(both)
    first.acknowledge(outcome("done", last_page(first)))
    assert site.names() == [".ztoe-hub.json", "c.csv"]
    second = site.source(both)
    second.acknowledge(outcome("done", last_page(second, Stream.ACCOUNTS), Stream.ACCOUNTS))
    assert site.names() == []
    [report] = (site.place / "done").glob("*.report.txt")
    assert report.read_text().splitlines()[0] == "consumers"
    assert "accounts" in report.read_text()


def test_a_held_file_stays_with_the_report_beside_it_until_it_is_done(site: Any, source: FilesSource) -> None:
    site.drop("c.csv", CSV)
    page = last_page(source)
    for _ in range(2):
        source.acknowledge(outcome("held"))  # the hub stores no cursor of what it held
    assert site.names() == ["c.csv", "c.csv.report.txt"]
    source.acknowledge(outcome("done", page))
    assert site.names() == []
    assert len(site.names("done")) == 2


def test_a_file_that_can_never_be_imported_moves_to_failed_and_the_next_one_counts(
    site: Any, source: FilesSource
) -> None:
    site.drop("c1.csv", CSV, age_s=9000)
    site.drop("c2.csv", "Код\n1\n", age_s=8000)
    with pytest.raises(ItemRejected, match="no column Назва"):
        last_page(source)
    for _ in range(2):
        source.acknowledge(outcome("failed"))
    assert site.names() == ["c1.csv"]
    assert len(site.names("failed")) == 2
    assert last_page(source).cursor is not None


def test_a_failure_that_is_no_files_fault_moves_nothing(site: Any, source: FilesSource) -> None:
    site.drop("c.csv", CSV)
    last_page(source)
    source.acknowledge(outcome("failed"))
    assert site.names() == ["c.csv"]


def test_files_move_to_another_file_system_too(
    site: Any, source: FilesSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = site.drop("c.csv", CSV)
    page = last_page(source)

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "rename", refuse)
    source.acknowledge(outcome("done", page))
    assert not path.exists()
    [moved, report] = site.names("done")
    assert (site.place / "done" / moved).read_text() == CSV
    assert report.endswith(".report.txt")


def test_names_do_not_collide_in_done(site: Any, source: FilesSource) -> None:
    for _ in range(3):
        site.drop("c.csv", CSV)
        source.acknowledge(outcome("done", last_page(source)))
    assert len(site.names("done")) == 6


def test_a_cursor_leads_to_no_other_folder(site: Any, source: FilesSource) -> None:
    outside = site.place / "precious.txt"
    outside.write_text("x")
    stat = outside.stat()
    cursor = json.dumps({"read": [["../precious.txt", stat.st_size, stat.st_mtime_ns]], "passed": 7})
    for bad in (cursor, "[]", "nonsense", '{"read": [[1,2,3]]}'):
        source.acknowledge(ImportOutcome(stream=Stream.CONSUMERS, status="done", cursor=bad, report=""))
    assert outside.exists()


def test_a_place_that_is_no_folder_is_the_operators(site: Any, source: FilesSource) -> None:
    site.drop("c.csv", CSV)
    page = last_page(source)
    (site.place / "done").write_text("a file where the folder should be")
    with pytest.raises(ProviderMisconfigured, match="cannot be moved"):
        source.acknowledge(outcome("done", page))
    assert site.names() == ["c.csv"]


def test_a_missing_folder_is_the_operators(site: Any) -> None:
    source = site.source({"consumers": CONSUMERS}, folder=site.place / "nowhere")
    assert not source.check().ok
    with pytest.raises(ProviderMisconfigured, match="is not there"):
        last_page(source)


def test_check_counts_what_waits(site: Any, source: FilesSource) -> None:
    site.drop("c.csv", CSV)
    assert source.check().detail.startswith("1 files wait in")


def test_a_file_given_by_hand_is_read_from_anywhere_and_stays(
    site: Any, source: FilesSource, read_all: Any
) -> None:
    path = site.place / "c-by-hand.csv"
    path.write_text(CSV)
    opened = source.open_file(path)
    assert opened.capabilities.streams == {Stream.CONSUMERS}
    assert [each.key for each in read_all(opened, Stream.CONSUMERS).records] == ["1"]
    assert not isinstance(opened, Acknowledges)
    assert path.exists()


def test_a_file_given_by_hand_is_refused_at_once_with_place_and_reason(
    site: Any, source: FilesSource
) -> None:
    for name, content, said in (
        ("c.csv", "Код;Ім'я\n", r"c.csv row 1: no column Назва for name \(columns there: Код, Ім'я\)"),
        ("other.csv", CSV, r"other.csv: is text, and no `files` of the mapping fits its name \(c\*.csv\)"),
        ("c2.csv", "%PDF-1.7", "is a PDF"),
    ):
        path = site.place / name
        path.write_text(content)
        with pytest.raises(ItemRejected, match=said):
            source.open_file(path)
    with pytest.raises(ItemRejected, match="there is no such file"):
        source.open_file(site.place / "nothing.csv")


def test_explain_names_the_columns_in_use_and_those_that_are_missing(site: Any) -> None:
    site.drop("c.csv", "Код;Назва 2\n1;А\n")
    entry = CONSUMERS | {
        "columns": {"name": ["Назва", "Назва 2"], "email": {"column": "E-mail", "optional": True}},
        "defaults": {"phone": "-"},
    }
    lines = {line.field: line for line in site.source({"consumers": entry}).explain()}
    assert (lines["name"].origin, lines["name"].note) == ("c*.csv: Назва or Назва 2", "now Назва 2")
    assert lines["email"].note == "missing"
    assert (lines["phone"].origin, lines["phone"].note) == ("default", "default '-'")
    assert lines["key"].note == "csv, snapshot; c.csv"

"""What happens to a sheet of readings at the utility: it comes, waits, and is accepted, refused or withdrawn."""

from typing import Any

from .desk import local_now
from .sheet_store import Sheet, SheetState, SheetStore

REASONS = {
    "date_outside_period": "Дата поза поточним розрахунковим періодом",
    "meter_number_differs": "Інший номер лічильника",
    "digits_or_coefficient_differ": "Інша розрядність або коефіцієнт",
    "previous_reading_differs": "Інші попередні покази",
    "other": "Інше",
}
STATES = {
    SheetState.WAITING: "Чекає обробки",
    SheetState.ACCEPTED: "Оброблено",
    SheetState.REFUSED: "Відхилено",
    SheetState.WITHDRAWN: "Відкликано",
    SheetState.REPLACED: "Замінено новою редакцією",
}


class SheetRefused(Exception):
    """The sheet cannot be taken or withdrawn now; `code` is the contract's word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def receive(store: SheetStore, key: str, revision: int, body: dict[str, Any]) -> bool:
    """Take a revision; False when this very one is here already. Raises SheetRefused."""
    with store.locked():
        revisions = store.revisions(key)
        same = next((each for each in revisions if each.revision == revision), None)
        if same is not None and same.state is not SheetState.WITHDRAWN:
            if same.body != body:
                raise SheetRefused("different_sheet", "this revision is here with other content")
            if same.state is SheetState.REPLACED:
                raise SheetRefused("newer_revision", "a newer revision is here already")
            return False
        if any(each.state is SheetState.ACCEPTED for each in revisions):
            raise SheetRefused("already_taken", "the sheet has been processed")
        if any(each.revision > revision and each.state is not SheetState.WITHDRAWN for each in revisions):
            raise SheetRefused("newer_revision", "a newer revision is here already")
        store.add(
            Sheet(key=key, revision=revision, body=body, state=SheetState.WAITING, received_at=local_now())
        )
    return True


def withdraw(store: SheetStore, key: str) -> None:
    """Take back what waits. Raises LookupError for an unknown sheet, SheetRefused when it was accepted."""
    with store.locked():
        revisions = store.revisions(key)
        if not revisions:
            raise LookupError(key)
        if any(each.state is SheetState.ACCEPTED for each in revisions):
            raise SheetRefused("already_taken", "the sheet has been processed")
        store.change_waiting(key, SheetState.WITHDRAWN)


def decide(store: SheetStore, key: str, revision: int, refusals: list[dict[str, str]]) -> None:
    """An operator's verdict. Raises LookupError, or SheetRefused for a revision that does not wait."""
    with store.locked():
        sheet = next((each for each in store.revisions(key) if each.revision == revision), None)
        if sheet is None:
            raise LookupError(key)
        if sheet.state is not SheetState.WAITING:
            raise SheetRefused("not_waiting", f"Дія неможлива: аркуш у стані «{STATES[sheet.state]}».")
        _check(sheet, refusals)
        store.decide(key, revision, local_now(), refusals)


def _check(sheet: Sheet, refusals: list[dict[str, str]]) -> None:
    points = {line["metering_point_key"] for line in sheet.body["lines"]}
    for refusal in refusals:
        if not isinstance(refusal, dict) or set(refusal) != {"metering_point_key", "reason", "sent", "known"}:
            raise SheetRefused("bad_refusal", "Вкажіть точку, причину та обидва значення.")
        if refusal["metering_point_key"] not in points or refusal["reason"] not in REASONS:
            raise SheetRefused("bad_refusal", "Немає такої точки або причини.")

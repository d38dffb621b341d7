"""A night of maintenance pages at the document service needs no person in the morning."""

from __future__ import annotations

from ztoe_hub.errors import ProviderMisconfigured, UnexpectedAnswer
from ztoe_hub.outbox import list_work
from ztoe_hub.testing.situations import Situation


def following(situation: Situation) -> tuple[str, str | None]:
    """State and reason of the one row that follows the document."""
    rows = [row for row in list_work(situation.hub.database) if row.kind == "follow_document"]
    assert len(rows) == 1
    return rows[0].state.value, rows[0].last_error


def test_a_page_instead_of_an_answer_is_asked_again_in_a_quarter_of_an_hour(situation: Situation) -> None:
    situation.awaiting()
    situation.fakes.signing.fail_next = UnexpectedAnswer("expected JSON, got text/html")
    situation.pass_time(minutes=1)

    assert following(situation) == ("due", "expected JSON, got text/html")
    situation.pass_time(minutes=16)
    assert following(situation) == ("due", None)


def test_a_refused_login_still_waits_for_a_person(situation: Situation) -> None:
    situation.awaiting()
    situation.fakes.signing.fail_next = ProviderMisconfigured("the login is refused")
    situation.pass_time(minutes=1)

    assert following(situation) == ("parked", "the login is refused")

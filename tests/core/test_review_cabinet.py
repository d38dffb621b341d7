"""Numbers that no row can have, in addresses and forms: found in a review."""

from __future__ import annotations

import pytest

from ztoe_cabinet.app import create_app
from ztoe_hub.testing.situations import PASSWORD, Situation


@pytest.mark.parametrize("number", [2**31, 10**30])
def test_a_number_that_no_row_can_have_is_not_found_and_never_a_failure(
    situation: Situation, number: int
) -> None:
    app = create_app(situation.hub)
    app.config["WTF_CSRF_ENABLED"] = False
    browser = app.test_client()
    assert (
        browser.post("/login", data={"login": situation.user.login, "password": PASSWORD}).status_code == 302
    )
    here = f"/accounts/{situation.account_id}"
    for path in (f"/accounts/{number}/orders", f"{here}/orders/{number}", f"{here}/documents/{number}"):
        assert browser.get(path).status_code == 404
    assert browser.get(f"{here}/invoices/{number}/pdf").status_code == 404
    assert browser.post(f"/accounts/{number}/choose").status_code == 404
    assert browser.post("/messages/read", data={"message_id": str(number)}).status_code == 400
    assert browser.get(f"{here}/orders?year={number}").status_code == 200

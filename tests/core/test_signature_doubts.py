"""Signatures that do not settle the matter: who decides, and what counts as settled."""

from __future__ import annotations

import pytest

from ztoe_hub.errors import (
    NotFound,
    WrongMoment,
)
from ztoe_hub.storage.states import DocumentState, OrderState
from ztoe_hub.testing.fakes.reader import a_signer
from ztoe_hub.testing.situations import Situation
from ztoe_hub.values import (
    ContainerFormat,
    RecipientState,
    Signer,
)

DOUBTS: dict[str, tuple[list[Signer], bytes | None, str]] = {
    "somebody else's signature": ([a_signer("12500021")], None, "Підписав хтось інший"),
    "nobody's signature": ([], None, "не знайдено підпису"),
    "another document": ([a_signer()], b"another", "інший документ"),
    "a broken digest": ([a_signer(digest_ok=False)], None, "невідповідність"),
    "a broken signature": ([a_signer(signature_ok=False)], None, "невідповідність"),
    "a broken chain": ([a_signer(chain_ok=False)], None, "невідповідність"),
    "a certificate out of time": ([a_signer(time_ok=False)], None, "невідповідність"),
    "one good and one broken": (
        [a_signer(), a_signer("12500021", signature_ok=False)],
        None,
        "невідповідність",
    ),
}


@pytest.mark.parametrize("what", [*DOUBTS])
@pytest.mark.parametrize("approve", [True, False])
def test_a_doubtful_signature_waits_for_a_person(situation: Situation, what: str, approve: bool) -> None:
    signers, content, problem = DOUBTS[what]
    situation.fakes.reader.signers = signers
    situation.fakes.reader.content = content
    order_id = situation.accepted()
    [document] = situation.documents()
    assert document.state is DocumentState.NEEDS_OPERATOR
    assert problem in str(document.problem)
    assert situation.order(order_id).state is OrderState.AWAITING_SIGNATURE
    assert situation.hub.documents.file(
        situation.user, situation.account_id, document.id or 0, "signed"
    ).content

    situation.hub.signing.settle(document.id or 0, approve=approve, word="перевірено", actor="cli")
    situation.hub.engine.drain()
    state = situation.order(order_id).state
    assert state is (OrderState.ACCEPTED if approve else OrderState.COLLECTING)
    assert bool(situation.fakes.billing.orders) is approve
    assert situation.documents()[0].problem == "перевірено"
    with pytest.raises(WrongMoment):
        situation.hub.signing.settle(document.id or 0, approve=approve, word="again", actor="cli")


@pytest.mark.parametrize("part", ["digest_ok", "signature_ok", "chain_ok"])
def test_a_signature_that_was_not_checked_completely_needs_a_person(situation: Situation, part: str) -> None:
    situation.fakes.reader.signers = [a_signer(**{part: None})]
    order_id = situation.accepted()
    assert situation.order(order_id).state is OrderState.AWAITING_SIGNATURE
    assert situation.document(order_id).state is DocumentState.NEEDS_OPERATOR
    assert "не вдалося перевірити повністю" in str(situation.document(order_id).problem)


def test_somebody_elses_signature_does_not_vouch_for_the_consumers(situation: Situation) -> None:
    situation.fakes.reader.signers = [a_signer(chain_ok=None), a_signer(edrpou="99999999")]
    order_id = situation.accepted()
    assert situation.document(order_id).state is DocumentState.NEEDS_OPERATOR


def test_a_deployment_may_take_signatures_that_were_not_checked_completely(situation: Situation) -> None:
    settings = situation.settings_with("[documents]\nrequire_verified = false\n")
    hub = situation.another_hub(settings_text=settings)
    unchecked = dict.fromkeys(("digest_ok", "signature_ok", "chain_ok", "time_ok", "seal", "time_source"))
    situation.fakes.reader.signers = [a_signer(**unchecked)]
    order_id = situation.awaiting()
    situation.act(order_id, RecipientState.SIGNED)
    situation.clock.advance(seconds=20)
    hub.engine.drain()
    hub.close()
    assert situation.order(order_id).state is OrderState.ACCEPTED


@pytest.mark.parametrize("digest_ok", [True, False, None])
def test_a_detached_signature_counts_by_its_digest(situation: Situation, digest_ok: bool | None) -> None:
    situation.fakes.reader.format = ContainerFormat.CMS_DETACHED
    situation.fakes.reader.signers = [a_signer(digest_ok=digest_ok)]
    order_id = situation.accepted()
    accepted = situation.order(order_id).state is OrderState.ACCEPTED
    assert accepted is (digest_ok is True)


def test_a_sole_traders_code_counts_too(situation: Situation) -> None:
    situation.fakes.reader.signers = [a_signer(None, rnokpp="12500015")]
    order_id = situation.accepted()
    assert situation.order(order_id).state is OrderState.ACCEPTED


def test_bytes_that_are_no_container_wait_for_a_person(situation: Situation) -> None:
    situation.fakes.signing.container_of = lambda _: b"<html>sorry</html>"
    situation.accepted()
    [document] = situation.documents()
    assert document.state is DocumentState.NEEDS_OPERATOR
    view = situation.hub.documents.get(situation.user, situation.account_id, document.id or 0)
    assert view.files["signed"].media_type == "application/octet-stream"


def test_a_document_that_is_not_there_cannot_be_settled(situation: Situation) -> None:
    with pytest.raises(NotFound):
        situation.hub.signing.settle(404, approve=True, word="x", actor="cli")


def test_without_a_reader_the_signature_waits(situation: Situation) -> None:
    order_id = situation.awaiting()
    situation.act(order_id, RecipientState.SIGNED)
    text = situation.settings_text.replace('[signatures.reader]\ntype = "fake"\n', "")
    later = situation.another_hub(settings_text=text)
    situation.clock.advance(seconds=20)
    later.engine.drain()
    later.close()
    assert "signatures.kep" in str(situation.parked()["archive_document"])
    situation.retry_parked()
    situation.hub.engine.drain()
    assert situation.order(order_id).state is OrderState.ACCEPTED

"""Paperless's words, names and settings."""

from __future__ import annotations

from pathlib import Path

import pluggy
import pytest
from pydantic import ValidationError

import ztoe_paperless
from ztoe_hub import hookspecs
from ztoe_hub.values import RecipientState
from ztoe_paperless.settings import PaperlessSettings
from ztoe_paperless.words import remote_name, share_state

CLIENT = {"client_id": "ABCDEF00-0000-4000-8000-000000000001", "client_secret": "s3cret"}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        (0, RecipientState.SENT),
        (1, RecipientState.SENT),
        (2, RecipientState.VIEWED),
        (3, RecipientState.SIGNED),
        (10, RecipientState.SENT),
        (12, RecipientState.VIEWED),
        (13, RecipientState.SIGNED),
        (100, RecipientState.REVOKED),
        *[(word, RecipientState.UNKNOWN) for word in (4, 9, 14, 20, 23, 103, -1, -7)],
        *[(word, RecipientState.UNKNOWN) for word in ("3", "signed", None, True, 3.0, [3])],
    ],
)
def test_an_unlisted_word_is_kept_and_never_guessed(word: object, state: RecipientState) -> None:
    snapshot = share_state(word)
    assert (snapshot.state, snapshot.raw) == (state, str(word))


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [
        ("заява.pdf", "заява.pdf"),
        ("x" * 96 + ".pdf", "x" * 96 + ".pdf"),
        ("x" * 120 + ".pdf", "x" * 96 + ".pdf"),
        ("x" * 120, "x" * 100),
    ],
)
def test_a_long_name_is_cut_and_keeps_its_extension(file_name: str, expected: str) -> None:
    assert remote_name(file_name) == expected


def test_a_misspelt_setting_is_named() -> None:
    with pytest.raises(ValidationError, match="share_mod\n"):
        PaperlessSettings.model_validate(CLIENT | {"share_mod": 1})


@pytest.mark.parametrize("client_id", ["", "demo", "00000000000040008000000000000001"])
def test_a_client_id_is_a_uuid(client_id: str) -> None:
    with pytest.raises(ValidationError, match="client_id"):
        PaperlessSettings.model_validate(CLIENT | {"client_id": client_id})


def test_the_client_id_keeps_the_case_in_which_it_was_issued() -> None:
    assert PaperlessSettings.model_validate(CLIENT).client_id == CLIENT["client_id"]


def test_the_secret_is_not_shown() -> None:
    assert "s3cret" not in repr(PaperlessSettings.model_validate(CLIENT))


def test_the_plugin_offers_one_kind_of_service_within_the_limits_of_paperless() -> None:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(ztoe_paperless)
    manager.check_pending()
    [[kind]] = manager.hook.signing_services()
    assert (kind.name, kind.limits.rate_per_s) == ("paperless", 10)
    assert set(kind.settings.model_json_schema()["required"]) == {"client_id", "client_secret"}


def test_the_readme_lists_every_setting() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    missing = [name for name in PaperlessSettings.model_fields if f"| `{name}` |" not in readme]
    assert missing == []

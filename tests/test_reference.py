"""The reference names every setting, command and hook there is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import typer.main
from pydantic import BaseModel

from ztoe_hub import hookspecs, settings
from ztoe_hub.cli.main import known_commands
from ztoe_hub.plugin_manager import HOOK_OF

REFERENCE = Path(__file__).parents[1] / "docs/reference"
SECTIONS: dict[str, type[BaseModel]] = {
    "[hub]": settings.HubSection,
    "[cabinet]": settings.CabinetSection,
    "[work]": settings.WorkSection,
    "[imports]": settings.ImportsSection,
    "[orders]": settings.OrdersSection,
    "[documents]": settings.DocumentsSection,
    "[[services]]": settings.ServiceKind,
    "[[routes.signing]]": settings.SigningRoute,
}


@pytest.mark.parametrize("section", list(SECTIONS))
def test_every_setting_stands_in_the_reference_with_its_default(section: str) -> None:
    text = (REFERENCE / "settings.md").read_text("utf-8")
    table = text.partition(f"## `{section}`")[2].partition("\n## ")[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", table, re.MULTILINE))

    assert list(listed) == list(SECTIONS[section].model_fields)
    for name, field in SECTIONS[section].model_fields.items():
        assert field.description, f"{section} {name} has no description"
        if not field.is_required() and name != "utility":
            assert listed[name] == f"`{field.default}`"


def test_every_section_of_the_settings_is_in_the_reference() -> None:
    text = (REFERENCE / "settings.md").read_text("utf-8")

    for name in set(settings.Settings.model_fields) - {"path", "instances"}:
        assert f"`[{name}]`" in text or f"`[[{name}" in text, name


def test_every_command_stands_in_the_reference() -> None:
    text = (REFERENCE / "commands.md").read_text("utf-8")
    missing = []
    for name, command in known_commands().items():
        module, _, attribute = command.target.partition(":")
        target = getattr(__import__(module, fromlist=[attribute]), attribute)
        names = [name]
        if isinstance(target, typer.Typer):
            group = typer.main.get_group(target)
            names = [f"{name} {child}" for child in group.commands]
        missing += [each for each in names if f"`ztoe-hub {each}" not in text]

    assert missing == []


def test_every_hook_stands_in_the_reference_with_its_signature() -> None:
    text = (REFERENCE / "hooks.md").read_text("utf-8")
    hooks = [
        value
        for _, value in inspect.getmembers(hookspecs, inspect.isfunction)
        if hasattr(value, "ztoe_hub_spec")
    ]

    assert len(hooks) == len(HOOK_OF) + 2
    for hook in hooks:
        parameters = ", ".join(str(each) for each in inspect.signature(hook).parameters.values())
        assert f"`{hook.__name__}({parameters})`".replace("'", "") in text, hook.__name__

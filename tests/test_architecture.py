"""ARCHITECTURE.md matches the tree: every module of the core is listed with its own first line, every path exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
LONGEST_FILE, LONGEST_TEST = 300, 500


def first_line(module: Path) -> str:
    """The module's job in one line."""
    return (ast.get_docstring(ast.parse(module.read_text("utf-8"))) or "").split("\n")[0].rstrip(".")


def core_modules() -> dict[str, Path]:
    """What stands directly in the core, as ARCHITECTURE.md names it."""
    found = {}
    for path in (ROOT / "ztoe_hub").iterdir():
        if (path / "__init__.py").exists():
            found[f"ztoe_hub/{path.name}/"] = path / "__init__.py"
        elif path.suffix == ".py" and path.name != "__init__.py":
            found[f"ztoe_hub/{path.name}"] = path
    return found


def our_code() -> list[Path]:
    """Every Python file of ours that is not generated."""
    return [
        path
        for folder in ("ztoe_hub", "plugins", "webapp", "sandbox", "demo", "bench", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if "versions" not in path.parts
    ]


def test_every_module_of_the_core_is_listed_with_its_job() -> None:
    listed = dict(re.findall(r"^\| `(ztoe_hub/[\w.]+/?)` \| (.+) \|$", TEXT, re.MULTILINE))

    assert listed == {name: first_line(path) for name, path in core_modules().items()}


def test_every_path_that_is_named_exists() -> None:
    for line in re.findall(r"^\|.+\|$", TEXT.partition("## To change X")[2], re.MULTILINE):
        for path in re.findall(r"`((?:ztoe_hub|plugins|webapp|demo|sandbox)/[\w./]+)`", line):
            assert (ROOT / path.replace("NAME", "email")).exists(), path


def test_files_stay_short_and_say_what_they_are_for() -> None:
    long, silent = {}, []
    for path in our_code():
        name, text = str(path.relative_to(ROOT)), path.read_text("utf-8")
        lines = len(text.splitlines())
        if lines > (LONGEST_TEST if "tests" in path.parts else LONGEST_FILE):
            long[name] = lines
        if text.strip() and not first_line(path):
            silent.append(name)

    assert long == {}
    assert silent == []

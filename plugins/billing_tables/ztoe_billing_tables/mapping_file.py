"""Reads a mapping file; whatever is wrong in it is said with file, line and key."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from ztoe_hub.errors import ConfigurationError

from .mapping import Mapping, Misfit

LARGEST_FILE = 1024 * 1024
Place = tuple[str | int, ...]


def load_mapping(path: Path) -> Mapping:
    """The mapping. Raises ConfigurationError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the mapping {path} cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_FILE:
        raise ConfigurationError(f"the mapping {path} is larger than a mapping can be")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"the mapping {path} is not UTF-8") from None
    return parse_mapping(text, path.name)


def parse_mapping(text: str, name: str) -> Mapping:
    """As `load_mapping`, from text; `name` is what errors call the file."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            raise ConfigurationError(f"{name}: the mapping is empty")
        lines = _lines(root, name)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{name} line {line}: {error.problem or 'is not YAML'}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name}: is not YAML: {str(error).splitlines()[0]}") from None
    try:
        return Mapping.model_validate(data)
    except ValidationError as error:
        raise ConfigurationError("\n".join(_told(error, lines, name))) from None


def _lines(root: yaml.Node, name: str) -> dict[Place, int]:
    """The line of every key. An alias or a key that comes twice is refused: one of the two would be lost unseen."""
    found: dict[Place, int] = {}
    open_nodes: list[tuple[Place, yaml.Node]] = [((), root)]
    seen: set[int] = set()
    while open_nodes:
        place, node = open_nodes.pop()
        line = node.start_mark.line + 1
        found.setdefault(place, line)
        if id(node) in seen:
            raise ConfigurationError(f"{name} line {line}: an alias (*) is not taken here")
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            open_nodes += [((*place, at), value) for at, value in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = (*place, str(key.value))
                if inner in found:
                    raise ConfigurationError(
                        f"{name} line {key.start_mark.line + 1}: {_dotted(inner)} comes twice"
                    )
                found[inner] = key.start_mark.line + 1
                open_nodes.append((inner, value))
    return found


def _told(error: ValidationError, lines: dict[Place, int], name: str) -> list[str]:
    told = []
    for each in error.errors(include_url=False, include_input=False):
        cause = each.get("ctx", {}).get("error")
        place: Place = cause.place if isinstance(cause, Misfit) else tuple(each["loc"])
        known = place
        while known and known not in lines:  # pydantic also counts the choices of a union
            known = known[:-1]
        message = cause.message if isinstance(cause, Misfit) else each["msg"].removeprefix("Value error, ")
        told.append(f"{name} line {lines.get(known, 1)}: {_dotted(known) or 'the file'}: {message}")
    return list(dict.fromkeys(told))


def _dotted(place: Place) -> str:
    return ".".join(str(each) for each in place)

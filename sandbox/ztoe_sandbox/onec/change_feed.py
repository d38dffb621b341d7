"""What SelectChanges answers: an Atom feed of changed records, and tombstones of those that are gone."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

from .errors import Code, M, ODataError
from .render import ATOM, D, Writer
from .schema import EntitySet
from .utility import Utility

TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
WHEN = "2026-11-24T12:00:00"
ALLOWED_CONTROLS = "\t\n\r"


def change_feed(utility: Utility, sets: Mapping[str, EntitySet], root: str, message: int) -> str:
    """The feed of one message. What is not in the composition of the interface is left out in silence."""
    entries = [
        _entry(utility, sets[set_name], key, root)
        for set_name, key in utility.plan.select(message)
        if set_name in sets
    ]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="{ATOM}" xmlns:at="{TOMBSTONES}" xmlns:d="{D}" '
        f'xmlns:m="{M}" xml:base="{escape(root)}">{"".join(entries)}</feed>'
    )


def _entry(utility: Utility, entity_set: EntitySet, key: str, root: str) -> str:
    record = utility.find(entity_set.name, key)
    if record is None:
        address = escape(f"{root}{entity_set.name}(guid'{key}')")
        return f'<at:deleted-entry ref="{address}" when="{WHEN}"/>'
    writer = Writer(entity_set, list(entity_set.fields), [], utility.presentation)
    entry = writer.atom_entry(record, root=root, declared=False)
    if any(ord(sign) < 32 and sign not in ALLOWED_CONTROLS for sign in entry):
        # One such character in one text, and nothing of the message can be had until somebody mends the record.
        raise ODataError(400, Code.BAD_FORMAT, "Текст содержит недопустимый символ XML")
    return entry

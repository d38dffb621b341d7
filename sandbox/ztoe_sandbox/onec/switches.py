"""What can be switched while the base runs: a weaker server, and a composition of OData that has shrunk."""

from dataclasses import dataclass, field, replace

from .schema import Edm, EntitySet


@dataclass(slots=True, kw_only=True)
class Switches:
    """`most_rows` is what one answer may hold before memory ends; 0 means that it never does.

    `metadata_drop` names what has left the composition: "Set", "Set.Field", or "Set.Field=Edm.String" for a field
    whose type has changed. `most_sessions` is how many sessions of clients there may be at once.
    """

    most_rows: int = 0
    metadata_drop: list[str] = field(default_factory=list)
    most_sessions: int = 10
    query_form: bool = True  # whether a virtual table takes its arguments as a query

    def change(self, values: dict[str, object]) -> None:
        """Set some of them. Raises ValueError naming what is wrong."""
        for name, value in values.items():
            known = getattr(self, name, None)
            if known is None or name not in self.__slots__ or type(value) is not type(known):
                raise ValueError(f"no switch {name} with the value {value!r}")
            setattr(self, name, value)

    def left(self, sets: dict[str, EntitySet]) -> dict[str, EntitySet]:
        """What is still in the composition."""
        found = dict(sets)
        for dropped in self.metadata_drop:
            name, _, rest = dropped.partition(".")
            field_name, _, new_type = rest.partition("=")
            if name in found and not field_name:
                del found[name]
            elif name in found:
                found[name] = _without(found[name], field_name, new_type)
        return found


def _without(entity_set: EntitySet, name: str, new_type: str) -> EntitySet:
    if new_type:
        fields = tuple(
            replace(each, type=Edm(new_type)) if each.name == name else each for each in entity_set.fields
        )
    else:
        fields = tuple(each for each in entity_set.fields if each.name != name)
    return replace(entity_set, fields=fields)

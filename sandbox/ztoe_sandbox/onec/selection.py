"""Which records a read returns, and in which order: unstable unless the client asks for an order."""

import itertools
import random
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from math import gcd
from typing import Any

from .errors import Code, ODataError
from .filters import compile_filter
from .request import Options
from .schema import EntitySet, Field
from .tokens import unparsable

KEPT = 12


class Selections:
    """Filters and sorts once per question: a client that pages asks the same one many times."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, str, tuple[tuple[str, bool], ...]], Sequence[Any]] = (
            OrderedDict()
        )
        self._requests = itertools.count(1)

    def select(
        self, entity_set: EntitySet, records: Sequence[Any], options: Options, about: str = ""
    ) -> tuple[int, Iterator[Any]]:
        """How many records match, and those of the asked page. `about` tells virtual tables apart."""
        request = next(self._requests)
        found = self._matching(entity_set, records, options, about or entity_set.name, variant=request % 2)
        skip, top = (0, None) if options.count_all else (options.skip, options.top)
        end = len(found) if top is None else min(len(found), skip + top)
        if options.order:
            return len(found), iter(found[skip:end])
        return len(found), _shuffled(found, request, skip, end)

    def _matching(
        self, entity_set: EntitySet, records: Sequence[Any], options: Options, about: str, variant: int
    ) -> Sequence[Any]:
        # Records with equal sort keys change places from request to request: two variants are kept.
        question = (f"{about} {variant if options.order else 0}", options.filter, options.order)
        answer = self._answers.get(question)
        if answer is None:
            answer = _filtered(entity_set, records, options.filter)
            if options.order:
                answer = _sorted(entity_set, answer if variant else answer[::-1], options.order)
            self._answers[question] = answer
            while len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        return answer


def _filtered(entity_set: EntitySet, records: Sequence[Any], text: str) -> Sequence[Any]:
    if not text:
        return records
    holds = compile_filter(text, entity_set.fields)
    return [record for record in records if holds(record)]


def _sorted(
    entity_set: EntitySet, records: Sequence[Any], order: tuple[tuple[str, bool], ...]
) -> Sequence[Any]:
    found = list(records)
    for name, descending in reversed(order):
        get = _sort_key(entity_set, name)
        found.sort(key=get, reverse=descending)
    return found


def _sort_key(entity_set: EntitySet, name: str) -> Callable[[Any], Any]:
    if name == "Ref_Key" and entity_set.key:
        return entity_set.presentation  # 1C orders references by what a person reads
    field = entity_set.field(name)
    if field is None:
        raise unparsable(name)
    get = field.get
    return lambda record: (get(record) is not None, get(record))


def _shuffled(records: Sequence[Any], request: int, start: int, end: int) -> Iterator[Any]:
    """A page of an order that is another one in every request, without building it."""
    size = len(records)
    chance = random.Random(request)  # noqa: S311 - no secret
    offset = chance.randrange(size) if size else 0
    step = next(
        step for step in itertools.count(chance.randrange(size // 2 + 1) + 1) if gcd(step, size or 1) == 1
    )
    return (records[(offset + place * step) % size] for place in range(start, max(start, end)))


def selected_fields(entity_set: EntitySet, names: tuple[str, ...]) -> tuple[list[Field], list[Field]]:
    """The fields to show, and the references of which a presentation was asked."""
    if not names:
        return list(entity_set.fields), []
    shown: list[Field] = []
    presented: list[Field] = []
    for name in names:
        if name in ("*", "**"):
            shown.extend(entity_set.fields)
        elif name.endswith("____Presentation"):
            presented.append(_reference(entity_set, name))
        else:
            shown.append(_known(entity_set, name))
    return shown, presented


def _known(entity_set: EntitySet, name: str) -> Field:
    field = entity_set.field(name)
    if field is None:
        raise ODataError(400, Code.BAD_URL, f'Сегмент пути "{name}" не найден!')
    return field


def _reference(entity_set: EntitySet, name: str) -> Field:
    stem = name.removesuffix("____Presentation")
    field = next((field for field in entity_set.fields if stem in (field.navigation, field.name)), None)
    if field is None or not field.target:
        raise ODataError(400, Code.BAD_URL, f'Сегмент пути "{name}" не найден!')
    return field

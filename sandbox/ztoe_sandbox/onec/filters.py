"""$filter and Condition: comparisons, and/or/not, parentheses and four functions; the rest is refused."""

import datetime as dt
import operator
from collections.abc import Callable, Sequence
from typing import Any

from .errors import Code, ODataError, where_refused
from .schema import Edm, Field, Value
from .tokens import Token, tokens_of, unparsable

Predicate = Callable[[Any], bool]
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
LITERALS = ("guid", "datetime", "text", "number", "boolean")
NUMBERS = (Edm.INT16, Edm.INT64, Edm.DOUBLE)
LITERAL_OF = {Edm.GUID: "guid", Edm.STRING: "text", Edm.DATETIME: "datetime", Edm.BOOLEAN: "boolean"}
UNORDERED = ("guid", "boolean")


class Operand:
    """One side of a comparison: what it is worth for a record, and what it may be compared with."""

    def __init__(self, kind: str, get: Callable[[Any], Value], *, composite: bool = False) -> None:
        self.kind = kind
        self.get = get
        self.composite = composite


def compile_filter(text: str, fields: Sequence[Field]) -> Predicate:
    """The filter as a function of a record; raises ODataError for what 1C does not take."""
    return _Parser(text, fields).parse()


class _Parser:
    def __init__(self, text: str, fields: Sequence[Field]) -> None:
        self._text = text
        self._tokens = list(tokens_of(text))
        self._place = 0
        self._fields = {field.name: field for field in fields}

    def parse(self) -> Predicate:
        predicate = self._either()
        self._expect("end")
        return predicate

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._next
        self._place += token.kind != "end"
        return token

    def _is(self, text: str) -> bool:
        if self._next.kind in ("name", "sign") and self._next.text == text:
            self._place += 1
            return True
        return False

    def _expect(self, kind: str, text: str = "") -> Token:
        token = self._take()
        if token.kind != kind or (text and token.text != text):
            raise unparsable(self._text)
        return token

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._is("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda record: any(part(record) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._one()]
        while self._is("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda record: all(part(record) for part in parts)

    def _one(self) -> Predicate:
        if self._is("not"):
            inner = self._one()
            return lambda record: not inner(record)
        if self._is("("):
            inner = self._either()
            self._expect("sign", ")")
            return inner
        if self._next.text in ("startswith", "substringof") and self._next.kind == "name":
            return self._text_function(self._take().text)
        return self._comparison()

    def _text_function(self, name: str) -> Predicate:
        self._expect("sign", "(")
        first = self._operand()
        self._expect("sign", ",")
        second = self._operand()
        self._expect("sign", ")")
        if first.kind != "text" or second.kind != "text":
            raise where_refused()
        whole, part = (second, first) if name == "substringof" else (first, second)
        found = _contains if name == "substringof" else _starts
        return self._optional_truth(lambda record: found(whole.get(record), part.get(record)))

    def _optional_truth(self, predicate: Predicate) -> Predicate:
        if not self._is("eq"):
            return predicate
        wanted = self._expect("boolean").value
        return lambda record: predicate(record) == wanted

    def _comparison(self) -> Predicate:
        left = self._operand()
        sign = self._expect("name").text
        if sign not in COMPARISONS:
            raise unparsable(self._text)
        return _compare(left, sign, self._operand())

    def _operand(self) -> Operand:
        token = self._take()
        if token.kind in LITERALS:
            return Operand(token.kind, lambda _: token.value)
        if token.kind != "name":
            raise unparsable(self._text)
        if self._is("("):
            return self._date_function(token.text)
        return self._field(token.text)

    def _date_function(self, name: str) -> Operand:
        if name not in ("year", "month"):
            raise ODataError(400, Code.BAD_FUNCTION, f"Функция не поддерживается: {name}")
        inner = self._operand()
        self._expect("sign", ")")
        if inner.kind != "datetime":
            raise where_refused()
        return Operand("number", lambda record: _part_of_date(inner.get(record), name))

    def _field(self, name: str) -> Operand:
        field = self._fields.get(name)
        if field is None:
            raise ODataError(400, Code.BAD_OPTION, f'Сегмент пути "{name}" не найден!')
        kind = "number" if field.type in NUMBERS else LITERAL_OF[field.type]
        get = field.get
        if field.padded:
            return Operand(kind, lambda record: str(get(record)).rstrip())
        return Operand(kind, get, composite=field.composite)


def _starts(whole: Value, part: Value) -> bool:
    return str(whole or "").startswith(str(part))


def _contains(whole: Value, part: Value) -> bool:
    return str(part) in str(whole or "")


def _part_of_date(value: Value, name: str) -> Value:
    return getattr(value, name) if isinstance(value, dt.datetime) else None


def _compare(left: Operand, sign: str, right: Operand) -> Predicate:
    if left.composite or right.composite:
        # A reference of several types compared without cast() is never equal, and 1C says nothing about it.
        return lambda _: sign == "ne"
    if left.kind != right.kind or (left.kind in UNORDERED and sign not in ("eq", "ne")):
        raise where_refused()
    return _comparison(left.get, COMPARISONS[sign], right.get, padded=left.kind == "text")


def _comparison(
    left: Callable[[Any], Value],
    compare: Callable[[Any, Any], bool],
    right: Callable[[Any], Value],
    *,
    padded: bool,
) -> Predicate:
    def holds(record: Any) -> bool:
        one, other = left(record), right(record)
        if one is None or other is None:
            return False
        if padded:  # the database compares strings without their trailing spaces
            return compare(str(one).rstrip(" "), str(other).rstrip(" "))
        return compare(one, other)

    return holds

"""Reads a request as it came over the wire: what a framework repairs silently, 1C refuses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from .errors import Code, InvalidURL, ODataError, where_refused
from .tokens import unparsable

LONGEST_SEGMENT = 260  # http.sys, in decoded characters
FORMATS = {
    "json": "minimal",
    "application/json": "minimal",
    "application/json;odata=minimalmetadata": "minimal",
    "application/json;odata=nometadata": "none",
    "atom": "atom",
    "application/atom+xml": "atom",
}
OPTIONS = ("$filter", "$select", "$orderby", "$top", "$skip", "$inlinecount", "$format", "allowedOnly")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The query options of a read, decoded."""

    filter: str = ""
    select: tuple[str, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()  # field, descending
    top: int | None = None
    skip: int = 0
    count_all: bool = False
    format: str = "atom"

    @property
    def as_json(self) -> bool:
        return self.format != "atom"


def path_segments(environ: Mapping[str, str], prefix: str) -> list[str]:
    """The segments below `prefix`, decoded, with what IIS and 1C do to `?`, `+` and `\\` inside a path."""
    raw = (
        environ.get("RAW_URI") or environ.get("REQUEST_URI") or quote(environ["PATH_INFO"].encode("latin-1"))
    )
    path = raw.partition("?")[0]
    if "://" in path:
        path = "/" + path.split("://", 1)[1].partition("/")[2]
    segments = [unquote(segment) for segment in path.split("/")]
    if any(len(segment) > LONGEST_SEGMENT for segment in segments):
        raise InvalidURL
    survived = "/".join(segments).partition("?")[0].replace("+", " ").replace("\\", "/")
    return [segment for segment in survived[len(prefix) :].split("/") if segment]


def query_pairs(query: str) -> Iterator[tuple[str, str]]:
    """Names and values, decoded; a raw plus is no space to 1C, and breaks the query text."""
    if "+" in query:
        raise where_refused()
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            try:
                yield unquote(name, errors="strict"), unquote(value, errors="strict")
            except UnicodeDecodeError:
                raise unparsable(pair) from None


def split_query(environ: Mapping[str, str], extra: tuple[str, ...]) -> dict[str, str]:
    """Every option once; unknown ones are refused, `extra` names the parameters of a virtual table."""
    found: dict[str, str] = {}
    for name, value in query_pairs(environ.get("QUERY_STRING", "")):
        if name == "$expand":
            raise ODataError(400, Code.UNSUPPORTED, "Опция $expand не поддерживается")
        if name not in OPTIONS and name not in extra:
            raise ODataError(400, Code.BAD_OPTION, f"Неизвестная опция запроса: {name}")
        if name in found:
            raise ODataError(400, Code.BAD_OPTION, f"Опция указана более одного раза: {name}")
        found[name] = value
    return found


def wants_json(environ: Mapping[str, str]) -> bool:
    """Which form an error takes; never fails, whatever the query is."""
    query = unquote(environ.get("QUERY_STRING", ""), errors="replace")
    if "$format=" in query:
        return "$format=json" in query or "$format=application/json" in query
    return "application/json" in environ.get("HTTP_ACCEPT", "")


def options_of(query: Mapping[str, str], accept: str) -> Options:
    if query.get("allowedOnly", "true") not in ("true", "false"):
        raise unparsable("allowedOnly")
    if query.get("$inlinecount", "none") not in ("allpages", "none"):
        raise unparsable("$inlinecount")
    return Options(
        filter=query.get("$filter", ""),
        select=_names(query.get("$select", "")),
        order=tuple(_order(part) for part in _names(query.get("$orderby", ""))),
        top=_number(query["$top"]) if "$top" in query else None,
        skip=_number(query.get("$skip", "0")),
        count_all=query.get("$inlinecount") == "allpages",
        format=_format(query.get("$format"), accept),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text else ()


def _order(part: str) -> tuple[str, bool]:
    name, _, direction = part.partition(" ")
    if direction not in ("", "asc", "desc"):
        raise unparsable(part)
    return name, direction == "desc"


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise unparsable(text)
    return int(text)


def _format(asked: str | None, accept: str) -> str:
    if asked is not None:
        if asked.replace(" ", "") not in FORMATS:
            raise ODataError(400, Code.BAD_REPRESENTATION, f"Неподдерживаемый формат: {asked}")
        return FORMATS[asked.replace(" ", "")]
    if "application/json" not in accept:
        return "atom"
    return "none" if "odata=nometadata" in accept.replace(" ", "") else "minimal"

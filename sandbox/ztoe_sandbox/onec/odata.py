"""The blueprint of the OData interface: what each address of the base answers."""

import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request

from .auth import require_user
from .change_feed import change_feed
from .errors import Code, InvalidURL, ODataError, ServerException, where_refused
from .exchange import NODE_KEY, PLAN
from .metadata import metadata, service_document, set_names
from .reading_rows import READINGS, READINGS_SET
from .readings_register import ReadingsRegister
from .register import PARAMETERS, Register, path_arguments
from .render import Writer
from .request import Options, options_of, path_segments, split_query, wants_json
from .schema import EntitySet
from .selection import Selections, selected_fields
from .sessions import Sessions
from .sets import ENTITY_SETS, REGISTER
from .switches import Switches
from .tokens import GUID
from .utility import Utility

PREFIX = "/utility/odata/standard.odata"
RESOURCE = re.compile(r"(?P<name>[^\W\d]\w*)(?:\((?P<arguments>.*)\))?", re.DOTALL)
KEY = re.compile(rf"(?:Ref_Key=)?guid'({GUID})'")
JSON_TYPE = {"minimal": "application/json;odata=minimalmetadata;charset=utf-8"}
READ_OPTIONS_OF_ONE = ("$select", "$format", "allowedOnly")
EXCHANGE_POINT = re.compile(rf"'.*/{PLAN}\(guid'({GUID})'\)'")


def odata_blueprint(
    utility: Utility, readings: ReadingsRegister, switches: Switches, sessions: Sessions
) -> Blueprint:
    blueprint = Blueprint("odata", __name__, url_prefix=PREFIX)
    interface = _Interface(utility, readings, switches)
    blueprint.before_request(require_user)
    blueprint.before_request(sessions.before_request)
    blueprint.after_request(sessions.after_request)
    blueprint.register_error_handler(ODataError, _odata_error)
    blueprint.register_error_handler(ServerException, lambda error: _json(error.body(), 500))
    blueprint.register_error_handler(
        InvalidURL, lambda error: _answer(error.body, 400, "text/html; charset=us-ascii")
    )
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    for rule in ("", "/", "/<path:_rest>"):
        blueprint.add_url_rule(rule, "answer", interface.answer, methods=methods)
    return blueprint


def _answer(body: str, status: int, content_type: str) -> Response:
    return Response(body, status=status, content_type=content_type, headers={"DataServiceVersion": "3.0"})


def _json(body: str, status: int = 200, level: str = "") -> Response:
    return _answer(body, status, JSON_TYPE.get(level, "application/json;charset=utf-8"))


def _odata_error(error: ODataError) -> Response:
    body, content_type = error.body(wants_json(request.environ))
    return _answer(body, error.status, content_type)


class _Interface:
    def __init__(self, utility: Utility, readings: ReadingsRegister, switches: Switches) -> None:
        self._utility = utility
        self._readings = readings
        self._switches = switches
        self._register = Register(lambda: utility.turnovers)
        self._selections = Selections()

    @property
    def _sets(self) -> dict[str, EntitySet]:
        return self._switches.left(ENTITY_SETS)

    def answer(self, _rest: str = "") -> Response:
        segments = path_segments(request.environ, PREFIX)
        if request.method == "POST" and segments in (["SelectChanges"], ["NotifyChangesReceived"]):
            return self._exchange(segments[0])
        if request.method != "GET":
            return self._written(segments)
        if not segments:
            return self._service_document()
        if segments == ["$metadata"]:
            return self._metadata()
        return self._resource(segments[0], "/".join(segments[1:]))

    def _metadata(self) -> Response:
        answer = _answer(metadata(self._sets), 200, "application/xml;charset=utf-8")
        answer.add_etag()
        answer.make_conditional(request)
        return answer

    def _exchange(self, method: str) -> Response:
        query = split_query(request.environ, ("DataExchangePoint", "MessageNo"))
        point = EXCHANGE_POINT.fullmatch(query.get("DataExchangePoint", ""))
        message = query.get("MessageNo", "")
        if point is None or point[1] != NODE_KEY or not message.isdecimal() or PLAN not in self._sets:
            raise ODataError(400, Code.BAD_ARGUMENT, "Неверные параметры функции")
        if method == "SelectChanges":
            feed = change_feed(self._utility, self._sets, self._root, int(message))
            return _answer(feed, 200, ATOM_FEED)
        self._utility.plan.confirm(int(message))
        return Response(status=200)

    def _written(self, segments: list[str]) -> Response:
        """The register of readings is the one thing that may be written."""
        match = RESOURCE.fullmatch(segments[0]) if len(segments) == 1 else None
        if match is None or match["name"] != READINGS or READINGS not in self._sets:
            raise ODataError(405, Code.METHOD_FORBIDDEN, "Метод не разрешен: объект открыт только на чтение")
        if request.method == "POST" and match["arguments"] is None:
            row = self._readings.create(request.get_data())
            return self._one(READINGS_SET, row, self._options(split_query(request.environ, ())), 201)
        row = self._known_row(match["arguments"] or "")
        if request.method == "DELETE":
            self._readings.delete(row)
            return Response(status=204)
        if request.method != "PATCH":
            raise ODataError(405, Code.METHOD_FORBIDDEN, "Метод не разрешен")
        changed = self._readings.change(row, request.get_data())
        return self._one(READINGS_SET, changed, self._options(split_query(request.environ, ())))

    def _known_row(self, arguments: str) -> Any:
        row = self._readings.find(arguments)
        if row is None:
            raise ODataError(404, Code.NO_INSTANCE, "Экземпляр сущности не найден")
        return row

    @property
    def _root(self) -> str:
        return f"{request.host_url.rstrip('/')}{PREFIX}/"

    def _options(self, query: Mapping[str, str]) -> Options:
        return options_of(query, request.headers.get("Accept", ""))

    def _service_document(self) -> Response:
        options = self._options(split_query(request.environ, ()))
        if not options.as_json:
            return _answer(
                service_document(self._root, self._sets), 200, "application/atomsvc+xml;charset=utf-8"
            )
        listed = [{"name": name, "url": name} for name in set_names(self._sets)]
        head = {"odata.metadata": f"{self._root}$metadata"} if options.format == "minimal" else {}
        return _json(json.dumps({**head, "value": listed}, ensure_ascii=False), level=options.format)

    def _resource(self, first: str, rest: str) -> Response:
        match = RESOURCE.fullmatch(first)
        name = match["name"] if match else first
        sets = self._sets
        if match is None or name not in set_names(sets):
            raise ODataError(404, Code.NO_ENTITY_TYPE, f'Тип сущности "{name}" не найден')
        if name == REGISTER:
            return self._virtual_table(rest)
        if match["arguments"] is not None:
            return self._single(sets[name], match["arguments"], rest)
        return self._set(sets[name], rest)

    def _set(self, entity_set: EntitySet, rest: str) -> Response:
        if rest not in ("", "$count"):
            raise ODataError(400, Code.BAD_URL, f'Сегмент пути "{rest}" не найден!')
        options = self._options(split_query(request.environ, ()))
        records: Sequence[Any]
        if entity_set.name == READINGS:
            records, about = self._readings.rows(), f"{READINGS} {uuid.uuid4()}"
            if any(name in options.filter for name in entity_set.key_fields):
                raise where_refused()  # a filter by a part of a composite key
        else:
            records = self._utility.records(entity_set.name)
            about = f"{entity_set.name} {self._utility.version} {self._utility.plan.nodes[1]}"
        matching, page = self._selections.select(entity_set, records, options, about)
        if rest == "$count":
            return _answer(str(matching), 200, "text/plain;charset=utf-8")
        return self._list(entity_set, options, matching, page)

    def _list(self, entity_set: EntitySet, options: Options, matching: int, page: Iterable[Any]) -> Response:
        rows = list(page)
        if self._switches.most_rows and len(rows) > self._switches.most_rows:
            raise ServerException("Недостаточно памяти")
        writer = self._writer(entity_set, options)
        count = matching if options.count_all else None
        if options.as_json:
            keep = options.format == "minimal"
            return _json(
                writer.json_list(rows, root=self._root, metadata=keep, count=count), level=options.format
            )
        return _answer(writer.atom_feed(rows, root=self._root, count=count), 200, ATOM_FEED)

    def _single(self, entity_set: EntitySet, arguments: str, rest: str) -> Response:
        query = split_query(request.environ, ())
        if rest or any(name not in READ_OPTIONS_OF_ONE for name in query):
            raise ODataError(400, Code.BAD_URL, f'Сегмент пути "{rest or arguments}" не найден!')
        options = self._options(query)
        if entity_set.name == READINGS:
            return self._one(entity_set, self._known_row(arguments), options)
        key = KEY.fullmatch(arguments)
        if key is None:
            raise ODataError(400, Code.BAD_URL, f'Сегмент пути "{arguments}" не найден!')
        record = self._utility.find(entity_set.name, key[1])
        if record is None:
            raise ODataError(404, Code.NO_INSTANCE, "Экземпляр сущности не найден")
        return self._one(entity_set, record, options)

    def _one(self, entity_set: EntitySet, record: Any, options: Options, status: int = 200) -> Response:
        writer = self._writer(entity_set, options)
        if options.as_json:
            keep = options.format == "minimal"
            return _json(
                writer.json_single(record, root=self._root, metadata=keep), status, level=options.format
            )
        entry = writer.atom_entry(record, root=self._root, declared=True)
        return _answer(f'<?xml version="1.0" encoding="UTF-8"?>\n{entry}', status, ATOM_ENTRY)

    def _virtual_table(self, rest: str) -> Response:
        if not rest:
            raise ServerException("Недостаточно памяти")  # a register without a period, read as a whole
        match = RESOURCE.fullmatch(rest)
        if match is None or match["name"] not in PARAMETERS:
            raise ODataError(400, Code.BAD_URL, f'Метод не найден: "{rest}"')
        parameters = PARAMETERS[match["name"]]
        query = split_query(request.environ, parameters if self._switches.query_form else ())
        arguments = {**path_arguments(match["arguments"] or ""), **query}
        options = self._options(query)
        shape, rows, about = self._register.table(match["name"], arguments)
        return self._list(shape, options, *self._selections.select(shape, rows, options, about))

    def _writer(self, entity_set: EntitySet, options: Options) -> Writer:
        shown, presented = selected_fields(entity_set, options.select)
        return Writer(entity_set, shown, presented, self._utility.presentation)


ATOM_FEED = "application/atom+xml;type=feed;charset=utf-8"
ATOM_ENTRY = "application/atom+xml;type=entry;charset=utf-8"

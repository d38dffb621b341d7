"""How 1C says no: four bodies, depending on who refuses and what was asked for."""

import json
from enum import StrEnum
from xml.sax.saxutils import escape

WHERE_REFUSED = "Операция не разрешена в предложении ГДЕ"
M = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"


class Code(StrEnum):
    """The numbers of the vendor's manual, 17.4.10."""

    HANDLER = "-1"
    UNSUPPORTED = "0"
    BAD_FORMAT = "2"
    BAD_REPRESENTATION = "3"
    BAD_VALUE = "4"
    REQUIRED = "5"
    BAD_URL = "6"
    NO_KEY = "7"
    NO_ENTITY_TYPE = "8"
    NO_INSTANCE = "9"
    BAD_ARGUMENT = "12"
    BAD_OPTION = "14"
    KEY_EXISTS = "15"
    METHOD_FORBIDDEN = "19"
    BAD_FUNCTION = "21"


class ODataError(Exception):
    """A refusal of the OData interface itself: odata.error in JSON, m:error in Atom."""

    def __init__(self, status: int, code: Code, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self, as_json: bool) -> tuple[str, str]:
        """The text and its content type."""
        if as_json:
            error = {"code": self.code.value, "message": {"lang": "ru", "value": self.message}}
            return json.dumps({"odata.error": error}, ensure_ascii=False), "application/json;charset=utf-8"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<m:error xmlns:m="{M}"><m:code>{self.code.value}</m:code>'
            f'<m:message xml:lang="ru">{escape(self.message)}</m:message></m:error>',
            "application/xml;charset=utf-8",
        )


def where_refused() -> ODataError:
    """What the query language says to an operation that it has not got."""
    return ODataError(500, Code.HANDLER, WHERE_REFUSED)


class ServerException(Exception):
    """The application server gave up: always JSON, never odata.error."""

    def body(self) -> str:
        inner = {"descr": str(self), "inner": None}
        outer = {"descr": "Ошибка при выполнении запроса", "inner": inner}
        return json.dumps({"exception": outer}, ensure_ascii=False)


class InvalidURL(Exception):
    """The web server refuses before 1C sees the request."""

    body = (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\n'
        "<HTML><HEAD><TITLE>Bad Request</TITLE></HEAD>\n"
        "<BODY><h2>Bad Request - Invalid URL</h2><hr><p>HTTP Error 400. The request URL is invalid.</p>"
        "</BODY></HTML>\n"
    )


UNAUTHORIZED = (
    "<!DOCTYPE html>\n<html><head><title>401 - Unauthorized</title></head><body>"
    "<h1>401 - Unauthorized</h1><p>Идентификация пользователя не выполнена</p></body></html>\n"
)

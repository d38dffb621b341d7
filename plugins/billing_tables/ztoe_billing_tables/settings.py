"""What a deployment says under `[billing.NAME]` with `type = "files"` or `type = "sql"`."""

from __future__ import annotations

from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from ztoe_hub.values import Stream

from .encodings import Encoding
from .opened import Caps

MIB = 1024 * 1024


def _below_a_folder(pattern: str) -> str:
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts or "\\" in pattern:
        raise ValueError("a pattern stays below its folder: no leading slash, no .. and no backslash")
    return pattern


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_below_a_folder)]


class Strict(BaseModel):
    """A misspelt key is an error; inputs are not repeated, one of them may be a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class FilesSettings(Strict):
    """A watched folder, the site's mapping, and how much of a file is taken at all."""

    folder: Path
    mapping: Path
    done_folder: Path | None = None  # beside the folder where not given
    failed_folder: Path | None = None
    invoices_folder: Path | None = None
    invoices_pattern: Pattern = "{key}.pdf"
    encodings: dict[str, Encoding] = {}  # pattern of file names -> page; goes before the mapping
    settle_seconds: float = Field(30, ge=0, le=86_400)
    max_file_bytes: int = Field(1024 * MIB, gt=0)
    max_unpacked_bytes: int = Field(2048 * MIB, gt=0)
    max_workbook_bytes: int = Field(256 * MIB, gt=0)
    max_sheet_cells: int = Field(5_000_000, gt=0)
    max_workbook_memory: int = Field(1536 * MIB, ge=256 * MIB)
    max_pdf_bytes: int = Field(16 * MIB, gt=0)

    @property
    def caps(self) -> Caps:
        """The limits, as readers take them."""
        return Caps(
            file=self.max_file_bytes,
            unpacked=self.max_unpacked_bytes,
            sheet=self.max_workbook_bytes,
            cells=self.max_sheet_cells,
            memory=self.max_workbook_memory,
        )

    @property
    def done(self) -> Path:
        """Where imported files go."""
        return self.done_folder or self.folder.parent / "done"

    @property
    def failed(self) -> Path:
        """Where files go that can never be imported as they are."""
        return self.failed_folder or self.folder.parent / "failed"


MAIN_STREAMS = (
    Stream.DISTRICTS,
    Stream.CONSUMERS,
    Stream.ACCOUNTS,
    Stream.METERING_POINTS,
    Stream.STATEMENT_LINES,
    Stream.INVOICES,
)


class SqlSettings(Strict):
    """Another database, and its canonical views: columns named as the fields of our records, and `key`."""

    url: SecretStr
    streams: tuple[Stream, ...] = MAIN_STREAMS
    views: dict[Stream, Annotated[str, Field(min_length=1)]] = {}  # `ztoe_STREAM` where not given
    schema_: str | None = Field(None, alias="schema")
    date_columns: dict[Stream, str] = {}
    history_from: date | None = None  # the first day that is read, where a stream has a date column
    page_size: int = Field(1000, ge=1, le=50_000)

    def view_of(self, stream: Stream) -> str:
        """The view that holds a stream."""
        return self.views.get(stream, f"ztoe_{stream.value}")

    def date_column_of(self, stream: Stream) -> str | None:
        """The column by which old rows are left out."""
        return self.date_columns.get(stream, DATE_COLUMNS.get(stream))


DATE_COLUMNS = {
    Stream.STATEMENT_LINES: "period",
    Stream.INVOICES: "period",
    Stream.READINGS_HISTORY: "taken_on",
    Stream.PAYMENTS: "paid_on",
}

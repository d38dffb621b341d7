"""What one import of one stream did, as it is stored and shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from ztoe_hub.storage.states import ImportStatus
from ztoe_hub.values import Rejected, Stream

KEPT_PROBLEMS = 1000


@dataclass(slots=True, kw_only=True)
class Report:
    """What one import of one stream did. `problems` are the first thousand of rejections and warnings."""

    source: str
    stream: Stream
    status: ImportStatus = ImportStatus.DONE
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    rejected: int = 0
    warnings: int = 0
    seconds: float = 0.0
    reason: str | None = None
    problems: list[dict[str, str | None]] = field(default_factory=list)

    def reject(self, rejected: Rejected) -> None:
        """Count a row that is left out."""
        self.rejected += 1
        self._note("rejected", rejected.place, rejected.key, rejected.field, rejected.reason)

    def warn(self, place: str, key: str, name: str, reason: str) -> None:
        """Count something that looks wrong and is kept."""
        self.warnings += 1
        self._note("warning", place, key, name, reason)

    def counts(self) -> dict[str, int]:
        """The numbers, by name."""
        names = ("read", "new", "changed", "unchanged", "vanished", "rejected", "warnings")
        return {name: getattr(self, name) for name in names}

    def _note(self, level: str, place: str, key: str | None, name: str | None, reason: str) -> None:
        if len(self.problems) < KEPT_PROBLEMS:
            self.problems.append(
                {"level": level, "place": place, "key": key, "field": name, "reason": reason}
            )

    def as_text(self) -> str:
        """The report for people: counts, then the problems, a line each."""
        counts = ", ".join(f"{name} {count}" for name, count in self.counts().items())
        lines = [f"{self.source} {self.stream.value}: {self.status.value}: {counts}"]
        if self.reason:
            lines.append(f"reason: {self.reason}")
        lines += [
            f"{each['level']}: {each['place']}: {each['field'] or '-'}: {each['reason']}"
            for each in self.problems
        ]
        return "\n".join(lines) + "\n"

"""Changes by an exchange plan: asked for, handed out stream by stream, and confirmed after the hub's commit.

1C gives everything that was registered for our node in one answer, and again (with what is newer) until it is
confirmed; so the answer is kept until every stream in it was imported, and only then confirmed. Whatever goes wrong in
between costs a repetition, never a change.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec

from ztoe_hub.errors import OperatorNeeded, UnexpectedAnswer
from ztoe_hub.outgoing import Answer
from ztoe_hub.values import ImportOutcome, Page, Record, Rejected, Stream

from .atom import Change, changes_of
from .faults import QueryRefused
from .normalise import EMPTY_GUID
from .odata import ODataClient
from .streams import SetStream

LARGEST_FEED = 512 * 1024 * 1024
CURSOR = "exchange plan"  # 1C keeps the place: the hub's cursor only says that there was a full read


class _Node(msgspec.Struct):
    key: str = msgspec.field(name="Ref_Key")
    code: str = msgspec.field(name="Code", default="")
    received: int | str = msgspec.field(name="ReceivedNo", default=0)
    this: bool = msgspec.field(name="ThisNode", default=False)


_node = msgspec.json.Decoder(_Node)


@dataclass(slots=True)
class _Batch:
    """One message, until it is confirmed."""

    node: str
    message: int
    reporter: Stream  # tells of what nobody else can
    changes: dict[Stream, list[Change]] = field(default_factory=dict)
    unknown: list[Rejected] = field(default_factory=list)
    done: set[Stream] = field(default_factory=set)

    @property
    def finished(self) -> bool:
        """Whether every stream of it was imported. An empty message is never confirmed."""
        waiting = {*self.changes, *([self.reporter] if self.unknown else [])}
        return bool(waiting) and waiting <= self.done


class ExchangePlan:
    """The changes for one node. One reader at a time: the hub runs one import of a source at a time."""

    def __init__(self, plan: str, node: str | None, streams: frozenset[Stream]) -> None:
        self._plan = plan
        self._node = node
        self.streams = streams
        self._lock = threading.Lock()
        self._batch: _Batch | None = None

    def read(
        self, client: ODataClient, stream: Stream, readers: Mapping[Stream, SetStream]
    ) -> Iterator[Page]:
        """What changed in a stream. Asks 1C unless a message is open in which the stream still waits."""
        with self._lock:
            if self._batch is None or stream in self._batch.done:
                self._batch = self._ask(client, stream, readers)
            batch = self._batch
        reader = readers[stream]
        found: dict[str, Record] = {}
        rejected = list(batch.unknown) if stream is batch.reporter else []
        gone: dict[str, None] = {}
        for change in batch.changes.get(stream, ()):
            record = _record(change, reader)
            if isinstance(record, Rejected):
                rejected.append(record)
            elif record is not None:
                found[record.key] = record
                gone.pop(record.key, None)
            elif change.key is not None:
                found.pop(change.key, None)
                gone[change.key] = None
        yield Page(
            records=list(found.values()), rejected=rejected, gone=list(gone), complete=True, changes_only=True,
            cursor=CURSOR,
        )  # fmt: skip

    def acknowledge(self, client: ODataClient, outcome: ImportOutcome) -> None:
        """Note what became of a stream; when the message is through, tell 1C to forget it."""
        with self._lock:
            batch = self._batch
            if batch is None:
                return
            if outcome.status != "done":
                self._batch = None  # everything is asked for anew
                return
            batch.done.add(outcome.stream)
            if not batch.finished:
                return
            self._batch = None  # whatever comes of the confirmation: 1C is asked where it stands
            self._call(client, "NotifyChangesReceived", batch.node, batch.message)

    def _ask(self, client: ODataClient, stream: Stream, readers: Mapping[Stream, SetStream]) -> _Batch:
        node = self._find_node(client)
        batch = _Batch(node.key, int(node.received) + 1, stream)
        try:
            answer = self._call(client, "SelectChanges", batch.node, batch.message)
        except QueryRefused as error:
            # One forbidden character in one text spoils the whole message until somebody cleans it in 1C.
            raise OperatorNeeded(f"{error}; nothing of the message was taken or confirmed") from error
        by_set = {reader.query.set: name for name, reader in readers.items()}
        for change in changes_of(answer.content, f"{self._plan}, message {batch.message}"):
            target = by_set.get(change.set)
            if target in self.streams and target is not None:
                batch.changes.setdefault(target, []).append(change)
            elif target is None:
                reason = f"{change.set} is not in the mapping"
                batch.unknown.append(Rejected(place=change.place, key=None, field=None, reason=reason))
        return batch

    def _call(self, client: ODataClient, method: str, node: str, message: int) -> Answer:
        point = f"'{client.root}{self._plan}(guid'{node}')'"
        options = {"DataExchangePoint": point, "MessageNo": str(message)}
        return client.request(
            "POST", method, options, asked=method, xml=True, good=(200, 204), repeatable=True,
            max_bytes=LARGEST_FEED,
        )  # fmt: skip

    def _find_node(self, client: ODataClient) -> _Node:
        """Our node and where it stands, asked each time: 1C's own count is the only one that holds."""
        try:
            values = client.values(quote(self._plan), {}, asked=self._plan)
            nodes = [node for node in map(_node.decode, values) if not node.this and node.key != EMPTY_GUID]
        except msgspec.DecodeError as error:
            raise UnexpectedAnswer(f"{self._plan}: the nodes are out of shape") from error
        if self._node is not None:
            nodes = [node for node in nodes if self._node in (node.code.rstrip(), node.key)]
        if len(nodes) != 1:
            raise OperatorNeeded(f"{self._plan}: {len(nodes)} nodes fit exchange_node, one is expected")
        return nodes[0]


def _record(change: Change, reader: SetStream) -> Record | Rejected | None:
    if change.values is None:
        return None
    if change.key is None:
        return Rejected(place=change.place, key=None, field=None, reason="has no reference")
    values: dict[str, str | bool | None] = dict(change.values)
    for name in reader.flag_names:
        values[name] = change.values.get(name) == "true"
    return reader.record(change.key, msgspec.json.encode(values), change.place)

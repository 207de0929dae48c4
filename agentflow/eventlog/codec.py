"""Entries to plain records and back.

A record is a JSON object: `{"fact": {"kind": "RunStarted", …}, "decisions": [{"kind": …}, …]}`.
Fields that have their default are left out. Payloads (what agents are given and answer) above
`INLINE_LIMIT` bytes become blobs: `"value": …` turns into `"value_blob": DIGEST`, beside the other
fields of the event and never inside the data, so that no output can pass for a blob. Prompts of
talks are taken apart (`prompts`).

Decoding gives plain data and the classes of `core.events`, nothing else: a `__class__` or
`$type` in an agent's answer comes back as the key that it was.
"""

from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from msgspec.structs import fields

from agentflow.core import events
from agentflow.core.events import Entry, Excess, Failure, Reason, Receipt, Usage
from agentflow.eventlog import canonical, prompts
from agentflow.spec.model import Effects, FailureClass, Json
from agentflow.spec.shape import default_of

#: Payloads of more bytes than this are stored beside the log, by their hash.
INLINE_LIMIT = 32 * 1024
_PAYLOADS = frozenset(
    {"value", "text", "input", "inputs", "output", "outputs", "prompt", "sources", "state"}
    | {"calls", "thoughts"}
)
#: What events are made of besides plain data.
_PARTS = (Reason, Failure, Receipt, Usage, Excess)
_BLOB = "_blob"
_PROMPT, _PIECES = "prompt", "prompt_pieces"

PutBlob = Callable[[bytes], str]
GetBlob = Callable[[str], bytes]


class UnknownEvent(ValueError):
    """A record names a kind of fact or decision that does not exist."""


def encode(entry: Entry, put_blob: PutBlob) -> dict[str, Json]:
    """The record of an entry; `put_blob` stores a large payload and gives its digest."""
    return {
        "fact": _encode_event(entry.fact, put_blob),
        "decisions": [_encode_event(decision, put_blob) for decision in entry.decisions],
    }


def decode(record: Mapping[str, Json], get_blob: GetBlob) -> Entry:
    """The entry of a record.

    Raises:
        UnknownEvent: a kind or a field that this version does not know.
    """
    fact: Any = _decode_event(record["fact"], get_blob)
    decisions: Any = tuple(_decode_event(item, get_blob) for item in record["decisions"])
    return Entry(record["seq"], fact, decisions)


def blobs_of(record: Mapping[str, Json]) -> Iterator[str]:
    """The digests of the blobs that a record names."""
    for event in (record["fact"], *record["decisions"]):
        yield from (value for name, value in event.items() if name.endswith(_BLOB))
        if _PIECES in event:
            yield from prompts.blobs_of(event[_PIECES])


def _encode_event(event: object, put_blob: PutBlob) -> dict[str, Json]:
    shape = _SHAPES[type(event).__name__]
    record: dict[str, Json] = {"kind": shape.cls.__name__}
    for name, default, is_payload, nested in shape.fields:
        value = getattr(event, name)
        if value is default or value == default:
            continue
        if is_payload:
            data = canonical.encode(value)
            if name == _PROMPT and (taken := prompts.take_apart(value, len(data), put_blob)):
                record[_PIECES] = taken
                continue
            if len(data) > INLINE_LIMIT:
                record[name + _BLOB] = put_blob(data)
                continue
        elif nested and not isinstance(value, str | None):  # a failure class is text
            value = _plain(value)
        record[name] = value
    return record


def _plain(value: object) -> dict[str, Json]:
    return {
        name: found
        for name, default, *_ in _SHAPES[type(value).__name__].fields
        if (found := getattr(value, name)) is not default and found != default
    }


def _decode_event(record: Mapping[str, Json], get_blob: GetBlob) -> Any:
    shape = _SHAPES.get(record["kind"])
    if shape is None:
        raise UnknownEvent(f"unknown kind of event '{record['kind']}'")
    fields: dict[str, Any] = {}
    for key, value in record.items():
        if key == "kind":
            continue
        if key == _PIECES:
            fields[_PROMPT] = prompts.put_together(value, get_blob)
        elif key.endswith(_BLOB) and key.removesuffix(_BLOB) in _PAYLOADS:
            fields[key.removesuffix(_BLOB)] = canonical.decode(get_blob(value))
        else:
            fields[key] = shape.revive(key, value)
    return shape.build(fields)


class _Shape:
    """What the codec knows of a class, and how to revive one of its fields.

    `fields` are name, default, whether it is a payload, and whether it is a class of ours.
    """

    def __init__(self, cls: Any) -> None:
        self.cls = cls
        hints = get_type_hints(cls)
        self._classes = {name: _class_in(hint) for name, hint in hints.items()}
        self._tuples = {name for name, hint in hints.items() if get_origin(hint) is tuple}
        self.fields = tuple(
            (f.name, default_of(f), f.name in _PAYLOADS, self._classes[f.name] is not None)
            for f in fields(cls)
        )

    def revive(self, name: str, value: Json) -> Any:
        """A field's value from its JSON."""
        if name in self._tuples:
            return tuple(value)
        wanted = self._classes.get(name)
        if wanted is None or value is None:
            return value
        if issubclass(wanted, Effects | FailureClass):
            return wanted(value)
        shape = _SHAPES[wanted.__name__]
        return shape.build({key: shape.revive(key, item) for key, item in value.items()})

    def build(self, fields: dict[str, Any]) -> Any:
        """An instance.

        Raises:
            UnknownEvent: a field is missing or not known.
        """
        try:
            return self.cls(**fields)
        except TypeError as error:
            raise UnknownEvent(f"not a {self.cls.__name__}: {error}") from error


def _class_in(hint: Any) -> type | None:
    """The one class of ours in a type hint such as `Failure | None`."""
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    for option in options:
        if option in (*_PARTS, Effects, FailureClass):
            return option  # type: ignore[no-any-return]
    return None


_SHAPES = {cls.__name__: _Shape(cls) for cls in (*get_args(events.Event), *_PARTS)}

"""What several requests of a recording share is written to its file once.

    {"shared":"4f1f3c0b9a27","value":{"type":"object",…}}
    {…,"request":{"contract":{"shared":"4f1f3c0b9a27"},…},…}

These are contracts, the definitions of tools, and messages that several requests share, such as
those of the turns of one conversation. A name is made from the content, so that a change elsewhere
leaves it as it is.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from agentflow.spec.model import Json

_SHARED = "shared"


class Shelf:
    """What requests have in common: `values`, by the names that stand for them."""

    def __init__(self, often: Container[str] = ()) -> None:
        self.values: dict[str, Json] = {}
        self._often = often

    @classmethod
    def of(cls, requests: Iterable[Mapping[str, Any]]) -> "Shelf":
        """A shelf for these requests. A message is put there if it occurs more than once."""
        said = Counter(_name(message) for one in requests for message in _messages(one))
        return cls({name for name, times in said.items() if times > 1})

    def put(self, request: Mapping[str, Any]) -> dict[str, Json]:
        """The request with names in the place of what is shared."""
        changed: dict[str, Json] = {
            key: self._shared(request[key]) for key in ("contract", "tools") if key in request
        }
        if "messages" in request:
            changed["messages"] = [
                self._shared(one) if _name(one) in self._often else one
                for one in _messages(request)
            ]
        return {**request, **changed}

    def take(self, request: Mapping[str, Any]) -> dict[str, Json]:
        """The request as it was. Raises `KeyError` for a name that stands for nothing."""
        changed: dict[str, Json] = {
            key: self._known(request[key]) for key in ("contract", "tools") if key in request
        }
        if "messages" in request:
            changed["messages"] = [self._known(one) for one in _messages(request)]
        return {**request, **changed}

    def _shared(self, value: Json) -> Json:
        if not isinstance(value, dict | list):
            return value
        name = _name(value)
        self.values[name] = value
        return {_SHARED: name}

    def _known(self, value: Json) -> Json:
        is_name = isinstance(value, dict) and value.keys() == {_SHARED}
        return self.values[value[_SHARED]] if is_name else value


def _messages(request: Mapping[str, Any]) -> Iterator[Json]:
    yield from request.get("messages", ())


def _name(value: Json) -> str:
    return hashlib.sha256(encoded(value)).hexdigest()[:12]


def encoded(value: Json) -> bytes:
    """A value as a line of the file: keys in order, no spaces."""
    form: dict[str, Any] = {"sort_keys": True, "separators": (",", ":")}
    try:
        return json.dumps(value, ensure_ascii=False, **form).encode()
    except UnicodeEncodeError:  # half a character, which UTF-8 does not have
        return json.dumps(value, **form).encode()

"""The definitions of tools: what a server says about a tool, and the hash that pins it.

A server may say something else tomorrow: another description, which a model reads as an
instruction, or arguments that ask for more. So a spec keeps the definitions that its author has
looked at, in a file that `agentflow tools` writes,

    {"format": 1,
     "tools": {"search": {"description": "…", "inputSchema": {…}, "outputSchema": {…}}}}

or their hashes alone, `sha256:` and the SHA-256 of the canonical JSON (sorted keys, no white space,
ASCII) of an object with `name`, `description`, `inputSchema` and `outputSchema`, null where there
is none. What else a server says of a tool, its title and its hints, is nothing that anything here
relies on.
"""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from agentflow.contracts.strict import NotJson, loads
from agentflow.spec.model import Json

#: The format of a file of definitions.
FORMAT = 1
_PARTS = ("description", "inputSchema", "outputSchema")
_NAMES = {
    "description": "description",
    "inputSchema": "input schema",
    "outputSchema": "output schema",
}


class NoDefinitions(ValueError):
    """A text holds no definitions; says why."""


class Definition(Struct, frozen=True):
    """What a tool is. `output` is None if the server does not say what its answers look like.

    `hints` are what the server claims about its effects. They are shown, but never relied on.
    """

    name: str
    description: str | None
    input: Json
    output: Json = None
    hints: tuple[str, ...] = ()

    @property
    def pin(self) -> str:
        """The hash of a definition."""
        import hashlib  # it loads OpenSSL, and only few specs have tools of servers

        whole = {"name": self.name, **dict(zip(_PARTS, _parts(self), strict=True))}
        text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _parts(definition: Definition) -> tuple[Json, Json, Json]:
    return definition.description, definition.input, definition.output


def changes(then: Definition, now: Definition) -> tuple[str, ...]:
    """The parts in which two definitions of a tool differ, in words."""
    return tuple(
        _NAMES[part]
        for part, old, new in zip(_PARTS, _parts(then), _parts(now), strict=True)
        if _differ(old, new)
    )


def _differ(old: Json, new: Json) -> bool:
    # Python takes true for 1.
    return json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True)


def as_data(definition: Definition) -> dict[str, Json]:
    """A definition without its name, as files and logs hold it."""
    parts = zip(_PARTS, _parts(definition), strict=True)
    return {part: value for part, value in parts if value is not None}


def from_data(name: str, data: Mapping[str, Json]) -> Definition:
    """The definition that `as_data` has written."""
    description, given, answered = (data.get(part) for part in _PARTS)
    return Definition(name, description, given, answered)


def render_definitions(definitions: Mapping[str, Definition]) -> str:
    """The text of a file of definitions."""
    tools = {name: as_data(definitions[name]) for name in sorted(definitions)}
    return json.dumps({"format": FORMAT, "tools": tools}, indent=2, ensure_ascii=False) + "\n"


def read_definitions(text: str) -> dict[str, Definition]:
    """The definitions in the text of a file, by name.

    Raises:
        NoDefinitions: the text is not such a file.
    """
    try:
        data: Any = loads(text)
    except NotJson as problem:
        raise NoDefinitions(problem.reason) from None
    if not isinstance(data, dict) or not isinstance(data.get("tools"), dict):
        raise NoDefinitions("expected an object with 'format' and 'tools'")
    if data.get("format") != FORMAT:
        raise NoDefinitions(f"expected 'format' {FORMAT}, found {json.dumps(data.get('format'))}")
    for name, tool in data["tools"].items():
        wrong = _problem(tool)
        if wrong:
            raise NoDefinitions(f"tool '{name}': {wrong}")
    return {name: from_data(name, tool) for name, tool in data["tools"].items()}


def _problem(tool: Any) -> str | None:
    if not isinstance(tool, dict):
        return "expected an object"
    foreign = sorted(tool.keys() - set(_PARTS))
    if foreign:
        return f"unknown key '{foreign[0]}'"
    if not isinstance(tool.get("description", ""), str):
        return "'description' has to be a text"
    if not isinstance(tool.get("inputSchema"), dict):
        return "'inputSchema' has to be an object"
    if not isinstance(tool.get("outputSchema", {}), dict):
        return "'outputSchema' has to be an object"
    return None

"""Many contracts in one schema, for generators of code.

Every self-contained contract becomes an entry of `$defs` under a name of its own, and so does
everything that it refers to. What is the same in several contracts is there once.
"""

import json
from collections.abc import Iterator, Mapping

from agentflow.contracts.keywords import LIST, MAP, ONE, Schema, subschemas

_DEFS = "#/$defs/"


def gather(title: str, contracts: Mapping[str, Schema]) -> dict[str, Schema]:
    """One schema called `title`: an object with a field for each contract.

    `contracts` are self-contained schemas under names that differ. A contract that is the same
    object as one before it is a reference to that. Titles are left out: generators would take them
    for names.
    """
    gathered = _Gathered()
    for name, schema in contracts.items():
        gathered.claim(name, schema)
    for name, schema in contracts.items():
        gathered.add(name, schema)
    return {
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": list(contracts),
        "properties": {name: {"$ref": _DEFS + name} for name in contracts},
        "$defs": gathered.defs,
    }


def pascal(name: str) -> str:
    """`night_shift` as `NightShift`, a name for a type."""
    parts = "".join(char if char.isalnum() else " " for char in name).split()
    return "".join(part[0].upper() + part[1:] for part in parts) or "Schema"


class _Gathered:
    """The entries so far, and by which name each schema is known, with all that it refers to."""

    def __init__(self) -> None:
        self.defs: dict[str, Schema] = {}
        self._owner: dict[int, str] = {}
        self._known: dict[str, str] = {}
        self._taken: set[str] = set()

    def claim(self, name: str, schema: Schema) -> None:
        """Keep a name for a contract."""
        self._taken.add(name)
        self._owner.setdefault(id(schema), name)
        self._known.setdefault(_fingerprint(schema, schema), name)

    def add(self, name: str, schema: Schema) -> None:
        """Enter a contract, and what it refers to."""
        owner = self._owner[id(schema)]
        if owner != name:
            self.defs[name] = {"$ref": _DEFS + owner}
            return
        names = {"#": _DEFS + name}
        fresh: dict[str, Schema] = {}
        for inner, definition in schema.get("$defs", {}).items():
            fingerprint = _fingerprint(definition, schema)
            if fingerprint not in self._known:
                self._known[fingerprint] = self._free(pascal(inner), pascal(name + "_" + inner))
                fresh[self._known[fingerprint]] = definition
            names[_DEFS + inner] = _DEFS + self._known[fingerprint]
        for entry, definition in ((name, schema), *fresh.items()):
            self.defs[entry] = _renamed(definition, names)

    def _free(self, *wishes: str) -> str:
        name = next((wish for wish in wishes if wish not in self._taken), "")
        count = 1
        while not name:
            count += 1
            numbered = f"{wishes[-1]}{count}"
            name = "" if numbered in self._taken else numbered
        self._taken.add(name)
        return name


def _fingerprint(schema: Schema, root: Schema) -> str:
    """A text that two schemas have in common only if they mean the same, references included."""
    defs = root.get("$defs", {})
    reached: dict[str, Schema] = {}
    pending = [schema]
    while pending:
        for reference in _references(pending.pop()):
            inner = reference.removeprefix(_DEFS)
            if inner not in reached:
                reached[inner] = _bare(root if reference == "#" else defs[inner])
                pending.append(reached[inner])
    return json.dumps([_bare(schema), reached], sort_keys=True)


def _bare(schema: Schema) -> Schema:
    """Without its own shelf."""
    if not isinstance(schema, dict):
        return schema
    return {key: value for key, value in schema.items() if key != "$defs"}


def _references(schema: Schema) -> Iterator[str]:
    pending = [_bare(schema)]
    while pending:
        part = pending.pop()
        if isinstance(part, dict) and isinstance(part.get("$ref"), str):
            yield part["$ref"]
        pending.extend(child for _, child in subschemas(part))


def _renamed(schema: Schema, names: Mapping[str, str]) -> Schema:
    """The schema with its references by their new names, without titles and its own shelf."""
    if not isinstance(schema, dict):
        return schema
    copy: dict[str, Schema] = {}
    for keyword, value in schema.items():
        if keyword in ("title", "$defs"):
            continue
        if keyword == "$ref":
            copy[keyword] = names[value]
        elif keyword in ONE:
            copy[keyword] = _renamed(value, names)
        elif keyword in LIST:
            copy[keyword] = [_renamed(item, names) for item in value]
        elif keyword in MAP:
            copy[keyword] = {key: _renamed(item, names) for key, item in value.items()}
        else:
            copy[keyword] = value
    return copy

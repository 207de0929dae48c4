"""JSON pointers (RFC 6901), as they stand in the fragment of a `$ref`."""

from urllib.parse import quote, unquote

from agentflow.contracts.keywords import Schema


class NoSuchPlace(LookupError):
    """A pointer leads nowhere: `key` is not in `place`."""

    def __init__(self, key: str, place: Schema) -> None:
        super().__init__(key)
        self.key = key
        self.place = place


def below(pointer: str, *steps: str | int) -> str:
    """The pointer to a place below another, escaped for a fragment: `/properties/a~1b`."""
    for step in steps:
        escaped = str(step).replace("~", "~0").replace("/", "~1")
        pointer += "/" + quote(escaped, safe="~$")
    return pointer


def lookup(root: Schema, pointer: str) -> Schema:
    """What stands at a pointer such as `/$defs/Leg`; raises `NoSuchPlace`."""
    place = root
    for part in unquote(pointer).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(place, dict) and key in place:
            place = place[key]
        elif isinstance(place, list) and key.isdecimal() and int(key) < len(place):
            place = place[int(key)]
        else:
            raise NoSuchPlace(key, place)
    return place


def follow(reference: str, root: Schema) -> Schema:
    """The schema that a local `$ref` leads to; `True`, which says nothing, if there is none."""
    try:
        return lookup(root, reference.removeprefix("#"))
    except NoSuchPlace:
        return True

"""What an attempt was given of all that its step could have read.

A step sees the fields of the inputs, the outputs of steps that have succeeded by then, its item,
the state of its loop. `with` hands on some of it, and the agent sees nothing else.
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from agentflow.core.events import Entry, StartAttempt
from agentflow.core.evolve import evolve
from agentflow.core.state import Instance, Scope, State
from agentflow.plan.steps import Plan
from agentflow.spec.expressions import references
from agentflow.spec.model import Json
from agentflow.spec.templates import template_expressions

#: Where a value lies in the scope: `("steps", "sort", "output", "kind")`.
_Place = tuple[str | int | None, ...]


class Context(Struct, frozen=True):
    """The bytes `passed` to an attempt and `withheld` from it, by reference."""

    passed: Mapping[str, int]
    withheld: Mapping[str, int]


def contexts(plan: Plan, entries: Iterable[Entry], step: str) -> dict[int, Context]:
    """The context of each attempt of the step at an address that calls a chat model."""
    state, found = State(plan), dict[int, Context]()
    for entry in entries:
        evolve(state, entry.fact)
        for decision in entry.decisions:
            evolve(state, decision)
            if isinstance(decision, StartAttempt) and decision.step == step:
                instance = state.running[step]
                if instance.call is not None and instance.call.chat is not None:
                    found[decision.attempt] = _context(instance)
    return found


def _context(instance: Instance) -> Context:
    assert instance.call is not None
    read = [
        (found.root, *found.path)
        for _, _, expr in template_expressions(instance.call.arguments)
        for found in references(expr)
    ]
    passed, withheld = dict[str, int](), dict[str, int]()
    for place, value in _in_reach(instance):
        into = passed if any(_touch(place, other) for other in read) else withheld
        into[".".join(map(str, place))] = size_of(value)
    return Context(passed, withheld)


def size_of(value: Json) -> int:
    """The bytes of a value: of a text itself, of anything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return len(text.encode(errors="replace"))


def _touch(one: _Place, other: _Place) -> bool:
    """Does one lie inside the other? None is any place."""
    return all(a is None or b is None or a == b for a, b in zip(one, other, strict=False))


def _in_reach(instance: Instance) -> Iterator[tuple[_Place, Json]]:
    """All values that the expressions of a step could have read, field by field."""
    env = instance.env
    yield from _fields(("inputs",), env["inputs"])
    outputs: dict[str, Json] = {}
    scope: Scope | None = instance.scope
    while scope is not None:
        for step_id, other in scope.steps.items():
            if other.status == "succeeded":
                outputs.setdefault(step_id, other.output)
        scope = scope.parent
    for step_id, output in outputs.items():
        yield from _fields(("steps", step_id, "output"), output)
    for name, value in env.items():
        if name == "loop":
            yield from _fields(("loop", "state"), value["state"])
        elif name == "task":
            yield from _fields(("task",), value)
        elif name not in ("inputs", "steps", "run", "index") and not _is_renamed(name, env):
            yield from _fields((name,), value)


def _is_renamed(name: str, env: Mapping[str, Json]) -> bool:
    """Is this `item`, where the author has given it a name of its own?"""
    others = (other for other in env if other not in ("item", "inputs", "steps"))
    return name == "item" and any(env[other] is env["item"] for other in others)


def _fields(place: _Place, value: Json) -> Iterator[tuple[_Place, Json]]:
    if isinstance(value, Mapping):  # of an empty one there is nothing to be had
        yield from (((*place, name), part) for name, part in value.items())
    else:
        yield place, value

"""Answers made from contracts, so that any spec can be tried without keys, programs or waiting.

This is not an agent kind: `--simulate` uses it in place of every agent. The answer is a value that
satisfies the output contract, and its duration is made up. Both are functions of the seed, the step
and the attempt, and the same on every machine.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from msgspec import Struct

from agentflow.agents.protocol import AttemptError, Reply
from agentflow.agents.simulated_plans import with_plans
from agentflow.contracts.checker import compile_schema
from agentflow.contracts.implied import implied
from agentflow.contracts.keywords import Schema
from agentflow.contracts.sample import NoSample, sample
from agentflow.plan.steps import CallPlan, PlanCheck
from agentflow.spec.model import Confidence, FailureClass, Json

#: Seconds that a simulated attempt takes, at least and at most.
SHORTEST, LONGEST = 0.2, 3.0
#: Seconds in which a simulated model says which tools it wants.
ASKING = 1.0
#: How often another answer is drawn for one that is not to be taken.
_MOST_DRAWS = 50


class SimulatedAnswer(Struct, frozen=True):
    """What a simulated attempt answers, and the seconds it takes in the time of the simulation."""

    reply: Reply
    duration: float


class Wanted(Struct, frozen=True):
    """What is wanted of an answer besides that it keeps its contract, if such a one is found.

    It passes the `gate`, and `fits`; if one is found that is `liked` besides, it is taken. For each of
    `plans` it holds a small plan that can be carried out. What the agent was `given` may be said
    again. `narrower` are schemas in which such an answer is likelier to be found, each by itself,
    and an answer that is not wanted may be once it is `mended`.
    """

    gate: Confidence | None = None
    plans: Sequence[PlanCheck] = ()
    fits: Callable[[Json], bool] = lambda _value: True
    liked: Callable[[Json], bool] = lambda _value: True
    given: Mapping[str, Json] = {}
    narrower: Sequence[Schema] = ()
    mended: Callable[[Json], Json] = lambda value: value


ANYTHING = Wanted()


def answer(
    output_schema: Mapping[str, Json] | bool,
    seed: str,
    step: str,
    attempt: int,
    wanted: Wanted = ANYTHING,
) -> SimulatedAnswer:
    """The answer of an attempt of a step.

    Raises `AttemptError` rejected if no value is found that keeps the contract.
    """
    name = f"{seed}/{step}/{attempt}"
    try:
        value = _found(output_schema, name, wanted)
    except NoSample as error:
        raise AttemptError(FailureClass.REJECTED, f"nothing to simulate with: {error}") from error
    return SimulatedAnswer(Reply(value), _duration(name))


def _found(schema: Schema, name: str, wanted: Wanted) -> Json:
    """The first value drawn that is wanted and liked, or else one that is wanted.

    Where none is, fields are taken over from what the agent was given that has them too; where that
    does not help either, it is the first that was drawn.
    """
    whole = with_plans(schema, wanted.plans, name)
    first = sample(whole, name)
    second: list[Json] = []
    for drawn in _drawn(schema, whole, first, name, wanted):
        value = drawn
        if not _is_wanted(drawn, wanted):
            value = wanted.mended(drawn)
            if value is drawn or not compile_schema(whole).fits(value):
                continue
            if not _is_wanted(value, wanted):
                continue
        if wanted.liked(value):
            return value
        second = second or [value]
    if second:
        return second[0]
    same = _with_fields_of(first, wanted.given)
    return same if _is_wanted(same, wanted) and compile_schema(whole).fits(same) else first


def _drawn(schema: Schema, whole: Schema, first: Json, name: str, wanted: Wanted) -> Iterator[Json]:
    """What may be answered: a first value, those of the narrower schemas, and others.

    Nothing is drawn for a narrower schema that says no more than the contract.
    """
    yield first
    for narrower in wanted.narrower:
        if implied(schema, schema, narrower, narrower):
            continue
        with suppress(NoSample):
            narrowed = with_plans(_narrowed(schema, narrower), wanted.plans, name)
            for number in range(_MOST_DRAWS):
                yield sample(narrowed, f"{name}/{number}")
    for number in range(_MOST_DRAWS):
        yield sample(whole, f"{name}/{number}")


def _narrowed(schema: Schema, besides: Schema) -> Schema:
    whole = schema if isinstance(schema, dict) else {}
    return {**whole, "allOf": [*whole.get("allOf", ()), besides]}


def _with_fields_of(value: Json, given: Mapping[str, Json]) -> Json:
    """A value that says again what it has in common with what was given."""
    if not isinstance(value, dict):
        return value
    return {name: given.get(name, part) for name, part in value.items()}


def simulated_calls(call: CallPlan, seed: str) -> list[Json]:
    """One call of each tool of a model, all in its first turn, so that each is seen at work.

    A tool for whose contract no arguments are found is left out.
    """
    made: list[Json] = []
    for number, (name, tool) in enumerate(call.tools.items(), 1):
        assert tool.step.call is not None
        with suppress(NoSample):
            arguments = sample(tool.step.call.input.schema, f"{seed}/{name}")
            asked = {"id": f"call_{number}", "tool": name, "arguments": json.dumps(arguments)}
            made.append(asked)
    return made


def _is_wanted(value: Json, wanted: Wanted) -> bool:
    return (wanted.gate is None or _is_sure(value, wanted.gate)) and wanted.fits(value)


def _is_sure(value: Json, gate: Confidence) -> bool:
    found = value.get(gate.field) if isinstance(value, dict) else None
    return isinstance(found, int | float) and found >= gate.min


def _duration(name: str) -> float:
    digest = hashlib.sha256(name.encode()).digest()
    part = int.from_bytes(digest[:8], "big") / 2**64
    return round(SHORTEST + (LONGEST - SHORTEST) * part, 3)

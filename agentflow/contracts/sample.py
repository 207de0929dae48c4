"""A value for a schema, drawn by a seed: what an agent might answer, for simulated runs.

`sample` gives the same value for the same schema and seed on every machine. Text says that it is
simulated wherever the contract leaves room for it. Required properties are always there, optional
ones mostly; recursive schemas end soon. What is drawn is checked against the schema and drawn
again if it does not fit, so that schemas that say more than drawing understands (`not`, `oneOf`,
`if`) still get a value, if not too unlikely a one.
"""

import random

from agentflow.contracts.checker import compile_schema
from agentflow.contracts.draw import Drawing
from agentflow.contracts.keywords import Schema
from agentflow.contracts.scalars import CannotDraw
from agentflow.errors import AgentflowError
from agentflow.spec.model import Json

__all__ = ["NoSample", "sample"]

_ATTEMPTS = 50


class NoSample(AgentflowError):
    """No value was found that fits the schema; it may be that there is none."""


def sample(schema: Schema, seed: str | int) -> Json:
    """A value that fits a self-contained schema.

    Raises `NoSample` if none was found in a bounded number of attempts, and `ContractError` if the
    schema is none.
    """
    checker = compile_schema(schema)
    reason = ""
    for attempt in range(_ATTEMPTS):
        chance = random.Random(f"{seed}/{attempt}")  # noqa: S311  # a simulation, not a secret
        drawing = Drawing(schema, chance)
        try:
            value = drawing.value()
        except CannotDraw as problem:
            reason = str(problem)
            continue
        violations = checker.check(value)
        if not violations:
            return value
        reason = str(violations[0])
    raise NoSample(
        f"no value found that fits the contract: {reason}",
        help="a simulated run needs a value; check whether the contract contradicts itself",
    )

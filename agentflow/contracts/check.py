"""A value against its contract, and a text read as one.

`compile_schema(schema).check(value)` gives the violations of a value. `read_output` takes what an
agent wrote, and either accepts exactly the JSON value that stands in it, or says why not in words
that the agent can act on. Nothing is repaired: a guess that is wrong becomes the next agent's
fact.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import final

from agentflow.contracts.describe import shortened
from agentflow.contracts.documents import ContractError
from agentflow.contracts.engine import validator
from agentflow.contracts.explain import MOST, explain
from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.contracts.strict import LIMITS, Limits, NotJson
from agentflow.contracts.unwrap import unwrap
from agentflow.contracts.violations import Violation
from agentflow.spec.model import Json

__all__ = ["Accepted", "Checker", "Rejected", "Violation", "compile_schema", "read_output"]


@final
class Checker:
    """A compiled contract; get one from `compile_schema`."""

    __slots__ = ("_schema", "fits", "types")

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        #: Does a JSON value fit? `check` says why not.
        self.fits = validator(schema).is_valid
        #: The JSON types that a value may have at all.
        self.types = types_of(schema, schema)

    def check(self, value: Json) -> tuple[Violation, ...]:
        """What breaks the contract; empty for a value that fits. See `explain` for the bounds."""
        try:
            if self.fits(value):
                return ()
        except (TypeError, ValueError, OverflowError) as error:
            # It came from a program of the user's: a set, a key that is no text, half a surrogate
            # pair, an integer that is too long to be written.
            message = f"expected a JSON value, but {shortened(str(error))}"
            return (Violation("", message, "a JSON value", type(value).__name__, ""),)
        return explain(self._schema, value)


def compile_schema(schema: Schema) -> Checker:
    """The checker of a self-contained schema; equal schemas share one.

    Raises `ContractError` if it is no schema or refers to something that is not in it.
    """
    try:
        text = json.dumps(schema)
    except (TypeError, ValueError, RecursionError) as error:
        raise ContractError(f"cannot be written as JSON: {shortened(str(error))}") from None
    return _compile(text)


@lru_cache(maxsize=1024)
def _compile(schema: str) -> Checker:
    try:
        return Checker(json.loads(schema))
    except ValueError as error:
        message = getattr(error, "message", str(error))
        raise ContractError(f"not a valid schema: {shortened(message)}") from None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The value that the text holds, unchanged.

    `unwrapped` says what stood around it and was left out, for the log; empty if nothing did.
    """

    value: Json
    unwrapped: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why the text was not accepted. `violations` is empty if it holds no JSON value at all."""

    reason: str
    violations: tuple[Violation, ...] = ()


def read_output(text: str, schema: Schema, limits: Limits = LIMITS) -> Accepted | Rejected:
    """The JSON value in an agent's text, checked against a self-contained schema.

    Valid JSON is taken as it is. Fences, prose or comments around exactly one JSON value of a type
    that the schema admits are left out. Everything else is rejected: two values, a value that is
    cut, damaged or out of bounds, a value that breaks the schema; and every text, if the schema
    is none.
    """
    try:
        checker = compile_schema(schema)
    except ContractError as error:
        return Rejected(f"the contract cannot be used: {error.message}")
    try:
        value, unwrapped = unwrap(text, checker.types, limits)
    except NotJson as problem:
        return Rejected(problem.reason)
    violations = checker.check(value)
    if violations:
        others = len(violations) - 1
        more = "" if not others else f" (and {others} more)" if others < MOST else " (and more)"
        return Rejected(f"the value breaks its contract: {violations[0]}{more}", violations)
    return Accepted(value, unwrapped)

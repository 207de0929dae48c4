"""A value against its contract: `compile_schema(schema).check(value)` gives its violations."""

import json
from functools import lru_cache
from typing import final

from agentflow.contracts.describe import shortened
from agentflow.contracts.documents import ContractError
from agentflow.contracts.engine import validator
from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.contracts.violations import Violation
from agentflow.spec.model import Json

__all__ = ["Checker", "Violation", "compile_schema"]


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
        from agentflow.contracts.explain import explain

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

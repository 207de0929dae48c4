"""A text read as a value.

`read_output` takes what an agent wrote, and either accepts exactly the JSON value that stands in
it, or says why not in words that the agent can act on. Nothing is repaired: a guess that is wrong
becomes the next agent's fact.
"""

from msgspec import Struct

from agentflow.contracts.checker import compile_schema
from agentflow.contracts.documents import ContractError
from agentflow.contracts.explain import MOST
from agentflow.contracts.keywords import Schema
from agentflow.contracts.strict import LIMITS, Limits, NotJson
from agentflow.contracts.unwrap import unwrap
from agentflow.contracts.violations import Violation
from agentflow.contracts.words import is_words
from agentflow.spec.model import Json

#: How a text has to begin to be taken for JSON, whatever is asked for, and what to do about it.
_LIKE_JSON = ('"', "[", "{", "```")
_AS_A_STRING = "; a text that is JSON or begins like it has to be written as a JSON string"


class Accepted(Struct, frozen=True):
    """The value that the text holds, unchanged.

    `unwrapped` says what stood around it and was left out, for the log; empty if nothing did.
    """

    value: Json
    unwrapped: str = ""


class Rejected(Struct, frozen=True):
    """Why the text was not accepted. `violations` is empty if it holds no JSON value at all."""

    reason: str
    violations: tuple[Violation, ...] = ()


def read_output(text: str, schema: Schema, limits: Limits = LIMITS) -> Accepted | Rejected:
    """The JSON value in an agent's text, checked against a self-contained schema.

    Valid JSON is taken as it is. Fences, prose or comments around exactly one JSON value of a type
    that the schema admits are left out. Everything else is rejected: two values, a value that is
    cut, damaged or out of bounds, a value that breaks the schema; and every text, if the schema
    is none. A text that is no JSON is the value itself where the schema admits only strings.
    """
    try:
        checker = compile_schema(schema)
    except ContractError as error:
        return Rejected(f"the contract cannot be used: {error.message}")
    only_text = checker.types == {"string"}
    try:
        value, unwrapped = unwrap(text, checker.types, limits)
    except NotJson as problem:
        if not only_text:
            return Rejected(problem.reason)
        if not is_words(text, limits):
            begins = text.removeprefix("\ufeff").lstrip().startswith(_LIKE_JSON)
            return Rejected(f"{problem.reason}{_AS_A_STRING if begins else ''}")
        value, unwrapped = text.removeprefix("\ufeff").strip(), ""
    violations = checker.check(value)
    if violations:
        others = len(violations) - 1
        more = "" if not others else f" (and {others} more)" if others < MOST else " (and more)"
        as_a_string = _AS_A_STRING if only_text and not isinstance(value, str) else ""
        return Rejected(
            f"the value breaks its contract: {violations[0]}{more}{as_a_string}", violations
        )
    return Accepted(value, unwrapped)

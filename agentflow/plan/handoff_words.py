"""A handoff that breaks, in words: what the producer gives, and what the consumer wants instead."""

from typing import TypeAlias

from msgspec import Struct

from agentflow.contracts.compat import Verdict
from agentflow.contracts.describe import excerpt, type_names
from agentflow.contracts.keywords import Schema, listed_values
from agentflow.contracts.shape import types_of
from agentflow.contracts.violations import Violation, choices
from agentflow.plan.schemas import Contract
from agentflow.spec.wording import quoted

#: The way to a part of the value; SOME_ITEM stands for any item, SOME_FIELD for a field without
#: name.
Way: TypeAlias = tuple[str | int, ...]

#: Violations about a size, for which the value itself would be a long line.
_SIZES = frozenset(
    [
        "maxItems",
        "maxLength",
        "maxProperties",
        "minItems",
        "minLength",
        "minProperties",
        "uniqueItems",
    ]
)
#: What a producer says that lies beyond a limit of the consumer.
_OPPOSITES = {
    word: other
    for pair in (
        ("minItems", "maxItems"),
        ("minLength", "maxLength"),
        ("minProperties", "maxProperties"),
        ("minimum", "maximum"),
    )
    for word, other in (pair, pair[::-1])
}
CHOICES = frozenset({"const", "enum"})


class Breach(Struct, frozen=True):
    """A part of the value that need not fit, or with `always`, cannot.

    If it `never` fits, no such part does, but there may be none: a list may be empty. `found` says
    what the producer gives and `wanted` what the consumer takes, as the second and the last part of
    a sentence: PRODUCER may be "" (no 'minLength'), CONSUMER wants a date.
    """

    way: Way
    always: bool
    found: str
    wanted: str
    never: bool = False


def breach_of(
    way: Way, given: Contract, taken: Contract, verdict: Verdict, *, always: bool, never: bool
) -> Breach:
    """The breach that a verdict on a part of the value amounts to."""
    violation = verdict.violation
    wanted = violation.expected if violation else type_names(types_of(taken.schema, taken.root))
    where = f" at {quoted(violation.path)}" if violation and violation.path else ""
    found = _never(given, taken, verdict) if never else _sometimes(given, verdict)
    return Breach(way, always, found, f"wants {wanted}{where}", never)


def _never(given: Contract, taken: Contract, verdict: Verdict) -> str:
    """What the producer gives, if none of it fits."""
    values = listed_values(given.schema)
    if values is not None:
        return f"is {choices(values)}"
    types = types_of(given.schema, given.root)
    violation = verdict.violation
    if violation is not None and violation.keyword in ("minItems", "maxItems"):
        counts = given.schema.get("minItems"), given.schema.get("maxItems")
        if counts[0] == counts[1]:
            return f"has {violation.found}"
    limit = _OPPOSITES.get(violation.keyword, "") if violation is not None else ""
    if limit in given.schema:
        return f"can never fit (its {quoted(limit)} is {excerpt(given.schema[limit])})"
    if types & types_of(taken.schema, taken.root):
        return f"can never fit, as with {excerpt(verdict.witness)}"
    return f"is {type_names(types)}"


def _sometimes(given: Contract, verdict: Verdict) -> str:
    """The witness in words, and what the producer could say to rule it out."""
    violation = verdict.violation
    assert violation is not None
    found = f"may be {excerpt(verdict.witness)}"
    if violation.keyword in _SIZES and verdict.witness not in ("", {}):
        found = f"may have {violation.found}"
    return found + _why(given.schema, violation)


def _why(given: dict[str, Schema], violation: Violation) -> str:
    keyword = violation.keyword
    if keyword in ("type", *CHOICES, "") or CHOICES & given.keys() or violation.path:
        return ""
    if keyword in given:
        return f" (its {quoted(keyword)} is {excerpt(given[keyword])})"
    return f" (no {quoted(keyword)})"

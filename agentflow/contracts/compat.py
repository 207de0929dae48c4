"""Does every value of a producer's schema fit its consumer's?

A pair that says the same in the same words is proved by `contracts.implied`. For all others the
proof comes from jsonschema-rs, which brings both schemas into a canonical form and compares
those; this module is the only one that asks it to, since that part of the library is young. A
producer with a few values only is decided by trying all of them. What stays open is searched for
a witness, a value that the producer allows and the consumer rejects.

What would cost the library too much is not asked of it, see `contracts.cost`.

"compatible" is said only with a proof. "incompatible" is said with a witness that both schemas
have judged, or, if none is found, with the library's proof that there is one. Everything else,
schemas that are none included, is "unknown".
"""

import json
from enum import StrEnum
from functools import lru_cache
from itertools import islice

from jsonschema_rs import CanonicalSchema
from jsonschema_rs.canonical import Containment, Satisfiability
from msgspec import Struct

from agentflow.contracts.checker import compile_schema
from agentflow.contracts.cost import Cost, cost_of
from agentflow.contracts.documents import ContractError
from agentflow.contracts.engine import canonical
from agentflow.contracts.implied import implied
from agentflow.contracts.keywords import Schema, listed_values, subschemas
from agentflow.contracts.structure import same, within
from agentflow.contracts.violations import Violation
from agentflow.contracts.wellformed import METASCHEMA
from agentflow.spec.model import Json

#: Of a schema that names its values, so many are tried one by one.
_MOST_VALUES = 2_000


class Kind(StrEnum):
    """What is known of a pair of schemas."""

    COMPATIBLE = "compatible"  # every value of the producer fits the consumer
    INCOMPATIBLE = "incompatible"  # some value of the producer does not
    UNKNOWN = "unknown"


class Verdict(Struct, frozen=True):
    """What is known of a pair, and for an incompatible one the proof.

    `witness` is a value that the producer allows and the consumer rejects; there is one if
    `violation` is there, which says what the consumer has against it. `path` and `keyword` are
    those of the violation.
    """

    kind: Kind
    witness: Json = None
    violation: Violation | None = None

    @property
    def path(self) -> str:
        """Where in the value the consumer is offended, as `legs[0].date`; empty for the whole."""
        return self.violation.path if self.violation else ""

    @property
    def keyword(self) -> str:
        """The keyword of the consumer's schema that the witness offends."""
        return self.violation.keyword if self.violation else ""


_COMPATIBLE = Verdict(Kind.COMPATIBLE)
_UNKNOWN = Verdict(Kind.UNKNOWN)


def compare(producer: Schema, consumer: Schema) -> Verdict:
    """Whether all that the self-contained schema `producer` allows, `consumer` allows too.

    `format` is asserted on both sides. Nothing is raised; the answer for equal pairs is kept.
    """
    try:
        return _compare(json.dumps(producer), json.dumps(consumer))
    except (TypeError, ValueError, RecursionError):
        return _UNKNOWN  # not JSON, or nested deeper than any schema


def nothing_satisfies(schema: Schema) -> bool:
    """Is it proved that no value at all fits a self-contained schema?"""
    try:
        return _canonical(json.dumps(schema)).satisfiability() == Satisfiability.NO
    except (TypeError, ValueError, RecursionError):
        return False


@lru_cache(maxsize=4096)
def _compare(producer: str, consumer: str) -> Verdict:
    proof = _proved(producer, consumer)
    if proof == Containment.YES:
        return _COMPATIBLE
    witnesses = _witnesses(producer, consumer)
    if witnesses:
        violations = compile_schema(json.loads(consumer)).check(witnesses[0])
        return Verdict(Kind.INCOMPATIBLE, witnesses[0], violations[0])
    return Verdict(Kind.INCOMPATIBLE) if proof == Containment.NO else _UNKNOWN


@lru_cache(maxsize=4096)
def _proved(producer_text: str, consumer_text: str) -> Containment:
    """What is certain; no witness is searched for."""
    producer, consumer = json.loads(producer_text), json.loads(consumer_text)
    try:
        giving, taking = compile_schema(producer), compile_schema(consumer)
    except ContractError:
        return Containment.UNKNOWN
    if producer is False or consumer in (True, {}) or same(producer, consumer):
        return Containment.YES
    if not (_cost(producer_text).is_judged_soon and _cost(consumer_text).is_judged_soon):
        return Containment.UNKNOWN
    contained = _self_contained(producer) and _self_contained(consumer)
    few = _all_values(producer) if contained else None
    if few is not None:
        fits = all(taking.fits(value) or not giving.fits(value) for value in few)
        return Containment.YES if fits else Containment.NO
    named = '"$id"' in producer_text + consumer_text  # then a pointer may start from there
    if contained and not named and implied(producer, producer, consumer, consumer):
        return Containment.YES
    proof = _proof(producer_text, consumer_text)
    if proof == Containment.UNKNOWN and contained and within(producer, consumer, _certain):
        return Containment.YES
    return proof


def _witnesses(producer_text: str, consumer_text: str) -> list[Json]:
    """A value that only the producer allows, as a list of one; or an empty list."""
    producer, consumer = json.loads(producer_text), json.loads(consumer_text)
    # References by address are left to the library: validators disagree on where they lead.
    if not (_self_contained(producer) and _self_contained(consumer)):
        return []
    if not (_cost(producer_text).is_judged_soon and _cost(consumer_text).is_judged_soon):
        return []
    try:
        giving, taking = compile_schema(producer), compile_schema(consumer)
    except ContractError:
        return []

    def proves(value: Json) -> bool:
        return not taking.fits(value) and giving.fits(value)

    few = _all_values(producer)
    if few is not None:
        return list(islice(filter(proves, few), 1))
    from agentflow.contracts.witness import (
        find_witness,
    )  # with what draws values: for the rare pair

    return find_witness(producer, consumer, proves, _difference(producer_text, consumer_text))


def _all_values(schema: Schema) -> list[Json] | None:
    """All values that the schema can allow, if it names them and they are not too many."""
    if not isinstance(schema, dict):
        return None
    values = listed_values(schema)
    return values if values is not None and len(values) <= _MOST_VALUES else None


def _proof(producer: str, consumer: str) -> Containment:
    """What the library can prove."""
    try:
        return _canonical(consumer).covers(_canonical(producer))
    except ValueError:
        return Containment.UNKNOWN


def _difference(producer: str, consumer: str) -> Schema:
    """The library's schema of the values that only the producer allows; `None` if it has none."""
    try:
        if _cost(producer).is_small and _cost(consumer).is_small:
            return _canonical(producer).subtract(_canonical(consumer)).to_json_schema()
    except ValueError:
        pass
    return None


@lru_cache(maxsize=4096)
def _canonical(text: str) -> CanonicalSchema:
    if not _cost(text).is_affordable:
        raise ValueError("too many choices or schemas")
    return canonical(json.loads(text))


@lru_cache(maxsize=4096)
def _cost(text: str) -> Cost:
    return cost_of(json.loads(text))


def _certain(producer: Schema, consumer: Schema) -> bool:
    """Does the library prove that the producer's values fit the consumer?"""
    return _proof(json.dumps(producer), json.dumps(consumer)) == Containment.YES


def _self_contained(schema: Schema) -> bool:
    """Do all references lead into the schema itself, as `Resolver` leaves them?

    The schema of schemas is let pass too: the library knows it.
    """
    pending = [schema]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            reference = part.get("$ref", "#")
            if not str(reference).startswith(("#", METASCHEMA)):
                return False
        pending.extend(child for _, child in subschemas(part))
    return True

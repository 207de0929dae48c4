"""Where values that keep one schema break another: a handoff, judged field by field.

Objects and lists with plainly described contents are gone through side by side; what remains are
small pairs, each decided by `contracts.compat`. So every breach names its field, and a field that
the producer leaves open hides no other. What a consumer demands of an object or a list as a whole
is decided for the whole.

What nobody means as a promise is not held against the producer. An object that names its fields is
taken to have no others; one that names none, and a value without a type, are taken to be right.
"""

import json
from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from agentflow.contracts.assembly import Assembly, TooLarge, self_contained
from agentflow.contracts.checker import compile_schema
from agentflow.contracts.compat import Kind, Verdict, compare, nothing_satisfies
from agentflow.contracts.descent import SOME_ITEM
from agentflow.contracts.implied import counted, tagged_otherwise
from agentflow.contracts.keywords import TYPES, Schema, listed_values
from agentflow.contracts.shape import types_of
from agentflow.plan.handoff_sides import (
    COUNTS,
    OF_LISTS,
    OF_OBJECTS,
    UNIONS,
    as_meant,
    demands,
    plainly,
)
from agentflow.plan.handoff_words import CHOICES, Breach, Way, breach_of
from agentflow.plan.schemas import ANNOTATIONS, Contract, past_references
from agentflow.spec.wording import quoted

SOME_FIELD = "*"

_DEEPEST = 20
_MOST_PAIRS = 500
_MOST_SEARCHED = 200
#: The steps that each proof has for free, and those beyond for all proofs of a spec together.
_SHORT = 100
_MOST_STEPS = 20_000
_EVERY = frozenset(TYPES)
_SCALARS = _EVERY - {"array", "object"}
_REMARKS = ANNOTATIONS - {"$ref"}


class Effort:
    """What may still be spent on the handoffs of one spec.

    A pair that fits is proved at once; for one that does not, a witness is searched, which takes
    some ten milliseconds. So the different pairs that are searched are counted, and if there are
    too many, the rest stays unknown. Proofs are short except for unions of very many options, which
    are compared one with another; what they take beyond that is counted as well.
    """

    def __init__(self, most: int = _MOST_SEARCHED) -> None:
        self._most = most
        self._searched: set[tuple[str, str]] = set()
        self._steps = _MOST_STEPS

    @property
    def is_spent(self) -> bool:
        """Were there so many long proofs that no more are tried?"""
        return self._steps < 0

    def implied(self, given: Contract, taken: Contract) -> bool:
        """Does one obviously fit the other?"""
        proved, steps = counted(given.schema, given.root, taken.schema, taken.root)
        self._steps -= max(0, steps - _SHORT)
        return proved

    def compared(self, given: Schema, taken: Schema) -> Verdict:
        """The verdict on two self-contained schemas, "unknown" once the effort is spent."""
        if len(self._searched) >= self._most:
            return Verdict(Kind.UNKNOWN)
        verdict = compare(given, taken)
        if verdict.kind != Kind.COMPATIBLE:
            self._searched.add((json.dumps(given), json.dumps(taken)))
        return verdict


class _Pair(Struct, frozen=True):
    """The contract that a part of the value keeps, and the one that it should keep.

    It is `present` if every value has this part, `there` if every value without empty lists does.
    `around` are the pairs that it is a part of, by the identity of their schemas: a schema inside
    itself is judged once.
    """

    given: Contract
    taken: Contract
    way: Way = ()
    present: bool = True
    there: bool = True
    around: frozenset[tuple[int, int]] = frozenset()
    effort: Effort = field(default_factory=Effort)

    @property
    def key(self) -> tuple[int, int]:
        return id(self.given.schema), id(self.taken.schema)

    def part(
        self, key: str | int, given: Schema, taken: Schema, *, present: bool, item: bool = False
    ) -> "_Pair":
        """The pair of a field or of the items."""
        return _Pair(
            Contract(given, self.given.root),
            Contract(taken, self.taken.root),
            (*self.way, key),
            self.present and present,
            self.there and (present or item),
            self.around | {self.key},
            self.effort,
        )


def breaches(type_: dict[str, Schema], wanted: Contract, effort: Effort) -> Iterator[Breach]:
    """Every part in which values of a type are known to break a contract."""
    pending = [_Pair(Contract(type_, type_), wanted, effort=effort)]
    for _ in range(_MOST_PAIRS):
        if not pending:
            return
        pair = pending.pop()
        if effort.implied(pair.given, pair.taken):
            continue
        if effort.is_spent:
            return
        pair = _plain(pair)
        known = types_of(pair.given.schema, pair.given.root)
        if pair.taken.schema in (True, {}) or known in (_EVERY, frozenset()):
            continue
        if pair.key in pair.around or len(pair.way) > _DEEPEST:
            continue
        try:
            found, parts = _apart(pair, known)
        except TooLarge:
            continue
        yield from found
        pending.extend(reversed(parts))


def _apart(pair: _Pair, types: frozenset[str]) -> tuple[list[Breach], list[_Pair]]:
    """What is wrong with the pair itself, and the pairs that remain to be judged.

    `types` are the types of the producer's values.
    """
    given, taken = pair.given.schema, pair.taken.schema
    union = next((word for word in UNIONS if _only(given, word)), None)
    if union is not None:
        verdict = _compared(pair)
        if verdict.kind == Kind.COMPATIBLE:
            return [], []  # an option of a `oneOf` by itself may allow more
        if pair.there and _nothing_fits(pair):
            return [_breach(pair, verdict, never=True)], []
        options = (Contract(option, pair.given.root) for option in given[union])
        return [], [replace(pair, given=option, present=False, there=False) for option in options]
    if _only(taken, "allOf"):
        each = (Contract(demand, pair.taken.root) for demand in taken["allOf"])
        return [], [replace(pair, taken=demand) for demand in each]
    walked = OF_OBJECTS if types == {"object"} else OF_LISTS
    kind = next(iter(types)) if len(types) == 1 else ""
    if kind not in ("array", "object") or not _are(pair, kind, walked):
        return list(_judged(pair)), []
    asked = demands(taken, walked)
    others = [replace(pair, taken=Contract(one, pair.taken.root)) for one in asked.branches]
    found: list[Breach] = []
    if asked.rest is not None:
        found += _judged(replace(pair, taken=Contract(asked.rest, pair.taken.root)))
    if kind == "object":
        return [*_of_object(pair), *found], [*_fields(pair), *others]
    counts = replace(
        pair, given=Contract(_counts(given), True), taken=Contract(_counts(taken), True)
    )
    return [*_judged(counts), *found], [*_items(pair), *others]


def _plain(pair: _Pair) -> _Pair:
    """The pair with references followed, without options of the consumer that cannot be meant."""
    given = plainly(Contract(past_references(pair.given), pair.given.root))
    taken = Contract(past_references(pair.taken), pair.taken.root)
    for word in UNIONS:
        if _only(taken.schema, word):
            types = types_of(given.schema, given.root)
            meant = [one for one in taken.schema[word] if _may_be_meant(given, types, one, taken)]
            if len(meant) == 1:
                taken = Contract(meant[0], taken.root)
                return _plain(replace(pair, given=given, taken=taken))
    return replace(pair, given=given, taken=taken)


def _may_be_meant(given: Contract, types: frozenset[str], option: Schema, taken: Contract) -> bool:
    """Does an option of the consumer have the same types and the same tags?"""
    if not types & types_of(option, taken.root):
        return False
    return types != {"object"} or not tagged_otherwise(given.schema, option, taken.root)


def _only(schema: Schema, keyword: str) -> bool:
    """Does a schema consist of this keyword only?"""
    return isinstance(schema, dict) and schema.keys() - _REMARKS == {keyword}


def _are(pair: _Pair, kind: str, keywords: frozenset[str]) -> bool:
    """Does the producer speak in these keywords only, and does the consumer take this type?

    What else the consumer demands is left open.
    """
    given, taken = pair.given, pair.taken
    return (
        isinstance(given.schema, dict)
        and isinstance(taken.schema, dict)
        and not given.schema.keys() - keywords
        and not any(_only(taken.schema, word) for word in ("$ref", *UNIONS))
        and kind in types_of(taken.schema, taken.root)
    )


def _of_object(pair: _Pair) -> Iterator[Breach]:
    """Fields that may be missing, and fields that are not taken."""
    given, taken = pair.given.schema, pair.taken.schema
    named = {**given.get("properties", {}), **dict.fromkeys(given.get("required", ()))}
    open_to_more = given.get("additionalProperties", True) is not False
    others = given.get("additionalProperties", True)
    if not named and others is True:
        return
    required = frozenset(given.get("required", ()))
    for name in taken.get("required", ()):
        if name in required:
            continue
        never = pair.there and name not in named and not open_to_more
        found = f"may lack {quoted(name)} (not required)"
        if name not in named:
            found = f"{'is not sure to have' if open_to_more else 'has no'} {quoted(name)}"
        yield Breach(pair.way, never and pair.present, found, "requires it", never)
    if taken.get("additionalProperties", True) is False and "patternProperties" not in taken:
        for name in named:
            if name not in taken.get("properties", {}):
                never = pair.there and name in required
                found = f"{'has' if never else 'may have'} {quoted(name)}"
                always = never and pair.present
                yield Breach(pair.way, always, found, "takes no such field", never)
        if isinstance(others, dict):
            yield Breach(pair.way, False, "may have fields of any name", "takes no such field")


def _fields(pair: _Pair) -> Iterator[_Pair]:
    given, taken = pair.given.schema, pair.taken.schema
    others = taken.get("additionalProperties", True)
    if "patternProperties" in taken or others is False:
        others = True  # which fields are taken at all is judged by their names
    required = frozenset(given.get("required", ()))
    for name, part in given.get("properties", {}).items():
        demand = taken.get("properties", {}).get(name, others)
        yield pair.part(name, part, demand, present=name in required)
    rest = given.get("additionalProperties", True)
    if isinstance(rest, dict):
        yield pair.part(SOME_FIELD, rest, others, present=False)
        for name, demand in taken.get("properties", {}).items():
            if name not in given.get("properties", {}):
                yield pair.part(name, rest, demand, present=False)


def _items(pair: _Pair) -> Iterator[_Pair]:
    """The items with places of their own, and then all others."""
    given, taken = pair.given.schema, pair.taken.schema
    ours, theirs = given.get("prefixItems", ()), taken.get("prefixItems", ())
    others, demand = given.get("items", True), taken.get("items", True)
    least, most = given.get("minItems", 0), given.get("maxItems", _MOST_PAIRS)
    placed = max(len(ours), len(theirs))
    for index in range(min(placed, most)):
        item = ours[index] if index < len(ours) else others
        wanted = theirs[index] if index < len(theirs) else demand
        if wanted is not False:  # how many items there are is judged elsewhere
            yield pair.part(index, item, wanted, present=least > index)
    if placed < most and demand is not False:
        yield pair.part(SOME_ITEM, others, demand, present=least > placed, item=True)


def _counts(schema: dict[str, Schema]) -> dict[str, Schema]:
    """The keywords of a schema about a list as a whole."""
    return {keyword: value for keyword, value in schema.items() if keyword in COUNTS}


def _judged(pair: _Pair) -> Iterator[Breach]:
    """The breach of a pair that is not divided any further, if there certainly is one."""
    given, taken = pair.given.schema, pair.taken.schema
    types = types_of(given, pair.given.root)
    if _only(taken, "type") and types <= types_of(taken, pair.taken.root):
        return
    verdict = _compared(pair)
    if verdict.kind != Kind.INCOMPATIBLE:
        return
    never = pair.there and _nothing_fits(pair)
    telling = bool(CHOICES & given.keys()) or not (given.keys() | taken.keys()) - COUNTS
    telling = telling or types <= _SCALARS or _has_no_such_tag(pair, types)
    if never or telling:
        verdict = _by_type(pair, types) or verdict
    else:
        verdict = _by_type(pair, types) or _as_a_whole(pair)
    if never or verdict.violation is not None:
        yield _breach(pair, verdict, never=never)


def _breach(pair: _Pair, verdict: Verdict, *, never: bool) -> Breach:
    always = never and pair.present
    return breach_of(pair.way, pair.given, pair.taken, verdict, always=always, never=never)


def _as_a_whole(pair: _Pair) -> Verdict:
    """The verdict on a producer as a whole, if it says enough to be held to it."""
    meant = as_meant(pair.given, pair.taken.schema)
    if meant is None:
        return Verdict(Kind.UNKNOWN)
    return pair.effort.compared(meant, self_contained(pair.taken.schema, pair.taken.root))


def _by_type(pair: _Pair, types: frozenset[str]) -> Verdict | None:
    """A witness of a type that the consumer refuses, if any; it says more than limits do."""
    if "type" not in pair.taken.schema:
        return None
    declared = {"type": pair.taken.schema["type"]}
    wanted = types_of(declared, True)
    if types <= wanted or not types & wanted:
        return None
    verdict = _compared(replace(pair, taken=Contract(declared, True)))
    return verdict if verdict.violation is not None else None


def _has_no_such_tag(pair: _Pair, types: frozenset[str]) -> bool:
    """Does the consumer have options, all for other tags?"""
    word = next((word for word in UNIONS if _only(pair.taken.schema, word)), None)
    return word is not None and not any(
        _may_be_meant(pair.given, types, option, pair.taken) for option in pair.taken.schema[word]
    )


def _compared(pair: _Pair) -> Verdict:
    return pair.effort.compared(
        self_contained(pair.given.schema, pair.given.root),
        self_contained(pair.taken.schema, pair.taken.root),
    )


def _nothing_fits(pair: _Pair) -> bool:
    """Is there no value that both allow?"""
    given, taken = pair.given, pair.taken
    if not types_of(given.schema, given.root) & types_of(taken.schema, taken.root):
        return True
    few = listed_values(given.schema)
    if few is not None:
        fits = compile_schema(self_contained(taken.schema, taken.root)).fits
        return not any(map(fits, few))
    assembly = Assembly()
    both = [assembly.take(side.schema, side.root) for side in (given, taken)]
    return nothing_satisfies(assembly.whole({"allOf": both}))

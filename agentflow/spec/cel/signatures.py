"""The kinds that operators and macros take; for functions, they stand in `functions`.

Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md, "List of Standard
Definitions". Evaluation checks the values themselves; this is for what has to be known before.
"""

from collections.abc import Mapping

from agentflow.spec.cel.functions import Kinds
from agentflow.spec.cel.values import Kind

ANY: Kinds = frozenset({"null", "bool", "int", "double", "string", "list", "map"})
BOOL: Kinds = frozenset({"bool"})
NUMBER: Kinds = frozenset({"int", "double"})
STRING: Kinds = frozenset({"string"})
#: What a macro goes through, and what `in` looks into.
ELEMENTS: Kinds = frozenset({"list", "map"})
#: What may stand before `[` or `.`; null has neither fields nor items, which is absence.
PARTS: Kinds = frozenset({"list", "map", "null"})

#: The kinds that stand to the left of an operator with those that go with them to the right.
Pairs = tuple[tuple[Kinds, Kinds], ...]


def _same(*kinds: Kind) -> Pairs:
    return tuple((frozenset({kind}), frozenset({kind})) for kind in kinds)


_NUMBERS: Pairs = _same("int", "double")
_ORDER: Pairs = ((NUMBER, NUMBER), *_same("string", "bool"))

OPERATORS: Mapping[str, Pairs] = {
    "||": _same("bool"),
    "&&": _same("bool"),
    **dict.fromkeys(("==", "!="), ((ANY, ANY),)),
    **dict.fromkeys(("<", "<=", ">", ">="), _ORDER),
    "in": ((ANY, ELEMENTS),),
    "+": (*_NUMBERS, *_same("string", "list")),
    **dict.fromkeys(("-", "*", "/"), _NUMBERS),
    "%": _same("int"),
}
#: Operators whose result has the kind of both sides; that of the others is bool.
ARITHMETIC = frozenset({"+", "-", "*", "/", "%"})

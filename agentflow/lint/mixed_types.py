"""Values that may be of several types, not all of which are accepted where they are used."""

from agentflow.contracts.describe import excerpt, listed, type_names
from agentflow.contracts.keywords import TYPES, json_type
from agentflow.contracts.kinds import KINDS
from agentflow.contracts.shape import types_of
from agentflow.plan.schemas import Contract, values_of
from agentflow.spec.cel.functions import Kinds
from agentflow.spec.cel.signatures import NUMBER

_NULL = frozenset({"null"})
_SOMETHING = frozenset(TYPES) - _NULL
#: Up to this many values are named one by one.
_FEW = 3


def is_mixed(found: Contract) -> bool:
    """May it be of several types, besides null?"""
    return len(types_of(found.schema, found.root) - _NULL) > 1


def refused_of(found: Contract, taken: Kinds) -> str:
    """What a value may be, besides what is taken: its types or its values; "" if nothing.

    Whole numbers and fractions count as one type. A value that may be anything is not judged.
    """
    types = types_of(found.schema, found.root) - _NULL
    kinds = taken | NUMBER if taken & NUMBER else taken
    others = frozenset(name for name in types if not KINDS[name] & kinds)
    if not others or others == types or types == _SOMETHING:
        return ""
    values = [one for one in values_of(found) or () if json_type(one) in others]
    few = 0 < len(values) <= _FEW
    return listed(map(excerpt, values), "or") if few else type_names(others)

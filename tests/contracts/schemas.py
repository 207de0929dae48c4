"""Random schemas for property tests: small, of every kind of keyword, often near to each other."""

from typing import Any

from hypothesis import strategies as st

from agentflow.spec.model import Json

KEYS = ("a", "b", "c")
PATTERNS = ("^a", "b$", "^[ab]{1,3}$", "^[0-9]+$", "x")
FORMATS = ("date", "email", "uuid", "ipv4")

scalars: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([0.5, 1.5, -2.5]),
    st.text("ab0x", max_size=4),
)
values: st.SearchStrategy[Json] = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=6,
)


def _with(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


def _typed(name: str, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return _with(**optional).map(lambda schema: {"type": name, **schema})


strings = _typed(
    "string",
    minLength=st.integers(0, 3),
    maxLength=st.integers(1, 5),
    pattern=st.sampled_from(PATTERNS),
) | _typed("string", format=st.sampled_from(FORMATS))
numbers = st.sampled_from(["integer", "number"]).flatmap(
    lambda name: _typed(
        name,
        minimum=st.integers(-4, 4),
        exclusiveMaximum=st.integers(-2, 8),
        multipleOf=st.sampled_from([1, 2, 3, 0.5]),
    )
)
leaves: st.SearchStrategy[Any] = st.one_of(
    strings,
    numbers,
    st.sampled_from([True, {}, {"type": "null"}, {"type": "boolean"}]),
    st.lists(scalars, min_size=1, max_size=3).map(lambda values: {"enum": values}),
    scalars.map(lambda value: {"const": value}),
    st.lists(
        st.sampled_from(["string", "integer", "null", "boolean", "object", "array"]),
        min_size=1,
        max_size=3,
        unique=True,
    ).map(lambda names: {"type": names}),
)


def _composed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    key = st.sampled_from(KEYS)
    few = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        _typed(
            "object",
            properties=st.dictionaries(key, inner, max_size=3),
            required=st.lists(key, max_size=2, unique=True),
            additionalProperties=st.booleans() | inner,
            maxProperties=st.integers(1, 4),
        ),
        _typed(
            "object",
            patternProperties=st.dictionaries(st.sampled_from(PATTERNS), inner, max_size=1),
            propertyNames=st.sampled_from([{"maxLength": 3}, {"pattern": "^a"}]),
            dependentRequired=st.just({"a": ["b"]}),
        ),
        _typed(
            "array",
            items=inner,
            prefixItems=few,
            minItems=st.integers(0, 2),
            maxItems=st.integers(1, 4),
            uniqueItems=st.booleans(),
        ),
        _typed("array", items=inner, contains=inner),
        few.map(lambda branches: {"anyOf": branches}),
        few.map(lambda branches: {"allOf": branches}),
        few.map(lambda branches: {"oneOf": branches}),
        inner.map(lambda schema: {"not": schema}),
        inner.map(lambda schema: {"allOf": [schema], "unevaluatedProperties": False}),
        few.map(lambda branches: {"anyOf": branches, "unevaluatedItems": False}),
        st.tuples(inner, inner, inner).map(
            lambda three: {"if": three[0], "then": three[1], "else": three[2]}
        ),
    )


_plain: st.SearchStrategy[Any] = st.recursive(leaves, _composed, max_leaves=6)
_recursive = _plain.map(
    lambda schema: {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"a": schema, "b": {"$ref": "#/$defs/node"}},
                "required": ["a"],
            }
        },
    }
)
_referring = st.tuples(_plain, _plain).map(
    lambda two: {
        **(two[0] if isinstance(two[0], dict) else {}),
        "$ref": "#/$defs/other",
        "$defs": {"other": two[1]},
    }
)
schemas: st.SearchStrategy[Any] = _plain | _recursive | _referring


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two schemas, mostly one that was made from the other, so that all verdicts come up."""
    one = draw(schemas)
    how = draw(st.integers(0, 4))
    if how == 0 or not isinstance(one, dict):
        return one, draw(schemas)
    if how == 1:
        return one, {"anyOf": [draw(_plain), _moved(one, "anyOf", 1)]}
    if how == 2:
        return {"allOf": [_moved(one, "allOf", 0), draw(_plain)]}, one
    keys = [key for key in one if key not in ("$ref", "$defs")]
    if not keys:
        return one, one
    left_out = draw(st.sampled_from(keys))
    less = {key: value for key, value in one.items() if key != left_out}
    return (one, less) if how == 3 else (less, one)


def _moved(schema: Any, keyword: str, index: int) -> Any:
    """A schema to stand in a list of another: its references follow it there."""
    if isinstance(schema, dict):
        return {
            key: value.replace("#/", f"#/{keyword}/{index}/")
            if key == "$ref"
            else _moved(value, keyword, index)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_moved(item, keyword, index) for item in schema]
    return schema

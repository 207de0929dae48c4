"""What has no form in OpenAI's dialect is not called strict: every call with it would be
refused."""

from functools import reduce
from typing import Any

import pytest

from agentflow.plan.dialects import Manner
from agentflow.plan.enforced_schemas import enforced, why_not_strict


def closed(**properties: Any) -> dict[str, Any]:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


TEXT = {"type": "string"}


def nested(levels: int) -> dict[str, Any]:
    return reduce(lambda inner, _: closed(a=inner), range(levels), TEXT)


def wide(fields: int) -> dict[str, Any]:
    return closed(**{f"f{number}": TEXT for number in range(fields)})


def choice(values: int) -> dict[str, Any]:
    return closed(
        a={"enum": list(range(values // 2))}, b={"enum": list(range(values - values // 2))}
    )


@pytest.mark.parametrize(
    ("contract", "why"),
    [
        (nested(10), None),
        (nested(11), "it nests more than 10 levels"),
        (closed(a={"type": "array", "items": nested(8)}), None),
        (closed(a={"type": "array", "items": nested(9)}), "it nests more than 10 levels"),
        (closed(a={"anyOf": [nested(9), TEXT]}), None),
        (closed(a={"anyOf": [nested(10), TEXT]}), "it nests more than 10 levels"),
        ({**closed(a={"$ref": "#/$defs/n"}), "$defs": {"n": nested(10)}}, None),
        (
            {**closed(a={"$ref": "#/$defs/n"}), "$defs": {"n": closed(n={"$ref": "#/$defs/n"})}},
            None,
        ),
        (wide(5_000), None),
        (wide(5_001), "it has more than 5,000 fields"),
        (choice(1_000), None),
        (choice(1_001), "it has more than 1,000 values in its enums"),
        (closed(a={"const": "x" * 119_999}), None),
        (
            closed(a={"const": "x" * 120_000}),
            "it has more than 120,000 characters of names and values",
        ),
        (closed(a=True), "it admits any value somewhere"),
        (closed(a={}), "it admits any value somewhere"),
        (closed(a={"description": "anything"}), "it admits any value somewhere"),
        (closed(a={"type": "array", "items": {}}), "it admits any value somewhere"),
        (closed(a={"enum": [1, "x", None]}), None),
    ],
)
def test_what_openai_would_refuse_is_not_called_strict(contract: Any, why: str | None) -> None:
    assert why_not_strict(contract) == why
    assert (enforced(contract, Manner.STRICT) is None) is (why is not None)

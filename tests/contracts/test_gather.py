"""Many contracts in one schema: what is the same is there once, and every reference leads home."""

from typing import Any

import pytest

from agentflow.contracts.checker import compile_schema
from agentflow.contracts.gather import gather, pascal

TEXT = {"type": "string", "maxLength": 9}
LEG: dict[str, Any] = {"properties": {"to": {"$ref": "#/$defs/text"}}, "$defs": {"text": TEXT}}
#: As a contract that refers to the contract `Leg` is resolved.
TRIP: dict[str, Any] = {
    "title": "A trip",
    "properties": {"legs": {"items": {"$ref": "#/$defs/Leg"}}, "title": {"$ref": "#/$defs/text"}},
    "$defs": {"Leg": {"properties": {"to": {"$ref": "#/$defs/text"}}}, "text": TEXT},
}
TREE: dict[str, Any] = {"properties": {"left": {"$ref": "#"}, "to": {"const": {"$ref": "#"}}}}
OTHER: dict[str, Any] = {"items": {"$ref": "#/$defs/text"}, "$defs": {"text": {"type": "null"}}}


def test_what_is_the_same_is_there_once() -> None:
    gathered = gather("All", {"Leg": LEG, "Trip": TRIP, "GuideInput": TRIP})
    assert gathered["$defs"] == {
        "Leg": {"properties": {"to": {"$ref": "#/$defs/Text"}}},
        "Text": TEXT,
        "Trip": {
            "properties": {
                "legs": {"items": {"$ref": "#/$defs/Leg"}},
                "title": {"$ref": "#/$defs/Text"},
            }
        },
        "GuideInput": {"$ref": "#/$defs/Trip"},
    }
    assert gathered["required"] == ["Leg", "Trip", "GuideInput"]


def test_what_differs_has_names_that_differ() -> None:
    gathered = gather("All", {"Leg": LEG, "Other": OTHER, "Text": {"type": "integer"}})
    assert gathered["$defs"] == {
        "Leg": {"properties": {"to": {"$ref": "#/$defs/LegText"}}},
        "LegText": TEXT,
        "Other": {"items": {"$ref": "#/$defs/OtherText"}},
        "OtherText": {"type": "null"},
        "Text": {"type": "integer"},
    }


def test_a_schema_that_refers_to_itself() -> None:
    gathered = gather("All", {"Tree": TREE})
    assert gathered["$defs"]["Tree"]["properties"] == {
        "left": {"$ref": "#/$defs/Tree"},
        "to": {"const": {"$ref": "#"}},  # data
    }


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ({"Leg": {"to": "x"}, "Trip": {"legs": [{"to": "y"}], "title": "z"}, "Other": []}, True),
        ({"Leg": {"to": 1}, "Trip": {}, "Other": []}, False),
        ({"Leg": {}, "Trip": {"legs": [{"to": 1}]}, "Other": []}, False),
        ({"Leg": {}, "Trip": {"title": "0123456789"}, "Other": []}, False),
        ({"Leg": {}, "Trip": {}, "Other": [None]}, True),
        ({"Leg": {}, "Trip": {}, "Other": ["x"]}, False),
    ],
)
def test_it_judges_as_the_contracts_do(value: Any, fits: bool) -> None:
    schema = gather("All", {"Leg": LEG, "Trip": TRIP, "Other": OTHER})
    assert (not compile_schema(schema).check(value)) == fits


def test_names_of_types() -> None:
    assert [pascal(name) for name in ("night_shift", "a", "Trip-leg", "_2_b", "__")] == [
        "NightShift", "A", "TripLeg", "2B", "Schema"
    ]  # fmt: skip

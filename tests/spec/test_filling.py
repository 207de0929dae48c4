"""Nodes against single models: what is taken as it stands, and what is taken down as a breach."""

from typing import Any

import pytest

from agentflow.spec.filling import fill
from agentflow.spec.model import (
    AgentStep,
    Backoff,
    Effects,
    ForEach,
    Limits,
    Model,
    Node,
    Pipeline,
    RetryPolicy,
    Use,
)
from agentflow.spec.shape import keys_of
from agentflow.spec.yaml.nodes import from_data


def breaches(model: type[Node], data: Any) -> list[tuple[Any, ...]]:
    """Faults with their paths; `key` stands behind those that are about a key."""
    _, found = fill(model, from_data(data))
    return [(each.fault, *each.path, *(["key"] if each.at_key else [])) for each in found]


@pytest.mark.parametrize("value", [1.0, True, "1", None, [1], {}])
def test_only_a_whole_number_is_one(value: Any) -> None:
    assert breaches(RetryPolicy, {"max_attempts": value}) == [("type", "max_attempts")]


@pytest.mark.parametrize("value", [True, "2", None])
def test_only_a_number_is_one(value: Any) -> None:
    assert breaches(Backoff, {"factor": value}) == [("type", "factor")]


def test_a_whole_number_does_for_a_number() -> None:
    backoff, _ = fill(Backoff, from_data({"factor": 3}))
    assert backoff == Backoff(factor=3.0)
    assert type(backoff.factor) is float


@pytest.mark.parametrize("value", [True, 1.0, "1", 2])
def test_a_choice_is_not_another_value_that_python_takes_for_it(value: Any) -> None:
    found = breaches(Pipeline, {"agentflow": value, "name": "a", "steps": {}})
    assert ("type", "agentflow") in found


def test_a_text_becomes_the_member_of_an_enumeration() -> None:
    step, found = fill(AgentStep, from_data({"agent": "worker", "effects": "read"}))
    assert (step, found) == (AgentStep(agent="worker", effects=Effects.READ), [])
    assert breaches(AgentStep, {"agent": "worker", "effects": "reads"}) == [("type", "effects")]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (0, []),
        (0.5, []),
        ("all", []),
        ("most", [("type", "min_success")]),
        (-1, [("range", "min_success"), ("range", "min_success")]),  # a count, or a share
        (1.5, [("range", "min_success")]),
    ],
)
def test_of_a_union_those_count_whose_type_is_right(value: Any, found: Any) -> None:
    assert breaches(ForEach, {"over": [], "max": 3, "min_success": value}) == found


def test_everything_that_is_wrong_is_told_at_once() -> None:
    data = {"model": "", "top_p": 2, "stop": [], "price": {"input": -1}, "fallbacks": ["a", ""]}
    assert breaches(Model, {**data, "window": 0, "sead": 1}) == [
        ("range", "model"),
        ("range", "top_p"),
        ("short", "stop"),
        ("range", "price", "input"),
        ("missing-key", "price", "output"),
        ("range", "fallbacks", 1),
        ("range", "window"),
        ("unknown-key", "sead"),
    ]


def test_a_model_objects_at_a_place_of_its_own() -> None:
    data = {"model": "a", "params": {"top_k": 3, "temperature": 1}}
    assert breaches(Model, data) == [("objection", "params")]


def test_unknown_keys_are_left_out_with_a_mapping_that_has_no_others() -> None:
    data = {"agent": "a", "catch": {"timeout": {"uze": 1}, "any": {"use": 2}}, "wiht": {}}
    step, found = fill(AgentStep, from_data(data))
    assert [each.path for each in found] == [("catch", "timeout", "uze"), ("wiht",)]
    assert step == AgentStep(agent="a", catch={"any": Use(use=2)})
    limits, _ = fill(Limits, from_data({"across": "machine", "concurency": 2}))
    assert limits is None


def test_what_may_be_left_out_may_be_empty_too() -> None:
    filled, found = fill(Limits, from_data({"concurrency": None, "tokens_per_minute": 5}))
    assert (filled, found) == (Limits(tokens_per_minute=5), [])
    assert breaches(Limits, {"across": None, "concurrency": 1}) == [("type", "across")]


def test_keys_of_tables_are_looked_at_too() -> None:
    found = breaches(Pipeline, {"agentflow": 1, "name": "a", "steps": {}, "outputs": {"A b": 1}})
    assert found == [("short", "steps"), ("pattern", "outputs", "A b", "key")]


def test_keys_are_called_as_authors_write_them() -> None:
    assert keys_of(ForEach)["as"].name == "as_"
    filled, _ = fill(ForEach, from_data({"over": [1], "max": 1, "as": "item"}))
    assert filled == ForEach(over=[1], max=1, as_="item")

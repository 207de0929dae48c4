"""Promises that hold for every schema, judged by a second validator where there is one."""

import json
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from agentflow.contracts.check import Accepted, read_output
from agentflow.contracts.checker import compile_schema
from agentflow.contracts.compat import Kind, compare
from agentflow.contracts.implied import implied
from agentflow.contracts.sample import NoSample, sample
from agentflow.spec.model import Json
from tests.contracts.judging import judge
from tests.contracts.schemas import pairs, schemas, values

bounded = settings(max_examples=100, deadline=None)


def samples(schema: Any, count: int) -> list[Json]:
    found = []
    for seed in range(count):
        try:
            found.append(sample(schema, seed))
        except NoSample:
            break
    return found


@bounded
@given(schemas, values)
def test_a_value_is_judged_as_by_the_second_validator(schema: Any, value: Json) -> None:
    violations = compile_schema(schema).check(value)
    assert (violations == ()) == judge(schema).is_valid(value)


@bounded
@given(schemas, values)
def test_every_violation_says_what_is_wrong_and_where(schema: Any, value: Json) -> None:
    for violation in compile_schema(schema).check(value):
        assert violation.keyword
        assert violation.expected
        assert "\n" not in str(violation)
        assert len(violation.excerpt) <= 80


@bounded
@given(schemas, st.integers())
def test_a_sample_fits_and_is_the_same_for_the_same_seed(schema: Any, seed: int) -> None:
    for value in samples(schema, 1):
        assert judge(schema).is_valid(value)
    try:
        assert json.dumps(sample(schema, seed)) == json.dumps(sample(schema, seed))
    except NoSample:
        return


@bounded
@given(pairs())
def test_what_a_compatible_producer_gives_fits_the_consumer(pair: tuple[Any, Any]) -> None:
    producer, consumer = pair
    if compare(producer, consumer).kind == Kind.COMPATIBLE:
        for value in samples(producer, 5):
            assert judge(consumer).is_valid(value)


@bounded
@given(pairs(), values)
def test_no_value_contradicts_a_compatible_verdict(pair: tuple[Any, Any], value: Json) -> None:
    producer, consumer = pair
    if compare(producer, consumer).kind == Kind.COMPATIBLE and judge(producer).is_valid(value):
        assert judge(consumer).is_valid(value)


@settings(bounded, suppress_health_check=[HealthCheck.filter_too_much])  # few have such a proof
@given(pairs(), values)
def test_no_value_contradicts_a_short_proof(pair: tuple[Any, Any], value: Json) -> None:
    producer, consumer = pair
    assume(implied(producer, producer, consumer, consumer))
    for given_value in [*samples(producer, 3), value]:
        if judge(producer).is_valid(given_value):
            assert judge(consumer).is_valid(given_value)


@bounded
@given(pairs())
def test_a_witness_proves_incompatibility(pair: tuple[Any, Any]) -> None:
    producer, consumer = pair
    verdict = compare(producer, consumer)
    if verdict.violation is not None:
        assert verdict.kind == Kind.INCOMPATIBLE
        assert judge(producer).is_valid(verdict.witness)
        assert not judge(consumer).is_valid(verdict.witness)


@bounded
@given(values)
def test_json_is_taken_as_it_is(value: Json) -> None:
    assert read_output(json.dumps(value), {}) == Accepted(value)
    assert read_output(json.dumps(value, indent=2, ensure_ascii=False), {}) == Accepted(value)


@bounded
@given(values.filter(lambda value: isinstance(value, dict | list)), st.data())
def test_a_text_that_is_cut_is_rejected(value: Json, data: st.DataObject) -> None:
    text = json.dumps(value)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    before = data.draw(st.sampled_from(["", "Here it is:\n", "```json\n"]))
    assert not isinstance(read_output(before + cut, {}), Accepted)


@bounded
@given(
    values.filter(lambda value: isinstance(value, dict | list)),
    st.text('ab1 .,:;()"\n`{}[]', max_size=20),
    st.text('ab1 .,:;()"\n`{}[]', max_size=20),
)
def test_what_is_accepted_from_other_text_is_a_whole_value(
    value: Json, before: str, after: str
) -> None:
    text = json.dumps(value)
    answer = read_output(before + text + after, {"type": ["object", "array"]})
    if isinstance(answer, Accepted):
        assert json.dumps(answer.value) in (before + text + after).replace("\n", " ")

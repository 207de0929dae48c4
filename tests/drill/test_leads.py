"""Steps that no test gets to: which inputs and answers lead there."""

import pytest

from agentflow.spec.model import Json

from .drilling import KIND, TEXT, agent, call, ends, said

INPUTS: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text", "amount", "tags", "urgent"],
    "properties": {
        "text": {"type": "string", "maxLength": 300},
        "amount": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
        "tags": {"type": "array", "maxItems": 30, "items": {"type": "string", "maxLength": 9}},
        "urgent": {"type": "boolean"},
        "level": {"type": "integer"},
        "kind": {"enum": [f"kind_{number}" for number in range(60)]},
    },
}
#: What a step says of a text, in fields of which one hardly ever is what is asked for.
JUDGED: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "score", "parts"],
    "properties": {
        "kind": {"enum": [f"kind_{number}" for number in range(60)]},
        "score": {"type": "integer", "minimum": 0, "maximum": 100_000},
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["n"],
                "properties": {"n": {"type": "integer"}},
            },
        },
    },
}


@pytest.mark.parametrize(
    "when",
    [
        "inputs.amount == 123456",
        "inputs.amount > 999990",
        "!(inputs.amount < 999990)",
        "5 >= inputs.amount",
        "inputs.text.contains('refund (all)')",
        "inputs.text.startsWith('Dear') && inputs.urgent",
        "size(inputs.tags) > 20",
        "size(inputs.text) == 0",
        "inputs.tags.exists(tag, tag == 'vip')",
        "inputs.tags.all(tag, tag == 'vip')",
        "inputs.tags.all(tag, false)",
        "inputs.tags == []",
        "(inputs.amount == 123456) == true",
        "'vip' in inputs.tags",
        "default(inputs.kind, 'none') == 'kind_47'",
        "has(inputs.level) && inputs.level in [-7, -8]",
        "inputs.amount == 7 || inputs.amount == 8",
        "!(inputs.amount != 9 || !inputs.urgent)",
    ],
)
def test_conditions_on_inputs(when: str) -> None:
    steps = {"rare": call(when=when, catch={"any": "skip"})}
    assert ends(steps, inputs=INPUTS) == {"rare.catch.any": "held"}


@pytest.mark.parametrize(
    "when",
    [
        "steps.judge.output.kind == 'kind_31'",
        "steps.judge.output.score >= 99990",
        "steps.judge.output.parts.exists(part, part.n == 41)",
        "steps.judge.output.parts[2].n == -3",
    ],
)
def test_conditions_on_answers(when: str) -> None:
    steps = {
        "judge": call("judge"),
        "rare": call(when=when, catch={"any": "skip"}),
    }
    assert ends(steps, agents={"judge": agent(output=JUDGED)}) == {"rare.catch.any": "held"}


@pytest.mark.parametrize("label", ["kind_3", "kind_58"])
def test_a_case_of_a_switch_over_an_answer_that_goes_through_a_group(label: str) -> None:
    steps = {
        "first": {
            "steps": {"judge": call("judge")},
            "output": {"verdict": "${{ steps.judge.output }}"},
        },
        "act": {
            "switch": "${{ steps.first.output.verdict.kind }}",
            "cases": {label: {"steps": {"rare": call(catch={"timeout": "skip"})}}},
            "default": {},
        },
    }
    found = ends(steps, agents={"judge": agent(output=JUDGED)})
    assert found == {f"act/{label}/rare.catch.timeout": "held"}


def test_a_computed_case() -> None:
    steps = {
        "act": {
            "switch": "${{ inputs.amount > 999000 ? 'much' : inputs.urgent ? 'soon' : 'later' }}",
            "cases": {
                "much": {"steps": {"rare": call(catch={"timeout": "skip"})}},
                "soon": {"steps": {"some": call(catch={"timeout": "skip"})}},
            },
            "default": {"steps": {"usual": call(catch={"timeout": "skip"})}},
        },
    }
    names = ["act/much/rare", "act/soon/some", "act/*/usual"]
    assert ends(steps, inputs=INPUTS) == {f"{name}.catch.timeout": "held" for name in names}


def test_the_items_of_a_list() -> None:
    steps = {
        "each": {
            "for_each": {"over": "${{ inputs.tags }}", "max": 30, "as": "tag"},
            "steps": {"rare": call(when="tag == 'vip'", catch={"rejected": "skip"})},
        }
    }
    assert ends(steps, inputs=INPUTS) == {"each/rare.catch.rejected": "held"}


def test_a_list_that_is_long_enough_for_one_failure() -> None:
    over = {"over": "${{ inputs.tags }}", "max": 30, "min_success": 0.95}
    steps = {"each": {"for_each": over, "steps": {"sort": call()}}}
    held = {"each.for_each.tolerated": "held", "each.for_each.too_few": "held"}
    assert ends(steps, inputs=INPUTS) == held


def test_what_another_pipeline_is_given() -> None:
    child = {
        "agentflow": 1,
        "name": "child",
        "inputs": INPUTS,
        "agents": {"first": agent()},
        "steps": {"rare": call(when="inputs.amount == 77", catch={"any": "skip"})},
    }
    passed = {name: f"${{{{ inputs.{name} }}}}" for name in ("text", "amount", "tags", "urgent")}
    steps = {"inner": {"pipeline": "child.yaml", "with": passed}}
    found = ends(steps, inputs=INPUTS, files={"child.yaml": child})
    assert found == {"child.yaml#rare.catch.any": "held"}


def test_what_a_person_answers() -> None:
    answer = {"type": "object", "required": ["kind"], "properties": {"kind": KIND}}
    steps = {
        "ask": {"human": {"ask": "Well?", "answer": answer}, "timeout": "1h"},
        "rare": call(when="steps.ask.output.kind == 'praise'", catch={"any": "skip"}),
    }
    assert ends(steps) == {"rare.catch.any": "held"}


def test_what_nobody_understands_is_said_to_be_unknown() -> None:
    when = "inputs.amount * 7 % 1000 == 333 && size(inputs.text + 'x') == 299"
    steps = {"rare": call(when=when, catch={"any": "skip"})}
    (told,) = said(steps, inputs=INPUTS)
    assert told == (
        f"rare.catch.any unknown: the drill does not know which values make '{when}' true; "
        "a test that gets there would show it"
    )


def test_what_is_never_true_is_out_of_reach() -> None:
    steps = {"rare": call(when="false && inputs.urgent", catch={"any": "skip"})}
    assert said(steps, inputs=INPUTS) == [
        "rare.catch.any dead: 'false && inputs.urgent' is never true"
    ]


@pytest.mark.parametrize("more", [{"needs": ["count"]}, {"when": "steps.count.output == 'praise'"}])
def test_a_run_that_fails_before_says_so(more: Json) -> None:
    steps = {
        "count": {**call(), "with": {"text": "${{ inputs.tags[100] }}"}},
        "sort": call(**more, catch={"any": "skip"}),
    }
    (told,) = said(steps, inputs=INPUTS)
    assert told.startswith(
        "sort.catch.any unknown: no run of the drill got to 'sort': run 1 failed before (step 'count' failed: 'with':"
    )


def test_a_test_shows_what_the_drill_does_not_find() -> None:
    when = "inputs.amount * 7 % 1000 == 333"
    steps = {"rare": call(when=when, catch={"any": "skip"})}
    inputs = {"text": "a", "amount": 619, "tags": [], "urgent": False}
    tests = {"t": {"inputs": inputs, "answers": {"rare": {"value": "praise"}}}}
    assert ends(steps, inputs=INPUTS, tests=tests) == {"rare.catch.any": "held"}


def test_inputs_that_cannot_follow_a_lead_keep_their_contract() -> None:
    """No text is both long and short; a run without the field would fail for that alone."""
    inputs = {**TEXT, "properties": {"text": {"type": "string", "maxLength": 4}}}
    when = "size(inputs.text) > 5 && inputs.text.startsWith('URG')"
    (told,) = said({"sort": call(when=when, catch={"timeout": "skip"})}, inputs=inputs)
    assert told == (
        f"sort.catch.timeout unknown: the drill does not know which values make '{when}' true; "
        "a test that gets there would show it"
    )

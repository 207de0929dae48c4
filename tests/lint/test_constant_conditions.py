"""What is said to be decided holds whatever comes, held against all that can come."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from agentflow.lint.constant_conditions import comes_to, decided, excluded
from agentflow.lint.rule import Context
from agentflow.loading import understand
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.expressions import parse_expression

SPEC = """
agentflow: 1
name: decided
inputs:
  type: object
  required: [kind, urgent, text]
  properties: {kind: {enum: [bug, question, praise]}, urgent: {type: boolean}, text: {type: string}}
agents:
  worker: {kind: command, argv: [./work], effects: none, input: {type: object}, output: {type: boolean}}
steps:
  one: {when: ONE, agent: worker}
  two: {when: TWO, agent: worker}
  both: {when: has(steps.one.output) && has(steps.two.output), agent: worker}
  around:
    when: ONE
    steps:
      inside: {when: TWO, agent: worker}
outputs: {}
"""
KINDS = ("bug", "question", "praise")
SCOPES = [
    {"inputs": {"kind": kind, "urgent": urgent, "text": text}}
    for kind, urgent, text in product(KINDS, (True, False), ("", "bug", "anything"))
]

_counted = st.one_of(
    st.builds(
        "inputs.kind {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from([*KINDS, "b"])
    ),
    st.builds("inputs.kind.{}('{}')".format, st.sampled_from(["startsWith", "contains"]), st.sampled_from("buqz")),
    st.lists(st.sampled_from(KINDS), max_size=3).map(lambda kinds: f"inputs.kind in {kinds}"),
    st.just("inputs.urgent"),
    st.just("inputs.urgent == false"),
)  # fmt: skip
_open = _counted | st.just("inputs.text == 'bug'")


def _conditions(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map("!({})".format),
            st.builds("({} && {})".format, inner, inner),
            st.builds("({} || {})".format, inner, inner),
            st.builds("({} ? {} : {})".format, inner, inner, inner),
        ),
        max_leaves=5,
    )


def _context(one: str = "true", two: str = "true") -> Context:
    text = SPEC.replace("ONE", f'"{one}"').replace("TWO", f'"{two}"')
    return Context(*understand(text, "decided.yaml", lambda _: ""))


def _outcomes(condition: str) -> set[object]:
    found = set[object]()
    for scope in SCOPES:
        try:
            found.add(evaluate(parse_expression(condition), scope))
        except EvaluationError:
            found.add(None)
    return found


PLAIN = _context()


@given(_conditions(_counted))
def test_what_can_be_counted_is_decided_exactly(condition: str) -> None:
    outcomes = _outcomes(condition)
    wanted = next(iter(outcomes)) if len(outcomes) == 1 else None
    assert comes_to(PLAIN, parse_expression(condition), "") is wanted


@given(_conditions(_open))
def test_what_is_said_to_be_decided_comes_to_that_each_time(condition: str) -> None:
    said = decided(PLAIN, parse_expression(condition), "")
    assert said is None or _outcomes(condition) == {said}


@given(_conditions(_counted), _conditions(_counted))
def test_conditions_exclude_each_other_if_nothing_fulfils_both(one: str, two: str) -> None:
    context = _context(one, two)
    assert context.plan is not None
    joined = excluded(context, context.plan.steps["both"])
    inside = excluded(context, context.plan.steps["around/inside"])
    never_both = True not in _outcomes(f"({one}) && ({two})")
    # Of a condition that nothing fulfils by itself, that is said, and nothing of what follows.
    assert bool(joined) is (never_both and True in _outcomes(one) and True in _outcomes(two))
    assert bool(inside) is (never_both and True in _outcomes(one))

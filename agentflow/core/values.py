"""The values of expressions during a run.

An expression that cannot be evaluated is a failure of the step it belongs to, of class
`rejected`: asking again would give the same.
"""

from collections.abc import Mapping

from agentflow.contracts.check import Accepted, Rejected, read_output
from agentflow.contracts.describe import excerpt
from agentflow.core.events import AttemptSucceeded, Failure
from agentflow.core.state import Instance, State
from agentflow.plan.cases import label_of
from agentflow.plan.contracts import ContractPlan
from agentflow.plan.steps import CallPlan
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.model import FailureClass, Json
from agentflow.spec.templates import Template, render

#: The longest idempotency key, in characters; the bound that payment services set.
KEY_LENGTH = 255


class Unusable(Exception):
    """A value that an expression was to give could not be had; `failure` says why."""

    def __init__(self, what: str, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(FailureClass.REJECTED, f"{what}: {message}")


def value_of(template: Template, env: Mapping[str, Json], what: str) -> Json:
    """The value of a template; `what` names it in the message.

    Raises:
        Unusable: it cannot be evaluated.
    """
    try:
        return render(template, env)
    except EvaluationError as error:
        raise Unusable(what, str(error)) from error


def text_of(template: Template, env: Mapping[str, Json], what: str) -> str:
    """The text of a template.

    Raises:
        Unusable: it cannot be evaluated, or is not text.
    """
    value = value_of(template, env, what)
    if not isinstance(value, str):
        raise Unusable(what, f"expected text, found {type_name(value)}")
    return value


def condition_of(instance: Instance) -> bool:
    """Does `when` hold?

    Raises:
        Unusable: it cannot be evaluated, or is not a bool.
    """
    assert instance.step.when is not None
    return holds(instance.step.when, instance.env, "'when'")


def holds(condition: Expr, env: Mapping[str, Json], what: str) -> bool:
    """Is a condition true? `what` names it in the message.

    Raises:
        Unusable: it cannot be evaluated, or is not a bool.
    """
    try:
        value = evaluate(condition, env)
    except EvaluationError as error:
        raise Unusable(what, str(error)) from error
    if not isinstance(value, bool):
        raise Unusable(what, f"expected true or false, found {type_name(value)}")
    return value


def items_of(instance: Instance) -> list[Json]:
    """The list a `for_each` goes over.

    Raises:
        Unusable: it cannot be evaluated, is not a list, or is longer than `max`.
    """
    for_each = instance.step.for_each
    assert for_each is not None
    values = value_of(for_each.over, instance.env, "'for_each.over'")
    if not isinstance(values, list):
        raise Unusable("'for_each.over'", f"expected a list, found {type_name(values)}")
    if len(values) > for_each.max:
        raise Unusable("'for_each'", f"{len(values)} items are more than 'max: {for_each.max}'")
    return values


def case_of(instance: Instance) -> str:
    """The label that a switch comes to.

    Raises:
        Unusable: it cannot be evaluated, or is not a string, an integer or a boolean.
    """
    assert instance.step.switch is not None
    value = value_of(instance.step.switch, instance.env, "'switch'")
    label = label_of(value)
    if label is None:
        found = type_name(value)
        raise Unusable("'switch'", f"expected text, an integer or a boolean, found {found}")
    return label


def chosen_call(instance: Instance) -> CallPlan:
    """The call that a step makes: that of its agent, or of the one that `agent` comes to.

    Raises:
        Unusable: it comes to none of `among`.
    """
    step = instance.step
    if instance.stand_in is None and instance.chosen is None and step.dispatch is not None:
        name = value_of(step.dispatch, instance.env, "'agent'")
        if not isinstance(name, str) or name not in step.among:
            among = ", ".join(step.among)
            raise Unusable("'agent'", f"expected one of {among}, found {excerpt(name)}")
        return step.among[name]
    assert instance.call is not None
    return instance.call


def payload_of(instance: Instance, call: CallPlan) -> tuple[dict[str, Json], str | None]:
    """What an agent is given and its idempotency key, if it has one.

    Both are worked out for the first attempt; all others carry the same.

    Raises:
        Unusable: one cannot be evaluated, or breaks what is asked of it.
    """
    given: dict[str, Json]
    if instance.intent is not None:
        given = dict(instance.intent.input)
        if instance.stand_in is not None:
            _check_input(call, given)
        return given, instance.intent.key
    given = value_of(call.arguments, instance.env, "'with'")
    _check_input(call, given)
    if call.key is None:
        return given, None
    key = value_of(call.key, instance.env, "'idempotency_key'")
    if not 0 < len(key) <= KEY_LENGTH or not key.isprintable() or key != key.strip():
        wanted = f"expected 1 to {KEY_LENGTH} printable characters"
        raise Unusable("'idempotency_key'", f"{wanted}, found {len(key)}: {key[:60]!r}")
    return given, key


def _check_input(call: CallPlan, given: Json) -> None:
    violations = call.input.checker.check(given)
    if violations:
        what = f"the input breaks the contract of '{call.agent}'"
        raise Unusable(what, str(violations[0]))


def read_answer(instance: Instance, fact: AttemptSucceeded) -> Accepted | Rejected:
    """The agent's answer, checked against its contract and the one its step's agents share."""
    call, shared = instance.call, instance.step.call
    assert call is not None
    assert shared is not None
    if fact.text is not None:
        answer = read_output(fact.text, dict(call.output.schema))
    else:
        answer = _checked(fact.value, call.output)
    if isinstance(answer, Rejected) or shared.output is call.output:
        return answer
    once_more = _checked(answer.value, shared.output)
    return once_more if isinstance(once_more, Rejected) else answer


def _checked(value: Json, contract: ContractPlan) -> Accepted | Rejected:
    violations = contract.checker.check(value)
    if violations:
        return Rejected(f"the answer breaks its contract: {violations[0]}", violations)
    return Accepted(value)


def outputs_of(state: State) -> dict[str, Json]:
    """The outputs of the pipeline.

    Raises:
        Unusable: one cannot be evaluated.
    """
    assert state.root is not None
    outputs: dict[str, Json] = value_of(state.plan.outputs, state.root.env, "'outputs'")
    return outputs


def type_name(value: Json) -> str:
    """What JSON calls a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "an object"

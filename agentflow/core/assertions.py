"""What a step asserts about its output, where a schema cannot say it."""

from collections.abc import Iterator, Mapping

from agentflow.contracts.describe import excerpt
from agentflow.core.state import Instance
from agentflow.core.values import Unusable, holds
from agentflow.plan.steps import AssertPlan
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.expressions import parse_expression, references
from agentflow.spec.model import Json


def broken(instance: Instance, output: Json) -> tuple[int, list[str]] | None:
    """The first assertion that is not true, by its number from 0, and all of them in words.

    One that cannot be evaluated is not true either: it asks for something that is not there.
    """
    if not instance.step.asserts:
        return None
    env = {**read_besides(instance), "output": output}
    found: dict[int, str] = {}
    for number, assertion in enumerate(instance.step.asserts):
        try:
            if not holds(assertion.that, env, f"'{assertion.text}'"):
                found[number] = f"{assertion.message} ({_explained(assertion, env)})"
        except Unusable as error:
            found[number] = f"{assertion.message} ({error.failure.message})"
    return (min(found), list(found.values())) if found else None


def read_besides(instance: Instance) -> dict[str, Json]:
    """What the assertions of a step can read besides its output, by the names of roots."""
    if instance.intent is None:
        return dict(instance.env)
    return {**instance.env, "input": instance.intent.input}


def _explained(assertion: AssertPlan, env: Mapping[str, Json]) -> str:
    """`'output.sum == input.sum' is false: output.sum is 5, input.sum is 7`."""
    values = ", ".join(_values(assertion, env))
    return f"'{assertion.text}' is false" + (f": {values}" if values else "")


def _values(assertion: AssertPlan, env: Mapping[str, Json]) -> Iterator[str]:
    paths = dict.fromkeys(assertion.text[r.start : r.end] for r in references(assertion.that))
    for path in paths:
        try:
            yield f"{path} is {excerpt(evaluate(parse_expression(path), env))}"
        except EvaluationError:
            yield f"{path} is absent"

"""What a step asserts to be equal is made so in an answer that is made up.

`output.net + output.tax == output.gross` and `output.count == size(output.items)` hold of no answer by
chance. Where one side is a field of the output, that field may be given what the other comes to.
Whether the answer keeps its contract then, whoever draws it has to ask.
"""

from collections.abc import Callable, Iterator

from agentflow.core.assertions import read_besides
from agentflow.core.state import Instance
from agentflow.plan.steps import StepPlan
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.logic import together, way_of
from agentflow.spec.cel.syntax import Binary, Expr, Literal
from agentflow.spec.model import Json


def equalizer(instance: Instance) -> Callable[[Json], Json]:
    """Gives an answer of a step with the fields changed that are asserted to equal something."""
    equal, known = list(_equal(instance.step)), read_besides(instance)

    def equalized(answer: Json) -> Json:
        for way, other in equal:
            try:
                value = evaluate(other, {**known, "output": answer})
            except EvaluationError:
                continue
            answer = _with(answer, way, value)
        return answer

    return equalized


def _equal(step: StepPlan) -> Iterator[tuple[tuple[str, ...], Expr]]:
    """The ways to fields of the output, and what each is asserted to equal; the last on the right."""
    for each in step.asserts:
        for part, truth in together(each.that, True):
            match part:
                case Binary("==", left, right) if truth:
                    for one, other in ((right, left), (left, right)):
                        root, way = way_of(one)
                        fields = tuple(key for key in way if isinstance(key, str))
                        if root == "output" and way == fields and not isinstance(other, Literal):
                            yield fields, other
                            break


def _with(value: Json, way: tuple[str, ...], part: Json) -> Json:
    """A value with another at the end of a way; the value itself if the way does not lead anywhere."""
    if not way:
        return part
    if not isinstance(value, dict) or way[0] not in value:
        return value
    return {**value, way[0]: _with(value[way[0]], way[1:], part)}

"""What the author says about the effects of calls, and where requests go."""

from agentflow.lint.rule import Context
from agentflow.plan.calls import home_of
from agentflow.plan.steps import CallPlan, StepPlan
from agentflow.spec.expressions import ExpressionError, references
from agentflow.spec.templates import parse_template, template_expressions


def is_declared(context: Context, step: StepPlan, call: CallPlan) -> bool:
    """Does the author say what the effects of a call are, for the step or for its agent?"""
    places = ((*step.path, "effects"), (*home_of(step, call), "effects"))
    return any(context.document.node(place) is not None for place in places)


def fields_of_url(call: CallPlan) -> tuple[str, ...]:
    """The fields of the input that the url of a request is made of, in their order."""
    url = getattr(call.options, "url", None)
    try:
        found = template_expressions(parse_template(url)) if isinstance(url, str) else ()
        read = [each for _, _, expr in found for each in references(expr)]
    except ExpressionError:
        return ()  # which `prompt-reference` tells of
    fields = (str(each.path[0]) for each in read if each.root == "input" and each.path)
    return tuple(dict.fromkeys(fields))

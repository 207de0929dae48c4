"""What a chat model gets to see of its input."""

from agentflow.spec.expressions import ExpressionError, references
from agentflow.spec.templates import parse_template, template_expressions


def passes_whole(prompt: str | None, field: str) -> bool:
    """Does a model see a whole field of its input, rather than parts that the prompt picks?"""
    if prompt is None:
        return True  # the input is sent as it is
    try:
        expressions = template_expressions(parse_template(prompt))
        paths = [one.path for _, _, expr in expressions for one in references(expr)]
    except ExpressionError:
        return False  # which is reported where the prompt stands
    return (field,) in paths or () in paths


def reads(prompt: str | None, field: str) -> bool:
    """Does anything of a field of its input get into what a model sees?"""
    if prompt is None:
        return True
    try:
        expressions = template_expressions(parse_template(prompt))
        paths = [one.path for _, _, expr in expressions for one in references(expr)]
    except ExpressionError:
        return False
    return any(path[:1] in ((), (field,)) for path in paths)


def fields_read(prompt: str) -> frozenset[str] | None:
    """The fields of its input that a prompt reads; None if it cannot be read itself."""
    try:
        expressions = template_expressions(parse_template(prompt))
        paths = [one.path for _, _, expr in expressions for one in references(expr)]
    except ExpressionError:
        return None
    return frozenset(str(path[0]) for path in paths if path)

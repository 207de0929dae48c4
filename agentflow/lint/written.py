"""All templates and conditions that the author wrote, and the place at which each is read."""

from collections.abc import Iterator

from agentflow.lint.escalations import levels
from agentflow.plan import address
from agentflow.plan.steps import DelegatePlan, Plan, StepPlan
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.document import Path
from agentflow.spec.templates import (
    ListOf,
    MapOf,
    Template,
    Text,
    Whole,
    template_expressions,
)


def expressions(plan: Plan) -> Iterator[tuple[Expr, Path, int, str]]:
    """All expressions: the path of their text, where in it they start, where they are read."""
    for expr, path, place in conditions(plan):
        yield expr, path, 0, place
    for template, path, place in templates(plan):
        for inner, offset, expr in template_expressions(template):
            yield expr, (*path, *inner), offset, place


def conditions(plan: Plan) -> Iterator[tuple[Expr, Path, str]]:
    """All conditions, each with its path in the document and the address where it is read."""
    for step in plan.steps.values():
        yield from conditions_of(step)


def conditions_of(step: StepPlan) -> Iterator[tuple[Expr, Path, str]]:
    """The `when` of a step, which is read outside of it, `until` and `assert`."""
    if step.when is not None:
        yield step.when, (*step.path, "when"), address.parent(step.address) or ""
    if step.loop is not None and step.body is not None and step.loop.until is not None:
        yield step.loop.until, (*step.body.path, "until"), step.body.address
    for index, assertion in enumerate(step.asserts):
        yield assertion.that, (*step.path, "assert", index, "that"), step.address


def templates(plan: Plan) -> Iterator[tuple[Template, Path, str]]:
    """All templates, each with its path in the document and the address where it is read."""
    yield plan.outputs, ("outputs",), ""
    yield from _messages(plan)
    for step in plan.steps.values():
        if step.call is not None:
            yield step.call.arguments, (*step.path, "with"), step.address
            if step.call.key is not None:
                yield step.call.key, (*step.path, "idempotency_key"), step.address
        if step.delegate is not None:
            yield from _delegated(step.delegate, (*step.path, "delegate"))
        if step.switch is not None:
            yield step.switch, (*step.path, "switch"), step.address
        yield from _repeated(step)
        for key, action in step.catch.items():
            if action.value is not None:
                yield action.value, (*step.path, "catch", key, "use"), action.place
        for scope in step.scopes:
            if scope.output is not None:
                yield scope.output, (*scope.path, "output"), scope.address


def _delegated(delegate: DelegatePlan, path: Path) -> Iterator[tuple[Template, Path, str]]:
    """The templates of a delegate, which all its workers share."""
    yield delegate.tasks, (*path, "plan"), delegate.address
    worker = next(iter(delegate.workers.values()))
    if worker.call is not None and not delegate.whole:
        yield worker.call.arguments, (*path, "with"), delegate.address
    for key, action in worker.catch.items():
        if action.value is not None:
            yield action.value, (*path, "catch", key, "use"), action.place


def _repeated(step: StepPlan) -> Iterator[tuple[Template, Path, str]]:
    """The templates of a `for_each` and of a loop."""
    if step.for_each is not None:
        over = (*step.path, "for_each", "over")
        yield step.for_each.over, over, address.parent(step.address) or ""
        if step.for_each.key is not None:
            yield step.for_each.key, (*step.path, "for_each", "key"), step.address
    if step.loop is not None and step.body is not None:
        yield step.loop.state, (*step.body.path, "state"), step.address
        yield step.loop.next, (*step.body.path, "next"), step.body.address


def _messages(plan: Plan) -> Iterator[tuple[Template, Path, str]]:
    """The texts that people are asked, shown and told."""
    for level in levels(plan):
        if level.text is not None:
            key = "ask" if level.kind == "human" else "text"
            yield level.text, (*level.path, level.kind, key), ""
    for step in plan.steps.values():
        if step.dispatch is not None:
            yield step.dispatch, (*step.path, "agent"), step.address
        if step.question is not None:
            yield step.question.shown, (*step.path, "with"), step.address
            yield step.question.ask, (*step.path, "human", "ask"), step.address


def in_text(template: Template, path: Path) -> Iterator[tuple[Whole, Path]]:
    """The expressions that stand in text, each with the path of that text."""
    match template:
        case Text(parts):
            yield from ((part, path) for part in parts if isinstance(part, Whole))
        case MapOf(entries):
            for key, inner in entries:
                yield from in_text(inner, (*path, key))
        case ListOf(items):
            for index, inner in enumerate(items):
                yield from in_text(inner, (*path, index))

"""Addresses of steps as tests write them: as a trace shows them, or open where a number stands.

collect              the step
extract[3]           its instance for item 3
extract[*]/read      `read` in the instance for any item
refine[#*]/draft     `draft` in any iteration of the loop `refine`
work/search[:a]      task `a` of the delegate `work`, for its worker `search`
work/search[:*]      any task for that worker
answer/lookup[@2.1]  the first call in turn 2, of the tool `lookup`
answer/lookup[@*]    any call of that tool
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from agentflow.plan import address
from agentflow.plan.calls import tools_of
from agentflow.plan.steps import Plan, ScopePlan, StepPlan

ANY_ITEM = "[*]"
ANY_ITERATION = "[#*]"
ANY_TASK = "[:*]"
ANY_CALL = "[@*]"
_TASK = re.compile(r"\[:[^\[\]]+\]")
_IN_BRACKETS = re.compile(r"\[[#:@]?([^\[\]]*)\]")
_NUMBER = re.compile(r"\[(#?)[0-9]+\]")


def matches(pattern: str, at: str) -> bool:
    """Does the pattern stand for this address?"""
    return pattern == at or ("*]" in pattern and bool(_compiled(pattern).fullmatch(at)))


def openness(pattern: str) -> tuple[int, tuple[bool, ...]]:
    """How many numbers a pattern leaves open, and which, outermost first: the fewest win."""
    numbers = tuple(number == "*" for number in _IN_BRACKETS.findall(pattern))
    return sum(numbers), numbers


def opened(pattern: str) -> str:
    """The pattern with all numbers, tasks and calls left open."""
    return address.CALL_NUMBER.sub(ANY_CALL, _TASK.sub(ANY_TASK, _NUMBER.sub(r"[\1*]", pattern)))


def patterns_of(plan: Plan) -> Iterator[tuple[str, StepPlan, bool]]:
    """All steps of a plan by their pattern with every number open, from the outside in.

    Steps of nested pipelines are included, which may be a great many. With each goes whether the
    pattern stands for the step as it is carried out, which for a `for_each` are its instances.
    """
    yield from _in_scope(plan.root, "")


def _in_scope(scope: ScopePlan, at: str) -> Iterator[tuple[str, StepPlan, bool]]:
    for step in scope.steps:
        here = address.child(at, step.id)
        yield here, step, step.for_each is None
        if step.for_each is not None:
            here += ANY_ITEM
            yield here, step, True
        if step.body is not None:
            inside = here + ANY_ITERATION if step.loop is not None else here
            yield from _in_scope(step.body, inside)
        for label, case in step.cases.items():
            yield from _in_scope(case, address.child(here, label))
        if step.default is not None:
            yield from _in_scope(step.default, address.default_case(here))
        yield from _tools(step, here)
        for name, worker in step.delegate.workers.items() if step.delegate else ():
            task = address.child(here, name) + ANY_TASK
            yield task, worker, True
            yield from _tools(worker, task)
        if step.nested is not None:
            yield from _in_scope(step.nested.plan.root, here)


def _tools(step: StepPlan, at: str) -> Iterator[tuple[str, StepPlan, bool]]:
    for tool in tools_of(step):
        here = address.child(at, tool.id) + ANY_CALL
        yield here, tool, True
        yield from _tools(tool, here)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    text = re.escape(pattern)
    for mark in ("", "#"):
        text = text.replace(re.escape(f"[{mark}*]"), rf"\[{re.escape(mark)}[0-9]+\]")
    text = text.replace(re.escape(ANY_TASK), r"\[:[^\[\]]+\]")
    text = text.replace(re.escape(ANY_CALL), r"\[@[0-9]+\.[0-9]+\]")
    return re.compile(text)

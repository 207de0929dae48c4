"""The calls of a plan: which ones a step can lead to, which steps make any, and where each stands.

A step calls its agent, or one of several. `catch` may hand over to others, an escalation may
replace the agent, and a model may call tools, each of which is a step of its own.
"""

from collections.abc import Iterator

from agentflow.plan import address
from agentflow.plan.servers import tool_named
from agentflow.plan.steps import CallPlan, Plan, StepPlan
from agentflow.spec.document import Path


def calls_of(step: StepPlan) -> tuple[CallPlan, ...]:
    """The calls of a step's agents, and of those that `catch` hands over to."""
    if step.dispatch is None and not step.catch:
        return () if step.call is None else (step.call,)
    own = step.among.values() if step.dispatch is not None else (step.call,)
    others = [action.call for action in step.catch.values()]
    return tuple([call for call in (*own, *others) if call is not None])


def stand_ins(step: StepPlan) -> Iterator[CallPlan]:
    """The calls that a step's escalations may make instead of its agent's."""
    for action in step.catch.values():
        if action.escalation is not None:
            yield from (call for level in action.escalation.levels for call in level.calls)


def possible_calls(step: StepPlan) -> tuple[CallPlan, ...]:
    """All calls that a step may make: of its agents, and those of its escalations."""
    return (*calls_of(step), *stand_ins(step)) if step.catch else calls_of(step)


def call_of(step: StepPlan, agent: str | None) -> CallPlan | None:
    """The call of an agent by a step, by the agent's name; None if it is not one of its agents."""
    return next((call for call in possible_calls(step) if call.agent == agent), None)


def tools_of(step: StepPlan) -> Iterator[StepPlan]:
    """The calls of tools that any model called by a step may ask for."""
    for call in possible_calls(step):
        yield from (tool.step for tool in call.tools.values())


def is_repeatable(call: CallPlan) -> bool:
    """May an attempt be made again although it may have had its effect?"""
    return call.effects.repeatable or call.key is not None


def tools_in_turn(call: CallPlan) -> bool:
    """Does a model have tools, and another turn after calling them?"""
    return bool(call.tools) and call.max_turns > 1


def callers(plan: Plan) -> Iterator[StepPlan]:
    """The steps of a plan that call an agent, with the workers of delegates and all tools."""
    for step in plan.steps.values():
        if step.kind == "agent":
            yield from _with_tools(step)
        elif step.delegate is not None:
            for worker in step.delegate.workers.values():
                yield from _with_tools(worker)


def _with_tools(step: StepPlan) -> Iterator[StepPlan]:
    yield step
    for call in possible_calls(step):
        for tool in call.tools.values():
            yield from _with_tools(tool.step)


def calls_in(plan: Plan) -> Iterator[CallPlan]:
    """All calls that the steps of a plan may make, without those of nested pipelines."""
    return (call for step in callers(plan) for call in possible_calls(step))


def every_call(plan: Plan) -> Iterator[CallPlan]:
    """All calls that the steps of a plan, and of nested pipelines, may make."""
    return (call for each in plans_within(plan) for call in calls_in(each))


def servers_called(plan: Plan) -> tuple[str, ...]:
    """The names of the servers whose tools a plan, or a nested pipeline, may call."""
    named = (tool_named(call.options) for call in every_call(plan))
    return tuple(dict.fromkeys(name[0] for name in named if name is not None))


def unpriced_models(plan: Plan) -> list[str]:
    """The models of a plan, and of nested pipelines, for which the spec states no price."""
    chats = (chat for call in every_call(plan) for chat in call.chats())
    return list(dict.fromkeys(chat.model for chat in chats if chat.price is None))


def plans_within(plan: Plan) -> tuple[Plan, ...]:
    """The plan itself and those of the pipelines it runs, however deep, each once."""
    found = {plan.file: plan}
    pending = [plan]
    while pending:
        for child in pending.pop().children.values():
            if child.plan is not None and child.file not in found:
                found[child.file] = child.plan
                pending.append(child.plan)
    return tuple(found.values())


def steps_within(step: StepPlan) -> Iterator[StepPlan]:
    """A step and all steps inside it, in its own pipeline."""
    yield step
    for scope in step.scopes:
        for inner in scope.steps:
            yield from steps_within(inner)


def step_at(plan: Plan, at: str) -> tuple[Plan, StepPlan]:
    """The step at an address of a run, and the plan that it is in.

    Raises:
        KeyError: there is no such step.
    """
    inside = address.static(at)
    while inside not in plan.steps:
        outer = address.parent(inside)
        while outer is not None and outer not in plan.steps:
            outer = address.parent(outer)
        if outer is None:
            raise KeyError(at)
        step, rest = plan.steps[outer], inside[len(outer) + 1 :]
        found = _within(step, rest)
        if found is not None:
            return plan, found
        if step.nested is None:
            raise KeyError(at)
        plan, inside = step.nested.plan, rest
    return plan, plan.steps[inside]


def _within(step: StepPlan, rest: str) -> StepPlan | None:
    """The worker, tool, or tool of either, of a step that the rest of an address names."""
    if not rest:
        return step
    name, _, further = rest.partition("/")
    if step.delegate is not None:
        worker = step.delegate.workers.get(name)
        return _within(worker, further) if worker is not None else None
    tool = next((one for one in tools_of(step) if one.id == name), None)
    return _within(tool, further) if tool is not None else None


def home_of(step: StepPlan, call: CallPlan) -> Path:
    """Where the agent of a call is defined: under `agents`, or where it is offered as a tool."""
    return step.path if "." in call.agent else ("agents", call.agent)

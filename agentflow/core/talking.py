"""What turns do to the state: the part of the transition table about models that have tools."""

from agentflow.core import events
from agentflow.core.scopes import enter
from agentflow.core.state import Instance, Need, Scope, State, open_unplanned
from agentflow.core.table import IllegalTransition, take
from agentflow.core.talks import Asks, Talk, ToolResult, Turn, failed_result
from agentflow.core.turns import Request, requests
from agentflow.plan import address


def call_tools(state: State, event: events.CallTools) -> None:
    instance = take(state, event)
    asks, call = instance.answer, instance.call
    if not isinstance(asks, Asks) or call is None or event.turn != instance.turns + 1:
        raise IllegalTransition(event, event.step, "not asking for tools")
    talk = instance.talk = instance.talk or Talk(instance.turns)
    read = list(requests(call, asks, talk.used))
    if [one.wrong for one in read] != [one.get("refused") for one in event.calls]:
        raise IllegalTransition(event, event.step, "asking for other calls")
    talk.asked, talk.said, talk.thoughts = asks.calls, asks.said, asks.thoughts
    talk.refused = {n: one.wrong for n, one in enumerate(read, 1) if one.wrong is not None}
    talk.used.update(one.call.tool for one in read)
    instance.turns = event.turn
    instance.answer = None
    instance.failures = instance.repairs = instance.link = 0
    instance.retry_after = instance.counted = None
    instance.inside = scope = _calls(instance, read)
    for inner in scope.steps.values():
        enter(state, inner)
    if scope.remaining == 0:
        state.agenda.append((Need.OUTPUT, instance))


def _calls(owner: Instance, read: list[Request]) -> Scope:
    """The scope of the calls of a turn, all of them pending. They see the arguments, as `input`."""
    scope = open_unplanned(owner, None)
    for number, one in enumerate(read, 1):
        if one.step is None:
            continue
        at = address.tool_call(owner.address, one.call.tool, owner.turns, number)
        env = {**owner.env, "input": one.arguments, "call": {"id": at}}
        scope.steps[str(number)] = Instance(address=at, step=one.step, scope=scope, env=env)
    scope.remaining = len(scope.steps)
    return scope


def next_turn(state: State, event: events.NextTurn) -> None:
    instance = take(state, event)
    talk, inside = instance.talk, instance.inside
    if talk is None or inside is None or event.turn != talk.number + 1:
        raise IllegalTransition(event, event.step, "not through with its calls")
    results = tuple(
        ToolResult(error=talk.refused[number])
        if number in talk.refused
        else _result(inside.steps[str(number)])
        for number in range(1, len(talk.asked) + 1)
    )
    talk.turns.append(Turn(talk.said, talk.asked, results, instance.complaint, talk.thoughts))
    talk.asked, talk.said, talk.thoughts, talk.refused = (), None, None, {}
    instance.said = instance.complaint = instance.inside = None
    instance.status = "waiting"
    state.ready.append(instance)


def _result(call: Instance) -> ToolResult:
    if call.status == "succeeded":
        return ToolResult(call.output, instead=call.instead)
    if call.failure is None:
        return ToolResult(error=f"{call.status}: nothing came of it")
    return failed_result(call.failure, call.instead, acted=call.acted)


def begin_afresh(instance: Instance) -> None:
    """Whatever was said before is forgotten: a new talk begins with the next attempt."""
    instance.talk = instance.inside = None

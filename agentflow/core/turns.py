"""The turns of a model that has tools: what it asks for is checked as data, and then called.

A call that cannot be made (an unknown tool, arguments that are no JSON or break the contract of the
tool, one call more than the tool has) counts and is answered with what is wrong, which the model
can mend. So is one that failed after its own retries. Where a person has to decide, or nothing is
left to pay with, the step fails.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct

from agentflow.contracts.strict import NotJson, loads
from agentflow.core import events
from agentflow.core.events import Decision, Failure, Reason
from agentflow.core.failing import after_failure
from agentflow.core.state import Instance, State
from agentflow.core.talks import Asks, ToolCall
from agentflow.plan.steps import CallPlan, StepPlan, ToolPlan
from agentflow.spec.model import FailureClass, Json
from agentflow.spec.wording import did_you_mean, quoted


class Request(Struct, frozen=True):
    """A call that a model asks for: its `step` and arguments, or what is wrong with it."""

    call: ToolCall
    step: StepPlan | None = None
    arguments: Mapping[str, Json] | None = None
    wrong: str | None = None


def requests(call: CallPlan, asks: Asks, used: Mapping[str, int]) -> Iterator[Request]:
    """The calls of a turn; `used` counts those of earlier turns by the name of the tool."""
    counted = Counter(used)
    for one in asks.calls:
        counted[one.tool] += 1
        tool = call.tools.get(one.tool)
        if tool is None:
            near = did_you_mean(one.tool, call.tools)
            there = near or f"; there is: {', '.join(call.tools)}"
            yield Request(one, wrong=f"unknown tool {quoted(one.tool)}{there}")
        elif counted[one.tool] > tool.max_calls:
            most = "1 call" if tool.max_calls == 1 else f"{tool.max_calls} calls"
            yield Request(
                one, wrong=f"{quoted(one.tool)} has {most} (max_calls), and they are used up"
            )
        else:
            yield _read(one, tool)


def _read(call: ToolCall, tool: ToolPlan) -> Request:
    try:
        # Some models write nothing where there is nothing to say.
        arguments = loads(call.arguments) if call.arguments.strip() else {}
    except NotJson as problem:
        return Request(call, wrong=f"the arguments cannot be read: {problem}")
    if not isinstance(arguments, dict):
        return Request(call, wrong="the arguments are no object")
    assert tool.step.call is not None
    violations = tool.step.call.input.checker.check(arguments)
    if violations:
        more = f"; {len(violations) - 1} more" if len(violations) > 1 else ""
        return Request(call, wrong=f"the arguments break their contract: {violations[0]}{more}")
    return Request(call, tool.step, arguments)


def on_calls(instance: Instance, asks: Asks) -> Decision:
    """A model asks for tools."""
    call, talk = instance.call, instance.talk
    assert call is not None
    over = len(talk.turns) if talk is not None else 0
    if not call.tools:
        reason = Reason("contract.output", "it asked for a tool, and has none")
        failure = Failure(FailureClass.INVALID_OUTPUT, reason.text)
        return events.RejectOutput(instance.address, instance.attempt, failure, reason)
    if instance.scope.closed:
        reason = Reason("language.failure", "what encloses the step has failed")
        return events.CancelStep(instance.address, reason)
    if over + 1 >= call.max_turns:
        turns = "its turn" if call.max_turns == 1 else f"the last of {call.max_turns} turns"
        wanted = ", ".join(dict.fromkeys(quoted(one.tool) for one in asks.calls))
        text = f"the model asks for {wanted} in {turns} (max_turns)"
        return after_failure(instance, Failure(FailureClass.EXHAUSTED, text))
    used = talk.used if talk is not None else {}
    told = [_told(request) for request in requests(call, asks, used)]
    refused = sum("refused" in one for one in told)
    count = "1 call" if len(told) == 1 else f"{len(told)} calls"
    more = f", {refused} of them refused" if refused else ""
    return events.CallTools(
        step=instance.address,
        attempt=instance.attempt,
        turn=instance.turns + 1,
        calls=told,
        reason=Reason(
            f"agents.{call.agent}.tools",
            f"the model asks for {count}{more}",
            {"turn": over + 1, "max_turns": call.max_turns},
        ),
    )


def _told(request: Request) -> dict[str, Json]:
    told = {"id": request.call.id, "tool": request.call.tool}
    return told if request.wrong is None else {**told, "refused": request.wrong}


def next_turn(instance: Instance) -> Decision:
    """All calls of a turn have ended."""
    call, talk, inside = instance.call, instance.talk, instance.inside
    assert call is not None
    assert talk is not None
    assert inside is not None
    figures: dict[str, Json] = {"calls": len(talk.asked), "succeeded": inside.succeeded}
    text = f"{inside.succeeded} of {len(talk.asked)} calls succeeded"
    reason = Reason(f"agents.{call.agent}.tools", text, figures)
    return events.NextTurn(instance.address, talk.number + 1, reason)


def on_approval(_state: State, instance: Instance) -> Decision:
    """A tool is to be called that nobody but a person may let be called."""
    approval = instance.step.approval
    assert approval is not None
    text = f"{quoted(instance.step.id)} is called only if a person approves"
    failure = Failure(FailureClass.REJECTED, text)
    reason = Reason("language.tools", text)
    return events.Escalate(instance.address, "approve", approval.name, failure, reason)

"""What an attempt is given, by the state of the run that has decided on it."""

from agentflow.agents.protocol import Call, ToolOffer
from agentflow.core.events import StartAttempt
from agentflow.core.state import State
from agentflow.plan.calls import step_at
from agentflow.plan.steps import CallPlan, Plan


def call_of_attempt(state: State, decision: StartAttempt) -> tuple[Plan, CallPlan, Call]:
    """The pipeline of an attempt that is in flight, the terms on which it calls, and the call."""
    pipeline, step = step_at(state.plan, decision.step)
    instance = state.running[decision.step]
    plan = instance.call
    assert plan is not None
    assert step.contract is not None
    call = Call(
        run_id=state.run_id,
        step=decision.step,
        attempt=decision.attempt,
        agent=decision.agent,
        input=decision.input,
        output_schema=step.contract.schema,
        timeout=decision.timeout,
        complaint=instance.complaint,
        idempotency_key=decision.key,
        tools=_offers(plan),
        turns=tuple(instance.talk.turns) if instance.talk is not None else (),
    )
    return pipeline, plan, call


def _offers(call: CallPlan) -> tuple[ToolOffer, ...]:
    """The tools of a call, in the order in which the author wrote them."""
    return tuple(
        ToolOffer(name, tool.description, tool.step.call.input.schema)
        for name, tool in call.tools.items()
        if tool.step.call is not None
    )

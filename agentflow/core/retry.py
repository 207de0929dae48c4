"""May a failed attempt be made again, and when? Effects are asked first: see `core.effects`."""

import hashlib

from msgspec import Struct

from agentflow.core import purse
from agentflow.core.deadlines import no_time_to_wait
from agentflow.core.events import Failure, Reason
from agentflow.core.state import Instance, State
from agentflow.plan.backoff import backoff
from agentflow.plan.calls import is_repeatable
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import ANSWERED

_AROUND = "what encloses the step has failed"


class Again(Struct, frozen=True):
    """Another attempt, after `delay` seconds."""

    delay: float
    reason: Reason


def judge(state: State, instance: Instance, failure: Failure) -> Again | Reason | None:
    """Another attempt, or the reason why not; None where no policy speaks of it.

    `instance.failures` counts the failed attempts, this one included.
    """
    call = instance.call
    assert call is not None
    policy = call.retry
    if policy is None:
        return None
    rule = f"{instance.step.address}.retry"
    figures = {
        "failed": instance.failures,
        "max_attempts": policy.max_attempts,
        "retries_used": instance.purse.spent.get("retries", 0),
    }
    if str(failure.kind) not in policy.on:
        return Reason(rule, f"the policy does not retry '{failure.kind}'", figures)
    if not is_repeatable(call) and (failure.kind in ANSWERED or failure.kind.ambiguous):
        acted = "has acted" if failure.kind in ANSWERED else "may have acted"
        text = (
            f"the agent {acted}, its effects are '{call.effects}', and there is no idempotency key"
        )
        return Reason("language.effects", text, figures)
    if instance.scope.closed:
        around = f"the run was {state.cancelled}" if state.cancelled else _AROUND
        return Reason("language.failure", around, figures)
    if instance.failures >= policy.max_attempts:
        text = f"attempt {instance.failures} of {policy.max_attempts} failed"
        return Reason(rule, text, figures)
    found = purse.lack(instance.purse, {"retries": 1})
    if found is not None:
        figures |= purse.figures(found.purse, "retries")
        return Reason("budget.retries", purse.told(found), figures)
    chance = share(state.run_id, instance.address, instance.failures)
    delay = backoff(policy.backoff, instance.failures - 1, chance)
    text = f"'{failure.kind}' in attempt {instance.failures} of {policy.max_attempts}"
    if instance.retry_after is not None and instance.retry_after > delay:
        delay = instance.retry_after
        text += f"; the other side asked for {time_in_words(delay)}"
    too_late = no_time_to_wait(instance, state.now, delay)
    if too_late is not None:
        return Reason(too_late.rule, too_late.text, {**figures, **too_late.figures})
    return Again(delay, Reason(rule, text, {**figures, "delay": delay}))


def share(*parts: str | int) -> float:
    """A number in 0..1 that depends on nothing but its arguments: chance that can be replayed."""
    digest = hashlib.sha256("\x00".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48

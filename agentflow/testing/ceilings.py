"""What chat models may use up in a test at most, held against what they did."""

from collections.abc import Iterator, Sequence

from agentflow.plan.calls import call_of, step_at
from agentflow.plan.steps import Plan
from agentflow.spec.model import Expectations
from agentflow.testing.calls import CallRecord
from agentflow.testing.differences import Difference

#: Steps that are named in a message.
_NAMED = 3


def ceilings(expect: Expectations, plan: Plan, calls: Sequence[CallRecord]) -> Iterator[Difference]:
    """What is above a ceiling, or cannot be held against one because it is not known."""
    if expect.tokens is None and expect.usd is None:
        return
    chats = [call for call in calls if _is_chat(plan, call)]
    if expect.tokens is not None:
        silent = [call for call in chats if call.usage is None and call.failure is None]
        total = sum(u.tokens_in + u.tokens_out for call in chats if (u := call.usage))
        if silent:
            found = f"not known: there is no 'usage' of {_named(silent)}"
            yield Difference("tokens", f"at most {expect.tokens.max:,g}", found)
        elif total > expect.tokens.max:
            yield Difference("tokens", f"at most {expect.tokens.max:,g}", f"{total:,}")
    if expect.usd is not None:
        known = [u.usd for call in chats if (u := call.usage) and u.usd is not None]
        answered = [call for call in chats if call.usage or call.failure is None]
        unknown = [call for call in answered if call.usage is None or call.usage.usd is None]
        spent = round(sum(known), 9)
        if unknown:
            found = f"not known: neither price nor cost of {_named(unknown)}"
            yield Difference("usd", f"at most {expect.usd.max:g}", found)
        elif spent > expect.usd.max:
            yield Difference("usd", f"at most {expect.usd.max:g}", f"{spent:g}")


def _is_chat(plan: Plan, call: CallRecord) -> bool:
    called = call_of(step_at(plan, call.step)[1], call.agent)
    return called is not None and called.chat is not None


def _named(calls: Sequence[CallRecord]) -> str:
    steps = list(dict.fromkeys(f"'{call.step}'" for call in calls))
    more = f" and {len(steps) - _NAMED} more" if len(steps) > _NAMED else ""
    return ", ".join(steps[:_NAMED]) + more

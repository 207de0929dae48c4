"""How long to wait before a retry: the arithmetic that rules and the orchestrator share."""

from agentflow.spec.model import Backoff, seconds


def backoff(policy: Backoff, retry: int, chance: float) -> float:
    """Seconds to wait before retry number `retry` (from 0): min(max, initial · factor^retry).

    With full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015) that time is
    multiplied with `chance`, a number in 0..1.
    """
    delay = min(seconds(policy.max), seconds(policy.initial) * policy.factor**retry)
    return round(delay * chance, 3) if policy.jitter == "full" else delay

"""What may be repeated, and what is said of a step that may not.

The promise, word for word: an attempt that started and has no recorded outcome is repeated only
if its effects are `none`, `read` or `idempotent`, or it has an idempotency key; otherwise the step
becomes `unknown`. The same holds for the ambiguous failures, where the other side may have done
its work and the answer was lost.

A key is no licence to forget. A step that carries one and is given up after such an attempt is
`unknown` as well: repeating was safe, but what became of it is still not known.

What is not known matters more than why the rest was given up: whoever handles the latter may not
have thought of the former.
"""

from agentflow.core.events import Failure
from agentflow.core.state import Instance, Scope
from agentflow.spec.model import ANSWERED, Effects, FailureClass


def doubt(instance: Instance) -> None:
    """An attempt has ended without telling whether it had its effect."""
    call = instance.call
    assert call is not None
    instance.in_doubt |= not call.effects.repeatable


def answered(instance: Instance) -> None:
    """An attempt has done its work, and what it answered is not accepted."""
    call = instance.call
    assert call is not None
    instance.acted |= not call.effects.repeatable


def note_effects(instance: Instance, effects: Effects) -> None:
    """A call begins: every model whose tool it is, directly or not, has acted if this one acts."""
    scope = instance.scope
    while scope.of_calls and not effects.repeatable:
        assert scope.owner is not None
        scope.owner.acted = True
        scope = scope.owner.scope


def as_unknown(instance: Instance, failure: Failure) -> Failure:
    """The failure of a step that goes no further: `unknown_effect` where nobody knows.

    An answer, even a wrong one, means that the agent has acted: that is known, and stays.
    """
    call = instance.call
    if call is None or not instance.in_doubt or failure.kind in ANSWERED:
        return failure
    if failure.kind is FailureClass.UNKNOWN_EFFECT:
        return failure
    if failure.kind.ambiguous:
        said = f"its effects are '{call.effects}' and may have happened"
    else:
        said = f"an earlier attempt may have had its effects, which are '{call.effects}'"
    if instance.intent is not None and instance.intent.key is not None:
        said += f"; its idempotency key is '{instance.intent.key}'"
    return Failure(FailureClass.UNKNOWN_EFFECT, f"{failure.message}; {said}", failure.kind)


def unknown_inside(scope: Scope, failure: Failure) -> Failure:
    """The failure of what has closed, once everything in it has ended.

    It is that nobody knows, if that is so of anything inside: what its time has cut off, what was
    stopped beside a step that failed, or failed itself after that one.
    """
    if not scope.unknown or failure.kind is FailureClass.UNKNOWN_EFFECT:
        return failure
    message = f"{failure.message}, and what was in flight inside may have had its effect"
    return Failure(FailureClass.UNKNOWN_EFFECT, message, failure.kind)

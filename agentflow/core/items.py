"""The instances of a `for_each` as a whole: what they are called, how many have to succeed, and what
became of each.
"""

import math

from agentflow.core.events import Failure
from agentflow.core.state import Instance, Scope, open_unplanned
from agentflow.core.values import Unusable, type_name, value_of
from agentflow.plan import address
from agentflow.plan.repeats import ForEachPlan
from agentflow.spec.model import FailureClass, Json


def open_items(
    owner: Instance, values: list[Json], limit: int, least: int | None, keys: tuple[str | int, ...]
) -> Scope:
    """The scope of a `for_each`: its instances are made one by one as there is room for them.

    `least` of them have to succeed, None if none may fail.
    """
    assert owner.step.for_each is not None
    scope = open_unplanned(owner, owner.step.for_each.fail_fast, limit)
    scope.values, scope.remaining = values, len(values)
    scope.needed, scope.keys = least, keys
    return scope


def item_names(for_each: ForEachPlan, index: int, value: Json) -> dict[str, Json]:
    """What the expressions of an instance see besides those around it."""
    return {"item": value, "index": index, **dict.fromkeys(for_each.names, value)}


def next_item(scope: Scope) -> Instance:
    """The instance for the next item of a `for_each`."""
    owner = scope.owner
    assert owner is not None
    assert owner.step.for_each is not None
    index = len(scope.items)
    value = scope.values[index]
    env = {**scope.env, **item_names(owner.step.for_each, index, value)}
    instance = Instance(
        address=address.item(owner.address, index),
        step=owner.step,
        scope=scope,
        env=env,
        is_item=True,
    )
    scope.items.append(instance)
    return instance


def keys_of(instance: Instance, values: list[Json]) -> tuple[str | int, ...]:
    """What `key` calls each item; nothing where there is no `key`.

    Raises:
        Unusable: one cannot be evaluated, is neither text nor an integer, or stands twice.
    """
    for_each = instance.step.for_each
    assert for_each is not None
    if for_each.key is None:
        return ()
    first: dict[str, int] = {}
    keys: list[str | int] = []
    for index, value in enumerate(values):
        env = {**instance.env, **item_names(for_each, index, value)}
        key = value_of(for_each.key, env, f"'for_each.key' of item {index}")
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise Unusable(
                f"'for_each.key' of item {index}",
                f"expected text or an integer, found {type_name(key)}",
            )
        if str(key) in first:
            clash = f"items {first[str(key)]} and {index} are both called '{key}'"
            raise Unusable("'for_each.key'", clash)
        first[str(key)] = index
        keys.append(key)
    return tuple(keys)


def needed(for_each: ForEachPlan, count: int) -> int | None:
    """How many of `count` instances have to succeed; None if it is that none may fail.

    A ratio is rounded up; what a double adds below a billionth is not taken for an instance more.
    """
    least = for_each.min_success
    if least is None or isinstance(least, int):
        return least
    return math.ceil(round(least * count, 9))


def too_few(scope: Scope, last: Instance | None = None) -> Failure | None:
    """The failure of a `for_each` that can no longer come to as many successes as it needs.

    `last` is the instance that has just ended without one.
    """
    possible = scope.succeeded + scope.remaining
    if scope.needed is None or possible >= scope.needed:
        return None
    text = (
        f"at most {possible} of {len(scope.values)} items can succeed, "
        f"{scope.needed} have to (for_each.min_success)"
    )
    if last is not None and last.failure is not None:
        text += f"; the last that did not: '{last.address}': {last.failure.message}"
    return Failure(FailureClass.EXHAUSTED, text)


def outcomes(scope: Scope) -> list[Json]:
    """What came of each item, in the order of the items: `steps.ID.items`."""
    return [_outcome(scope, index, item) for index, item in enumerate(scope.items)]


def _outcome(scope: Scope, index: int, item: Instance) -> dict[str, Json]:
    outcome: dict[str, Json] = {
        "key": scope.keys[index] if scope.keys else index,
        "status": item.status,
    }
    if item.status == "succeeded":
        outcome["output"] = item.output
    elif item.failure is not None:
        outcome["error"] = {"class": str(item.failure.kind), "message": item.failure.message}
    return outcome

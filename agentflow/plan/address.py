"""Addresses: the names of steps and of their instances, unique in a run.

    collect                  a step of the pipeline
    act/refund/pay           step `pay` of case `refund` of switch `act`
    act/*/refuse             step `refuse` of the `default` of switch `act`
    route[3]/act             step `act` in the instance for item 3 of the `for_each` step `route`
    refine[#2]/draft         step `draft` in iteration 2 of the `loop` step `refine`
    refine[#]/draft          the same step in the plan, where iterations have no number
    work/search[:a]          task `a` of the `delegate` step `work`, for its worker `search`
    answer/lookup[@2.1]      the first call in turn 2 of the model of `answer`: its tool `lookup`

Case labels and the ids of tasks are free text, so the characters that mean something here are
percent-encoded in them.
"""

import re
from collections.abc import Iterator

DEFAULT_CASE = "*"
_ITEM_NUMBER = re.compile(r"\[[0-9]+\]")
_ITERATION_NUMBER = re.compile(r"\[#[0-9]+\]")
_TASK = re.compile(r"\[:[^\[\]]*\]")
#: Which call of a turn this is: `[@TURN.CALL]`.
CALL_NUMBER = re.compile(r"\[@[0-9]+\.[0-9]+\]")
_ENCODED = {"%": "%25", "/": "%2F", "[": "%5B", "]": "%5D", "*": "%2A"}


def child(parent: str, name: str) -> str:
    """The address of a step or case inside `parent`; `""` is the pipeline itself."""
    return f"{parent}/{_encoded(name)}" if parent else _encoded(name)


def default_case(switch: str) -> str:
    """The address of the `default` of a switch."""
    return f"{switch}/{DEFAULT_CASE}"


def item(step: str, index: int) -> str:
    """The address of the instance for one item of a `for_each` step."""
    return f"{step}[{index}]"


def iteration(loop: str, index: int | None = None) -> str:
    """The address of one iteration of a `loop` step; without a number, of any in the plan."""
    return f"{loop}[#{'' if index is None else index}]"


def task(delegate: str, worker: str, task_id: str) -> str:
    """The address of a task of a `delegate` step."""
    return f"{child(delegate, worker)}[:{_encoded(task_id)}]"


def tool_call(step: str, tool: str, turn: int, number: int) -> str:
    """The address of a call of a tool that a model asks for; turns and calls count from 1."""
    return f"{child(step, tool)}[@{turn}.{number}]"


def parent(address: str) -> str | None:
    """The address of what encloses this one; None for the steps of the pipeline."""
    if address.endswith("]"):
        return address[: address.rindex("[")]
    slash = address.rfind("/")
    return address[:slash] if slash >= 0 else None


def enclosing(place: str) -> Iterator[str]:
    """An address and everything around it, out to the pipeline, which is `""`."""
    while place:
        yield place
        place = parent(place) or ""
    yield ""


def name(address: str) -> str:
    """The last part of an address, for people: `pay`, `[3]`, `[#2]`, `Windows Support`."""
    if address.endswith("]"):
        last = address[address.rindex("[") :]
        return _decoded(last[2:-1]) if last.startswith("[:") else last
    return _decoded(address[address.rfind("/") + 1 :])


def static(address: str) -> str:
    """The address of the step in the plan, without tasks and numbers of items, rounds, calls.

    The step of a task is the worker that it is for.
    """
    if "[" not in address:
        return address
    address = CALL_NUMBER.sub("", _TASK.sub("", address))
    return _ITERATION_NUMBER.sub("[#]", _ITEM_NUMBER.sub("", address))


def in_item(address: str) -> bool:
    """Is an address within an item of a `for_each`?"""
    return "[" in address and _ITEM_NUMBER.search(address) is not None


def outermost_list(address: str) -> str | None:
    """The address of the outermost `for_each` within an item of which this is, or None."""
    number = _ITEM_NUMBER.search(address)
    return None if number is None else address[: number.start()]


def _encoded(text: str) -> str:
    for plain, encoded in _ENCODED.items():
        text = text.replace(plain, encoded)
    return text


def _decoded(text: str) -> str:
    for plain, encoded in reversed(_ENCODED.items()):
        text = text.replace(encoded, plain)
    return text

"""Addresses: the names of steps and of their instances, unique in a run.

    collect                  a step of the pipeline
    act/refund/pay           step `pay` of case `refund` of switch `act`
    act/*/refuse             step `refuse` of the `default` of switch `act`
    route[3]/act             step `act` in the instance for item 3 of the `for_each` step `route`
    refine[#2]/draft         step `draft` in iteration 2 of the `loop` step `refine`
    refine[#]/draft          the same step in the plan, where iterations have no number

Case labels are free text, so the characters that mean something here are percent-encoded in them.
"""

import re

DEFAULT_CASE = "*"
_ITEM_NUMBER = re.compile(r"\[[0-9]+\]")
_ITERATION_NUMBER = re.compile(r"\[#[0-9]+\]")
_ENCODED = {"%": "%25", "/": "%2F", "[": "%5B", "]": "%5D", "*": "%2A"}


def child(parent: str, name: str) -> str:
    """The address of a step or case inside `parent`; `""` is the pipeline itself."""
    for plain, encoded in _ENCODED.items():
        name = name.replace(plain, encoded)
    return f"{parent}/{name}" if parent else name


def default_case(switch: str) -> str:
    """The address of the `default` of a switch."""
    return f"{switch}/{DEFAULT_CASE}"


def item(step: str, index: int) -> str:
    """The address of the instance for one item of a `for_each` step."""
    return f"{step}[{index}]"


def iteration(loop: str, index: int | None = None) -> str:
    """The address of one iteration of a `loop` step; without a number, of any in the plan."""
    return f"{loop}[#{'' if index is None else index}]"


def parent(address: str) -> str | None:
    """The address of what encloses this one; None for the steps of the pipeline."""
    if address.endswith("]"):
        return address[: address.rindex("[")]
    slash = address.rfind("/")
    return address[:slash] if slash >= 0 else None


def name(address: str) -> str:
    """The last part of an address, for people: `pay`, `[3]`, `[#2]`, `Windows Support`."""
    if address.endswith("]"):
        return address[address.rindex("[") :]
    last = address[address.rfind("/") + 1 :]
    for plain, encoded in reversed(_ENCODED.items()):
        last = last.replace(encoded, plain)
    return last


def static(address: str) -> str:
    """The address of the step in the plan, without the numbers of items and iterations."""
    if "[" not in address:
        return address
    return _ITERATION_NUMBER.sub("[#]", _ITEM_NUMBER.sub("", address))


def in_item(address: str) -> bool:
    """Is it in an instance for one item of a `for_each`?"""
    return "[" in address and _ITEM_NUMBER.search(address) is not None

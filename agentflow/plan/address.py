"""Addresses: the names of steps and of their instances, unique in a run.

    collect                  a step of the pipeline
    act/refund/pay           step `pay` of case `refund` of switch `act`
    act/*/refuse             step `refuse` of the `default` of switch `act`
    route[3]/act             step `act` in the instance for item 3 of the `for_each` step `route`

Case labels are free text, so the characters that mean something here are percent-encoded in them.
"""

import re

DEFAULT_CASE = "*"
_ITEM_NUMBER = re.compile(r"\[[0-9]+\]")
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


def parent(address: str) -> str | None:
    """The address of what encloses this one; None for the steps of the pipeline."""
    if address.endswith("]"):
        return address[: address.rindex("[")]
    slash = address.rfind("/")
    return address[:slash] if slash >= 0 else None


def name(address: str) -> str:
    """The last part of an address, for people: `pay`, `[3]`, `Windows Support`."""
    if address.endswith("]"):
        return address[address.rindex("[") :]
    last = address[address.rfind("/") + 1 :]
    for plain, encoded in reversed(_ENCODED.items()):
        last = last.replace(encoded, plain)
    return last


def static(address: str) -> str:
    """The address of the step in the plan, without item numbers."""
    return _ITEM_NUMBER.sub("", address) if "[" in address else address

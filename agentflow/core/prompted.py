"""The data in a prompt: the values of its expressions, or the whole input if there is no prompt."""

import json
from collections.abc import Mapping

from agentflow.spec.model import Json
from agentflow.spec.templates import Constant, Template, Text, Whole, render


def data_in(prompt: Template | None, given: Mapping[str, Json]) -> list[str]:
    """The pieces of data as text, in the order of the prompt.

    Each expression is rendered as a text of its own, so that what cannot stand in text is refused
    as it is elsewhere in the language. May raise `EvaluationError`.
    """
    scope: dict[str, Json] = {"input": dict(given)}
    match prompt:
        case None:
            return [data_text(scope["input"])]
        case Constant():
            return []
        case Text(parts):
            whole = (part for part in parts if isinstance(part, Whole))
            return [data_text(render(Text((part,)), scope)) for part in whole]
        case _:
            return [data_text(render(prompt, scope))]


def data_text(value: Json) -> str:
    """A value as it stands in a prompt: text as it is, anything else as JSON."""
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    )


def bytes_of(text: str) -> int:
    """The bytes of a text in UTF-8; half a character, which has none, is escaped."""
    return len(text.encode(errors="backslashreplace"))

"""Text that was meant as a list, as a mapping, or as text and a comment: what to write for it."""

import re
from collections.abc import Collection
from typing import Any

from agentflow.spec.lookalikes import BULLETS, DASHES, PLAINLY, named, written_as
from agentflow.spec.shape import Shape
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.misread import NARROW
from agentflow.spec.yaml.nodes import Scalar

_LONG_DASH = re.compile(rf"([{DASHES}{BULLETS}])[^\S\n]")
_ENDS_WITH_COMMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*(?://|#|;|--).*")


def put_together(shape: Shape, node: Scalar) -> str | None:
    """What to write for a plain text; None if there is no telling."""
    if node.style or not isinstance(node.value, str):
        return None
    shapes = shape.members or (shape,)
    forms = {getattr(each.form, "__origin__", each.form) for each in shapes}
    if list in forms:
        return _as_list(node)
    choices = [choice for each in (shape, *shapes) for choice in each.choices]
    if choices:
        return _as_choices(node.text, choices)
    return _as_mapping(node.text) if _is_mapping(shape, forms) else None


def _is_mapping(shape: Shape, forms: Collection[Any]) -> bool:
    return dict in forms or shape.model is not None


def _as_list(node: Scalar) -> str | None:
    text = node.text
    if dash := _LONG_DASH.match(text):
        return f"a list item starts with '-': this is {named(dash[1])}"
    if re.match(r"-[^\s-]", text) and (node.line != node.end_line or " " not in text):
        first = text.split()[0]
        return f"a list item needs a space after '-': write {quoted(f'- {first[1:]}')}"
    if written_as(text[0]) == "[":
        return f"this is {named(text[0])}: write {quoted(text.translate(PLAINLY))}"
    if node.line != node.end_line:
        return "start each item with '- ', on a line of its own"
    return None


def _as_choices(text: str, choices: Collection[str]) -> str | None:
    words = re.split(r"[\s,]+", text.translate(PLAINLY))
    if len(words) > 1 and all(word in choices for word in words):
        return f"write {', '.join(words)}"
    found = _ENDS_WITH_COMMENT.fullmatch(text)
    return without_comment(text) if found is not None and found[1] in choices else None


def without_comment(text: str) -> str | None:
    """What to write for a name and what other languages have as a comment."""
    found = _ENDS_WITH_COMMENT.fullmatch(text)
    return None if found is None else f"write {found[1]}; a comment starts with ' #'"


def _as_mapping(text: str) -> str | None:
    found = NARROW.fullmatch(text)
    if found is None:
        return None
    return f"':' needs a space after it: write {quoted(f'{found[1]}: {found[3]}')}"

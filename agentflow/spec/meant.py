"""What an author meant with a value of another type than the language has there.

Where there is hardly another reading, the rest of a spec is looked at as if that stood there, so
that one slip does not hide what else is wrong.
"""

import json
import re
import shlex
from collections.abc import Sequence

from msgspec import Struct

from agentflow.spec import model as language
from agentflow.spec.durations import mended_duration
from agentflow.spec.filling import misfit
from agentflow.spec.lookalikes import PLAINLY
from agentflow.spec.model import Json
from agentflow.spec.shape import Shape
from agentflow.spec.yaml.nodes import Scalar

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
#: Numbers in words.
_WORDS = {
    **{word: number for number, word in enumerate(_ONES)},
    **{word: 10 * number for number, word in enumerate(_TENS, 2)},
    "hundred": 100,
    "thousand": 1000,
}
_BOOLEANS = {
    **dict.fromkeys(("yes", "on", "y", "true"), True),
    **dict.fromkeys(("no", "off", "n", "false"), False),
}
#: A variable as shells and other tools write it.
_VARIABLE = re.compile(
    r"(?:\$\{\{?\s*(?:env\.|secrets?\.)?|\$\(?|\{\{\s*(?:env\.|secrets?\.)?|env[.:]\s?|secrets?[.:])?"
    r"([A-Z][A-Z0-9_]*)\s*(?:\}{0,2}|\))"
)


class Meant(Struct, frozen=True):
    """The value that was meant, and how it is written in a spec."""

    value: Json
    written: str


def meant(shape: Shape, node: Scalar) -> Meant | None:
    """What stands at a place that wants something else; None if that is anyone's guess."""
    shapes = shape.members or (shape,)
    if shape.pattern == language.DURATION_PATTERN:
        duration = mended_duration(node.text)
        return Meant(duration, duration) if duration else None
    forms = {getattr(each.form, "__origin__", each.form) for each in shapes}
    for form in forms & _MAPPINGS.keys():
        return _MAPPINGS[form](node)
    if isinstance(node.value, str) and forms & {int, float}:
        number = _number(node.text)
        if number is None or (float not in forms and not float(number).is_integer()):
            return None
        return Meant(number if float in forms else int(number), _plainly(number))
    if isinstance(node.value, float) and int in forms and node.value.is_integer():
        return Meant(int(node.value), _plainly(node.value))
    if isinstance(node.value, str) and bool in forms:
        value = _BOOLEANS.get(node.text.lower())
        return None if value is None else Meant(value, json.dumps(value))
    return _as_list(shapes, node)


def _as_list(shapes: Sequence[Shape], node: Scalar) -> Meant | None:
    """A name alone where a list of names stands."""
    items = [each.parts[0] for each in shapes if each.sort == "list"]
    if len(items) != 1 or not isinstance(node.value, str) or node.line != node.end_line:
        return None
    named = items[0].pattern is not None or items[0].sort == "choice"
    if not named or items[0].sort not in ("text", "choice") or misfit(items[0], node.value):
        return None
    return Meant([node.value], f"[{_in_list(node.value)}]")


def command_line(text: str) -> Meant | None:
    """A command as a list of its words, cut as a shell would; None if it cannot be, or is long."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    if not words or len(text) > 80:
        return None
    return Meant(list[Json](words), f"[{', '.join(map(_in_list, words))}]")


def _in_list(word: str) -> str:
    """A text in a list on one line, in quotes where YAML would read something else without."""
    plain = re.fullmatch(r"-{0,2}[A-Za-z_./][A-Za-z0-9_./=@%+-]*", word)
    is_word = word.lower() in ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
    return word if plain and not is_word and word[-1] != ":" else json.dumps(word)


def _number(text: str) -> float | int | None:
    """`$2.5`, `2,500`, `1_000`, `ten`, `90 %`."""
    bare = text.translate(PLAINLY).strip().lower()
    if bare in _WORDS:
        return _WORDS[bare]
    found = re.fullmatch(r"(?:\$|usd|us\$)? ?(-?\d[\d,_]*(?:\.\d+)?) ?(\$|usd|%)?", bare)
    if found is None:
        return None
    number = float(re.sub("[,_]", "", found[1])) / (100 if found[2] == "%" else 1)
    return int(number) if number.is_integer() else number


def _plainly(number: float) -> str:
    return f"{number:.12g}" if abs(number) < 1e15 else repr(number)


def _secret(node: Scalar) -> Meant | None:
    found = _VARIABLE.fullmatch(node.text.strip())
    return None if found is None else Meant({"secret": found[1]}, f"{{secret: {found[1]}}}")


def _policy(node: Scalar) -> Meant | None:
    if type(node.value) is not int or not 1 <= node.value <= 100:
        return None
    return Meant({"max_attempts": node.value}, f"{{max_attempts: {node.value}}}")


def _model(node: Scalar) -> Meant | None:
    if not isinstance(node.value, str):
        return None
    return Meant({"model": node.value}, f"{{model: {node.text}}}")


_MAPPINGS = {
    language.Secret: _secret,
    language.RetryPolicy: _policy,
    language.Model: _model,
}

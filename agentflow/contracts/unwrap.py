"""The one JSON value that stands in a text, if what surrounds it is nothing but surroundings.

Models write fences, prose and comments around their answer. Leaving those out loses nothing, as
long as it is certain that nothing else in the text is data. So the text is read from bracket to
bracket, and every part has to be accounted for as one of

- a *value*: a list or an object that is strict JSON as it stands;
- a *mark* of prose: `[x]`, `[1]`, `[link](…)`, `a[0]`, `{name}`. Where the schema admits a list, a
  number or a word in brackets may be meant as one, so it is a mark only as a box that is ticked, as
  the text of a link or as a tag in capitals;
- prose without brackets, that is neither a rest of JSON nor inside quotes together with a value.
  Where the schema admits a string, the prose must not share a line with the value either, since
  the sentence as a whole may be the answer.

A bracket that is none of these means that the text was cut or is damaged, and so does one that
closes nothing, unless it is only the last one, typed twice. Then the text is rejected as a whole: a
value inside of something broken is not what the author meant. Values of a type that the schema does
not admit are not candidates; of the others there must be exactly one. A number, a string or a
literal counts only as the content of the one fence in the text, because prose is full of them.
"""

import re
from itertools import pairwise

from msgspec import Struct

from agentflow.contracts.describe import count, listed
from agentflow.contracts.keywords import TYPES, json_type
from agentflow.contracts.strict import Limits, NotJson, check_size, loads
from agentflow.spec.model import Json

_BRACKET = re.compile(r"[\[\]{}]")
#: Where a control sequence for a terminal begins (ECMA-48, "CSI" and the like).
_CONTROL = re.compile(r"\x1b[@-_]|\x9b")
#: A string, or a bracket; a string without an end runs to the end of the text.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_CLOSING = {"[": "]", "{": "}"}

_WORDS = re.compile(r'\[[A-Za-z/^!@#*][^\[\]{}"\n]{0,200}\]')
_NUMBERS = re.compile(r"\[\d[\d\s,;\u2013-]{0,40}\]")
#: What words in brackets are even where they could be a list: a tag, a footnote, a link.
_NO_LIST = re.compile(r"\[(?:/?[A-Z][A-Z0-9_ ]*|\^\w+)\]|\[[^\[\]]{0,200}\]\([^\s()]{0,500}\)")
#: A remark right after a value that the text was shortened there.
_SHORTENED = re.compile(
    r"\s*[\[(<*]{1,2}\s*(?:[\w ]{0,30} )?"
    r"(?:truncated|cut off|continued|omitted|shortened|snip|snipped)\b",
    re.IGNORECASE,
)
_FENCE = re.compile(r"\s*(?:`{3,}[\w-]{0,50}\s*)?")
_CHECKBOX = re.compile(r"\s*(?:[-*+]|\d{1,4}\.)\s*")
_PLACEHOLDER = re.compile(r"\{\{?[ \t]*[A-Za-z_][\w .-]{0,100}\}?\}")
_LITERALS = ("true", "false", "null")

#: A key, and nothing but scalars with commas between them: rests of JSON.
KEY = re.compile(r'"\s*+:')
ONLY_SCALARS = re.compile(
    r'[\s,]*+(?:(?:"(?:[^"\\]++|\\.)*+"|-?\d++(?:\.\d++)?+(?:[eE][+-]?\d++)?+|true|false|null)[\s,]*+)++'
)
#: Comments, the name of a function that is called, the language of a fence.
_NO_PROSE = re.compile(r"/\*.*?\*/|//.*|<[/!]?[\w-]{1,50}>|[\w.]{1,100}\($|`{3,}[\w-]{0,50}|json$")
#: Brackets that are looked at outside of values.
_MOST_BRACKETS = 10_000
#: How far around a bracket its line is looked at.
_NEAR = 200


class _Value(Struct, frozen=True):
    """A JSON value and where it stands, `text[start:end]`."""

    value: Json
    start: int
    end: int


def unwrap(text: str, types: frozenset[str], limits: Limits) -> tuple[Json, str]:
    """The value of a text, and what was left out around it (empty for plain JSON).

    `types` are the JSON types that are asked for; they only decide between values in prose. Raises
    `NotJson`.
    """
    check_size(text, limits)
    body = text.removeprefix("\ufeff")
    if not body.strip():
        raise NotJson("the answer is empty")
    try:
        return _unwrapped(text, body, types, limits)
    except NotJson:
        # Their brackets would pass for those of a list that is cut.
        control = _CONTROL.search(body)
        if control is None:
            raise
        place = _where(body, control.start())
        said = f"not JSON: it has control sequences for a terminal, the first {place}"
        raise NotJson(said) from None


def _unwrapped(text: str, body: str, types: frozenset[str], limits: Limits) -> tuple[Json, str]:
    try:
        return loads(body, limits), "a byte order mark" if body != text else ""
    except NotJson as problem:
        as_a_whole = problem
    start = len(body) - len(body.lstrip())
    if body[start] in _CLOSING and _end(body, start, limits) == len(body.rstrip()):
        raise as_a_whole  # damaged between its first bracket and its last
    values, strays = _read(body, types, limits)
    if not values:
        return _fenced_scalar(body, types, limits, as_a_whole), "a fence around the value"
    one = _only_candidate(body, values, types)
    others = [value for value in values if value is not one]
    before = _without(body, 0, one.start, others)
    after = _without(body, one.end, len(body), others)
    _refuse_more_data(before, after)
    if strays and not _is_stutter(body, one, strays):
        place = _where(body, strays[0])
        raise NotJson(f"not JSON: '{body[strays[0]]}' {place} closes nothing; looks damaged")
    if "string" in types and (_in_words(before.split("\n")[-1]) or _in_words(after.split("\n")[0])):
        raise NotJson("not JSON: a value stands in a sentence, and the contract admits text too")
    left, right = len(before.strip()), count(len(after.strip()), "character")
    return one.value, f"{left} before and {right} after the value"


def _read(text: str, types: frozenset[str], limits: Limits) -> tuple[list[_Value], list[int]]:
    """The values of a text, outermost only, and where brackets are closed that nothing opened.

    Raises `NotJson` for a bracket that opens neither a value nor a mark.
    """
    values: list[_Value] = []
    strays: list[int] = []
    position = 0
    for _ in range(_MOST_BRACKETS):
        bracket = _BRACKET.search(text, position)
        if bracket is None:
            return values, strays
        start = bracket.start()
        mark = _mark_end(text, start, types)
        if bracket[0] in "]}":
            strays.append(start)
            position = start + 1
        elif mark is not None:
            position = mark
        else:
            end = _end(text, start, limits)
            try:
                values.append(_Value(loads(text[start:end], limits), start, end))
            except NotJson as problem:
                place = _where(text, start)
                raise NotJson(f"in the value that begins {place}: {problem.reason}") from None
            position = end
    raise NotJson(f"not JSON: more than {_MOST_BRACKETS} brackets in other text")


def marks(text: str) -> str | None:
    """The text without its brackets, if all of them are marks of prose; None otherwise."""
    besides: list[str] = []
    position = 0
    while (bracket := _BRACKET.search(text, position)) is not None:
        end = _mark_end(text, bracket.start(), frozenset({"string"}))
        if end is None or len(besides) == _MOST_BRACKETS:
            return None
        besides.append(text[position : bracket.start()])
        position = end
    return "".join([*besides, text[position:]])


def _end(text: str, start: int, limits: Limits) -> int:
    """Where the bracket at `start` is closed; raises `NotJson` if it is not, or is too deep."""
    expected: list[str] = []
    for token in _TOKEN.finditer(text, start):
        if token[0] in _CLOSING:
            expected.append(_CLOSING[token[0]])
            if len(expected) > limits.depth:
                raise NotJson(f"nested too deep: at most {limits.depth} levels are read")
        elif token[0] in ("]", "}"):
            if token[0] != expected.pop():
                place = _where(text, token.start())
                raise NotJson(f"not JSON: '{token[0]}' {place} closes another bracket")
            if not expected:
                return token.end()
    raise NotJson(f"not JSON: '{text[start]}' {_where(text, start)} is never closed; looks cut")


def _mark_end(text: str, start: int, types: frozenset[str]) -> int | None:
    """Where the bracket at `start` ends, if it is a mark of prose."""
    placeholder = _PLACEHOLDER.match(text, start)
    if placeholder:
        return placeholder.end()
    before = text[max(0, start - _NEAR) : start].rpartition("\n")[2]
    if text[start : start + 3] in ("[ ]", "[x]", "[X]") and _CHECKBOX.fullmatch(before):
        return start + len("[ ]")
    words = _WORDS.match(text, start)
    if "array" in types:
        return words.end() if words and _NO_LIST.match(text, start) else None
    if words:
        return words.end()
    numbers = _NUMBERS.match(text, start)
    if not numbers:
        return None
    after = text[numbers.end() : numbers.end() + _NEAR].partition("\n")[0]
    alone = not _in_words(before) and not _in_words(after)
    glued = before[-1:].isalnum() or before[-1:] in ("_", ")", "]") or after.startswith("(")
    return numbers.end() if glued or not alone else None


def _only_candidate(text: str, values: list[_Value], types: frozenset[str]) -> _Value:
    """The one value of an admitted type; raises `NotJson`."""
    candidates = [value for value in values if json_type(value.value) in types]
    side_by_side = any(
        not text[left.end : right.start].strip(" \t\r\n,;") for left, right in pairwise(values)
    )
    if len(candidates) > 1 or side_by_side:
        places = listed((_where(text, value.start) for value in values[:2]), "and")
        raise NotJson(f"more than one JSON value: they begin {places}")
    if not candidates:
        found = "object" if isinstance(values[0].value, dict) else "list"
        asked = listed((name for name in TYPES if name in types), "or")
        which = "the only JSON value" if len(values) == 1 else "each JSON value"
        raise NotJson(f"{which} in the text is of type {found}, not {asked}")
    return candidates[0]


def _without(text: str, start: int, end: int, others: list[_Value]) -> str:
    """A stretch of the text with the values in it blanked out."""
    parts = []
    for other in others:
        if start <= other.start < end:
            parts.append(text[start : other.start])
            start = other.end
    return " ".join([*parts, text[start:end]])


def _refuse_more_data(before: str, after: str) -> None:
    """Raise `NotJson` if what surrounds a value looks like more of the same data."""
    for rest in (before, after):
        if KEY.search(rest):
            raise NotJson("not JSON: a key stands outside of the value; looks cut or damaged")
        if rest.count('"') % 2:
            raise NotJson("not JSON: the value stands inside quotes")
        if ONLY_SCALARS.fullmatch(rest):
            raise NotJson("more than one JSON value: one stands beside the list or object")
    if before.strip().endswith(","):
        last = before.rstrip().removesuffix(",").rstrip()
        if not last or last.endswith(_LITERALS) or last[-1:] in tuple("\"'0123456789"):
            raise NotJson("not JSON: the value follows another one and a comma; looks cut")
    if after.lstrip(" \t\r\n,").startswith(("...", "…")) or _SHORTENED.match(after):
        raise NotJson("not JSON: the text goes on after the value and was shortened; looks cut")
    rest = after.lstrip()
    if rest.startswith(",") and rest[1:].strip() and not rest[1:].lstrip().startswith("`"):
        raise NotJson("not JSON: more data follows the value; looks cut or damaged")


def _is_stutter(text: str, one: _Value, strays: list[int]) -> bool:
    """Is all there is around the value, but for a fence, its own last bracket once more?"""
    return (
        strays == [one.end]
        and text[one.end] == text[one.end - 1]
        and _FENCE.fullmatch(text, 0, one.start) is not None
        and _FENCE.fullmatch(text, one.end + 1) is not None
    )


def _in_words(line: str) -> bool:
    """Is there prose in the rest of a value's line, and not only a comment, a call or a fence?"""
    return len(line) > _NEAR or any(map(str.isalnum, _NO_PROSE.sub("", line)))


def _fenced_scalar(text: str, types: frozenset[str], limits: Limits, as_a_whole: NotJson) -> Json:
    """The number, string or literal that is the content of the only fence; raises `NotJson`."""
    lines = text.split("\n")
    fences = [index for index, line in enumerate(lines) if line.lstrip().startswith("```")]
    if len(fences) != 2:
        raise as_a_whole
    opening, closing = (lines[index].strip() for index in fences)
    if opening.strip("`").lower() not in ("", "json") or closing.strip("`"):
        raise as_a_whole
    value = loads("\n".join(lines[fences[0] + 1 : fences[1]]), limits)
    if json_type(value) not in types:
        raise as_a_whole
    return value


def _where(text: str, position: int) -> str:
    """A position in words."""
    line = text.count("\n", 0, position) + 1
    return f"at line {line} column {position - text.rfind(chr(10), 0, position)}"

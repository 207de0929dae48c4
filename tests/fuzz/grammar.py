"""Strategies of specs: bent ones of the corpus, ones from our schema, and sound ones."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

import yaml
from hypothesis import strategies as st

from agentflow.agents import VOCABULARY
from agentflow.spec.document import parse_document
from agentflow.spec.schema import language_schema
from agentflow.spec.yaml.nodes import to_data
from tests.core.worlds import Specs, specs
from tests.fuzz.corpus import BAD, GOOD, Case, corpus

Way = tuple[str | int, ...]

EXPRESSIONS = (
    *("inputs.x", "steps.a.output", "steps.a.output.x", "steps.a.status", "item", "index"),
    *("loop.index", "loop.state.n", "task.input", "run.id", "output", "input.text", "failure.kind"),
    *("1", "-1", "0", "1e308", "9223372036854775807", "0.5", "'a'", '"\\n"', "true", "null", "[]"),
    *("{}", "[1, 2]", "{'a': 1}"),
)
_AROUND = (
    *("{0} + {1}", "{0} / {1}", "{0} % {1}", "{0} == {1}", "{0} < {1}", "{0} && {1}", "!{0}"),
    *("-{0}", "{0} ? {1} : {0}", "[{0}, {1}]", "{{'k': {0}}}", "{0}[{1}]", "{0}.x", "{0} in {1}"),
    *("size({0})", "json({0})", "default({0}, {1})", "coalesce({0}, {1})", "has({0})", "int({0})"),
    *("{0}.map(v, {1})", "{0}.filter(v, v == {1})", "{0}.all(v, v)", "{0}.exists(v, {1})"),
    *("string({0})", "double({0})", "{0}.startsWith({1})", "({0})", "{0} {1}", "{0}(", "'{0}"),
)
#: Values that stand where nobody would put them.
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**63, -(2**63), 10**30, 0.5, 1e308, "", " ", "a", "x" * 3_000),
    *([], {}, [[]], {"": 1}, {"a": None}, [None], "on", "null", "1_000", "0o17", "2026-01-01"),
    *("1s", "-1s", "0s", "9999999d", "1.5h", "∞", "../x", "/dev/zero", "nowhere.json", "https://x"),
    *("{x}", "${{", "}}", "${{ }}", "$${{ x }}", "${{ inputs }} and ${{ steps }}", "a\nb", "\t"),
    *("\u202e", "\u200b", "é", "\U0001f600", "\ufeff", "\x85", "\u2028", "# no", "- x", "a: b"),
    *("steps", "agent", "self", "model_fields", "__class__", "items", "keys", "get", "copy"),
    *({"$ref": "#"}, {"$ref": "#/$defs/a"}, {"type": "string", "pattern": "(a+)+$"}, {"not": {}}),
    *({"type": "array", "items": {"$ref": "#"}}, {"allOf": [{"$ref": "#"}]}, {"enum": []}),
    *({"const": 10**30}, {"type": ["string", "null"]}, {"minimum": 1, "maximum": 0}),
)


def expressions() -> st.SearchStrategy[str]:
    """Expressions, most of which mean nothing."""
    return st.recursive(
        st.sampled_from(EXPRESSIONS),
        lambda inner: st.builds(str.format, st.sampled_from(_AROUND), inner, inner),
        max_leaves=6,
    )


def odd() -> st.SearchStrategy[Any]:
    """Values of `ODD`. What is drawn may be bent again, so nobody else has it."""
    return st.sampled_from(ODD).map(deepcopy)


def oddities() -> st.SearchStrategy[Any]:
    """Values for any place."""
    texts = expressions()
    return st.one_of(
        odd(),
        texts,
        texts.map(lambda text: f"${{{{ {text} }}}}"),
        texts.map(lambda text: f"so: ${{{{ {text} }}}}!"),
        st.text(max_size=6),
    )


# --- bent ones, as data ----------------------------------------------------------------------


@cache
def _trees(folders: tuple[str, ...]) -> tuple[tuple[Case, str], ...]:
    """The specs of the corpus that are mappings, each as JSON beside it."""
    found = []
    for case in corpus(folders):
        root = parse_document(case.text, case.name).root
        if root is not None and isinstance(data := to_data(root), dict):
            found.append((case, json.dumps(data)))
    return tuple(found)


@cache
def _by_key() -> dict[str, tuple[str, ...]]:
    """What stands under a key anywhere in the corpus, as JSON."""
    found: dict[str, dict[str, None]] = {}
    for _, text in _trees(GOOD + BAD):
        for way, value in _ways(json.loads(text)):
            if way and isinstance(way[-1], str):
                found.setdefault(way[-1], {})[json.dumps(value)] = None
    return {key: tuple(values) for key, values in found.items()}


def _ways(data: Any, way: Way = ()) -> Iterator[tuple[Way, Any]]:
    yield way, data
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _ways(value, (*way, key))


def _into(data: Any, way: Way) -> Any:
    for key in way:
        data = data[key]
    return data


@st.composite
def bent_trees(draw: Any) -> Case:
    """A spec of the corpus in which up to three values are others, missing, or elsewhere too."""
    case: Case
    case, text = draw(st.sampled_from(_trees(draw(st.sampled_from([GOOD, GOOD, BAD])))))
    data = json.loads(text)
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from([way for way, _ in _ways(data) if way] or [()]))
        if way:
            _bend(draw, data, way)
    if draw(st.booleans()):
        return replace(case, text=json.dumps(data, indent=draw(st.sampled_from([None, 2]))))
    return replace(case, text=yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


def _bend(draw: Any, data: Any, way: Way) -> None:
    around, key = _into(data, way[:-1]), way[-1]
    how = draw(
        st.sampled_from(["another", "another", "another", "odd", "odd", "gone", "twice", "wrapped"])
    )
    if how == "gone":
        del around[key]
    elif how == "wrapped":
        around[key] = draw(st.sampled_from([[around[key]], {"x": around[key]}]))
    elif how == "twice" and isinstance(around, dict):
        around[draw(st.sampled_from(["a", "x", "B", "", "on", f"{key}_2"]))] = deepcopy(around[key])
    elif how == "another" and key in _by_key():
        around[key] = json.loads(draw(st.sampled_from(_by_key()[str(key)])))
    else:
        around[key] = draw(oddities())


# --- bent ones, as text ----------------------------------------------------------------------


@cache
def _lines() -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for case in corpus() for line in case.text.splitlines()))


@cache
def words() -> tuple[str, ...]:
    """The words in the corpus, keys and names among them."""
    return tuple(sorted({word for line in _lines() for word in re.findall(r"[A-Za-z_]\w+", line)}))


_MARKS = (*"{}[]:,#&*!|>'\"%@`?- \t\n\r\0\x85\u2028\ufeff\u202e\u200b\\$", "\r\n", "${{", "}}")


@st.composite
def bent_texts(draw: Any) -> Case:
    """A spec of the corpus in which up to three lines, words or marks are others."""
    case: Case = draw(st.sampled_from(corpus(draw(st.sampled_from([GOOD, GOOD, BAD])))))
    lines = case.text.split("\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["gone", "twice", "moved", "in", "another", "word", "mark"]))
        line = lines[at]
        if how == "gone" and len(lines) > 1:
            del lines[at]
        elif how == "twice":
            lines.insert(at, line)
        elif how == "moved":
            lines.insert(draw(st.integers(0, len(lines))), lines.pop(at))
        elif how == "in":
            lines[at] = draw(st.sampled_from(["", " ", "  ", "    ", "\t", "- "])) + line.strip()
        elif how == "another":
            lines[at] = draw(st.sampled_from(_lines()))
        elif how == "word" and (parts := list(re.finditer(r"\w+", line))):
            word, other = draw(st.sampled_from(parts)), draw(st.sampled_from(words()))
            lines[at] = line[: word.start()] + other + line[word.end() :]
        else:
            column = draw(st.integers(0, len(line)))
            lines[at] = line[:column] + draw(st.sampled_from(_MARKS)) + line[column:]
    return replace(case, text="\n".join(lines))


# --- from our schema -------------------------------------------------------------------------

_NAMES = ("a", "b", "do", "x", "Text")
_DEEPEST = 9


@cache
def _schema() -> Any:
    return language_schema(VOCABULARY)


@st.composite
def from_schema(draw: Any) -> Case:
    """A spec that our JSON Schema allows. Names are few, so that what is named is often there."""
    data = {**_drawn(draw, _schema(), 0), "agentflow": 1, "name": "drawn"}
    return Case(json.dumps(data))


def _drawn(draw: Any, schema: Any, depth: int) -> Any:
    """A value that keeps what matters of a schema; it need not keep all of it."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return draw(oddities())
    if "$ref" in schema:
        return _drawn(draw, _schema()["$defs"][schema["$ref"].rpartition("/")[2]], depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return _drawn(draw, draw(st.sampled_from(schema[word])), depth)
    return _of_type(draw, schema, depth)


def _of_type(draw: Any, schema: Mapping[str, Any], depth: int) -> Any:
    match schema.get("type"):
        case "object":
            return _object(draw, schema, depth)
        case "array":
            most = min(schema.get("maxItems", 3), 3)
            count = draw(st.integers(min(schema.get("minItems", 0), most), most))
            return [_drawn(draw, schema.get("items", True), depth + 1) for _ in range(count)]
        case "integer":
            return draw(st.integers(schema.get("minimum", 0), schema.get("maximum", 9)))
        case "number":
            return draw(st.floats(schema.get("minimum", 0), schema.get("maximum", 9)))
        case "boolean":
            return draw(st.booleans())
        case "string":
            return _text(draw, schema)
        case _:
            return draw(oddities())


def _text(draw: Any, schema: Mapping[str, Any]) -> str:
    pattern = schema.get("pattern")
    fitting = [name for name in (*_NAMES, "1s", "5m") if pattern and re.search(pattern, name)]
    if fitting:
        return str(draw(st.sampled_from(fitting)))
    if pattern:
        return str(draw(st.from_regex(pattern, fullmatch=True)))
    return str(draw(st.sampled_from(_NAMES) | oddities().filter(lambda odd: isinstance(odd, str))))


def _object(draw: Any, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    required = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        if name in required or draw(st.integers(0, 5 + depth)) == 0:
            made[name] = _drawn(draw, inner, depth + 1)
    for pattern, inner in schema.get("patternProperties", {}).items():
        least = schema.get("minProperties", 0)
        for name in _NAMES[: draw(st.integers(least, 3 if depth < 4 else 1))]:
            if re.search(pattern, name):
                made[name] = _drawn(draw, inner, depth + 1)
    if not schema.get("properties") and schema.get("additionalProperties") not in (False, None):
        for name in _NAMES[: draw(st.integers(0, 2))]:
            made[name] = _drawn(draw, schema["additionalProperties"], depth + 1)
    return made


# --- sound ones ------------------------------------------------------------------------------


def _written(made: Specs) -> Case:
    spec, files = made
    return Case(json.dumps(spec), files={name: json.dumps(data) for name, data in files.items()})


def sound() -> st.SearchStrategy[Case]:
    """Pipelines of every shape."""
    return specs().map(_written)


def cases() -> st.SearchStrategy[Case]:
    """Any of these."""
    return st.one_of(bent_trees(), bent_texts(), from_schema(), sound())

"""References in places where they are only text, because they lack the `${{ }}` around them."""

import re
from collections.abc import Collection, Iterator

from msgspec import Struct

from agentflow.contracts.keywords import Schema
from agentflow.lint.texts import Written, texts_at, told
from agentflow.plan.address import enclosing
from agentflow.plan.calls import callers, home_of, possible_calls
from agentflow.plan.schemas import Contract, past_references
from agentflow.plan.steps import Plan
from agentflow.spec.document import Document, Path
from agentflow.spec.yaml.nodes import Mapping

_PATH = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\])*"
_IN_BRACES = re.compile(rf"(?<![${{])(?:\$(?={{[^{{]))?{{{{1,2}}\s*(?P<path>{_PATH})\s*}}{{1,2}}")
_BARE = re.compile(r"\s*(?P<path>(?:inputs|steps|loop|item|run)(?:\.[A-Za-z_]\w*|\[\d+\])+)\s*")
_EXPRESSION = re.compile(r"(?<!\$)\$\{\{\s*(?P<path>.*?)\s*\}\}", re.DOTALL)
#: As other tools write it: `$steps.a.output`, `$.steps…`, `$(steps…)`, `{% steps… %}`, `<% steps…
#: %>`, `=steps…`.
_FOREIGN = re.compile(
    r"(?:(?<!\$)\$(?:\.|\(\s*)?|\{%-?\s*|<%[=-]?\s*|\A\s*=\s*)"
    r"(?P<path>(?P<root>steps|inputs?)\.(?P<name>[A-Za-z_]\w*)(?:\.[A-Za-z_]\w*|\[\d+\])*)"
    r"(?:\s*(?:\)|-?%\}|-?%>))?"
)
#: Tags of other template languages that read something: `{% if x %}`, `{{#if x}}`.
_TAG = re.compile(
    rf"(?:\{{%-?\s*(?:if|elif|unless|for\s+\w+\s+in)\s+(?:not\s+)?|\{{\{{#(?:if|each|unless|with)?\s*)(?P<path>{_PATH})"
    r"[^%{}]*(?:-?%\}|\}\})"
)
#: Roots that hardly ever stand in braces by chance.
_ROOTS = frozenset({"inputs", "steps", "loop", "item", "run", "input", "task"})
#: The keys of an agent, besides `instructions`, whose texts are passed on unchanged.
_NEVER_EXPANDED = ("argv", "env", "headers")
#: The keys of a step whose texts may hold expressions.
_OF_STEPS = (
    ("with",), ("human", "ask"), ("output",), ("cases",), ("default",), ("catch",), ("switch",),
    ("for_each",), ("loop", "state"), ("loop", "next"), ("loop", "output"), ("delegate", "with"),
    ("delegate", "plan"),
)  # fmt: skip


class PlainReference(Struct, frozen=True):
    """A part of a text that looks like a reference; `expression` is how to write a real one."""

    text: Written
    found: re.Match[str]
    expression: str

    @property
    def shown(self) -> str:
        """What stands there."""
        return self.found[0].strip()


def plain_references(document: Document, plan: Plan) -> Iterator[PlainReference]:
    """All of them in a spec: in what steps and outputs hand on, and in texts for models."""
    inputs = _fields(plan.inputs.schema)
    names = {"inputs": inputs, "steps": {step.id for step in plan.steps.values()}}
    for path, locals_ in _places(document, plan):
        for text in texts_at(document, path):
            if "steps" in text.path[len(path) :]:
                continue  # steps inside it have places of their own
            whole = _BARE.fullmatch(text.text)
            for found in (whole,) if whole else _IN_BRACES.finditer(text.text):
                if whole or _is_meant(found, {*inputs, *locals_}):
                    field = found["path"] in inputs and found["path"] not in locals_
                    yield _plain(text, found, "inputs." if field else "")
            yield from _foreign(text, names)
    yield from _of_agents(document, plan)


def _of_agents(document: Document, plan: Plan) -> Iterator[PlainReference]:
    """Those in the texts of all agents that are called, each agent once."""
    seen: set[Path] = set()
    for step in callers(plan):
        for call in possible_calls(step):
            at = home_of(step, call)
            if at in seen:
                continue
            seen.add(at)
            fields = _fields(call.input.schema)
            for text in told(plan, call.options, at):
                yield from _of_input(text, fields)
                if "instructions" in text.path:
                    yield from _expressions(text)
            for text in texts_at(document, (*at, "url")):
                yield from _of_input(text, fields)
            for key in _NEVER_EXPANDED:
                for text in texts_at(document, (*at, key)):
                    yield from _expressions(text)
                    # A single name in single braces may well mean something to a program.
                    yield from (
                        plain
                        for plain in _of_input(text, fields)
                        if "." in plain.found["path"]
                        or not plain.shown.startswith("{" + plain.found["path"])
                    )


def _of_input(text: Written, fields: Collection[str]) -> Iterator[PlainReference]:
    """What looks like a field of an agent's input, in this language or another."""
    for found in _IN_BRACES.finditer(text.text):
        if _is_meant(found, fields):
            yield _plain(text, found, "input." if found["path"] in fields else "")
    yield from _foreign(text, {"input": fields})
    for found in _TAG.finditer(text.text):
        root = found["path"].partition(".")[0]
        if root in fields or _is_meant(found, fields):
            expression = '${{ CONDITION ? TEXT : "" }}'
            yield PlainReference(text, found, expression)


def _expressions(text: Written) -> Iterator[PlainReference]:
    """What would be expressions in other places."""
    return (_plain(text, found, "") for found in _EXPRESSION.finditer(text.text))


def _foreign(text: Written, names: dict[str, Collection[str]]) -> Iterator[PlainReference]:
    """What other tools would read as a reference, if what it names exists; else it may be prose."""
    for found in _FOREIGN.finditer(text.text):
        if found["name"] in names.get(found["root"], ()):
            yield _plain(text, found, "")


def _places(document: Document, plan: Plan) -> Iterator[tuple[Path, Collection[str]]]:
    """The places of texts that may hold expressions, with the name of an item there."""
    for at, step in plan.steps.items():
        node = document.node(step.path)
        said = node.entries if isinstance(node, Mapping) else {}
        around = (plan.steps.get(place) for place in enclosing(at))
        lists = [each.for_each for each in around if each is not None and each.for_each is not None]
        names = {name for each in lists for name in ("item", *each.names)}
        yield from (((*step.path, *key), names) for key in _OF_STEPS if key[0] in said)
    yield ("outputs",), ()
    yield ("escalations",), ()


def _is_meant(found: re.Match[str], fields: Collection[str]) -> bool:
    """Does a text in braces name a field, or begin like a reference?"""
    root, _, rest = found["path"].partition(".")
    return (root in _ROOTS and bool(rest)) or found["path"] in fields


def _plain(text: Written, found: re.Match[str], root: str) -> PlainReference:
    return PlainReference(text, found, "${{ " + root + found["path"] + " }}")


def _fields(schema: Schema) -> Collection[str]:
    own = past_references(Contract(schema, schema))
    return own.get("properties", {}).keys() if isinstance(own, dict) else ()

"""The words of messages about a spec: what was expected, what was found, how to mend it."""

import re
import unicodedata
from collections.abc import Iterable
from typing import get_args

from agentflow.spec import model as language
from agentflow.spec.document import Path
from agentflow.spec.meant import meant
from agentflow.spec.shape import Shape, kinds_of, required_keys
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Mapping, Node, Scalar, Sequence

_PATTERNS = {
    language.NAME_PATTERN: "a name",
    language.AGENT_PATTERN: "a name",
    language.CONTRACT_NAME_PATTERN: "a contract's name",
    language.DURATION_PATTERN: "a duration such as 30s",
}
_CALLED: dict[type[language.Node], str] = {
    language.Pipeline: "a pipeline",
    language.Backoff: "a backoff",
    language.RetryPolicy: "a retry policy",
    language.Use: "this action",
    language.ForEach: "for_each",
    language.AgentStep: "a step with an agent",
    language.PipelineStep: "a step with a pipeline",
    language.HumanStep: "a human step",
    language.Delegate: "a delegate",
    language.DelegateStep: "a step with a delegate",
    language.Asking: "a question",
    language.Notice: "a notice",
    language.Escalation: "an escalation",
    language.ModelLevel: "a level with a model",
    language.AgentLevel: "a level with an agent",
    language.HumanLevel: "a level with a person",
    language.NotifyLevel: "a level with a notice",
    language.Escalate: "this action",
    language.LastValue: "this action",
    language.GroupStep: "a group of steps",
    language.SwitchStep: "a switch",
    language.Assertion: "an assertion",
    language.LoopStep: "a step with a loop",
    language.Loop: "a loop",
    language.Case: "a case",
    language.Model: "a model",
    language.Budget: "a budget",
    language.PipelineTest: "a test",
    language.Answer: "an answer",
    language.PersonSays: "what a person says",
    language.Expectations: "'expect'",
    language.ExpectedFailure: "an expected failure",
    language.Bounds: "a budget",
    language.TextFile: "a text in a file",
    language.Secret: "a secret",
    language.Confidence: "'confidence'",
    language.Price: "a price",
    language.Limits: "limits",
    language.ConsoleChannel: "a channel of kind 'console'",
    language.InboxChannel: "a channel of kind 'inbox'",
    language.WebhookChannel: "a channel of kind 'webhook'",
    language.CommandChannel: "a channel of kind 'command'",
    language.Server: "a server",
    language.ToolTerms: "a tool",
    language.ScriptedUsage: "'usage'",
    language.ScriptedCall: "a scripted call",
    language.Cancel: "'cancel'",
}
#: What to write for a mapping where there is a single value.
_IN_ITS_PLACE: dict[type, str] = {
    language.Secret: "write {{secret: NAME}}, and set NAME in the environment of the run",
    language.RetryPolicy: "write {{max_attempts: NUMBER}}, or the name of a policy under 'retries'",
    language.Backoff: "write {{initial: 1s, factor: 2}}",
    language.ForEach: 'write {{over: "{}", max: NUMBER}}',
    language.Question: 'write {{ask: "{}", answer: {{type: boolean}}}}',
}
#: What to write for a word that is none of those there are.
_IN_OTHER_WORDS: dict[tuple[str, ...], str] = {
    get_args(language.PersonsWord): "any other answer is a value: write {value: …} without 'says'",
}

#: Keys with lists of mappings, and what one of them is called.
_ONE_OF = {"assert": "assertion", "levels": "level", "tools": "tool"}
#: Keys with names in them, and how an entry of each looks.
_NAMED = {
    "agents": "NAME: {kind: …}",
    "cases": "LABEL: {steps: …}",
    "models": "NAME: {model: …}",
    "outputs": "NAME: VALUE",
    "steps": "NAME: {agent: …}",
    "tests": "NAME: {inputs: …}",
    "with": "FIELD: VALUE",
}
#: Keys with fields in them, and what to write for a single value.
_FIELDS = {
    "outputs": 'name each output: {NAME: "${{ EXPRESSION }}"}',
    "with": 'name each field: {FIELD: "${{ EXPRESSION }}"}',
}


#: The models that are meant where no key tells the kind, with the keys that tell the others.
_OTHERWISE = {
    alias.otherwise: tuple(alias.kinds)
    for union in (language.CatchAction, language.Level, language.Tool)
    for alias in get_args(union)
    if isinstance(alias, language.ByKey)
}


def keys_beside(owner: type[language.Node] | None) -> tuple[str, ...]:
    """The keys that tell other kinds of a mapping, of one whose kind no key tells."""
    return _OTHERWISE.get(owner, ())


def called(owner: type[language.Node] | None) -> str:
    """What a mapping of the language is called, with its article."""
    for known, name in _CALLED.items():
        if owner is not None and issubclass(owner, known):
            return name
    if owner is not None and issubclass(owner, language.Agent):
        kinds = kinds_of(owner)
        return f"an agent of kind {quoted(kinds[0])}" if kinds else "an agent"
    return "this mapping"


def called_at(path: Path) -> str:
    """What the mapping at a path is called by where it stands: by its name, or by its number."""
    *_, around, at = ("", "", *path)
    if not isinstance(at, int):
        return quoted(at)
    owner, singular = path[-3] if len(path) > 2 else None, _ONE_OF.get(str(around))
    if singular is None or not isinstance(owner, str):
        return f"item {at + 1} of {quoted(str(around))}"
    return f"{singular} {at + 1} of {quoted(owner)}"


def either(words: "list[str] | tuple[str, ...]") -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def expected(shape: Shape) -> str:
    """What the language wants at a place."""
    if shape.choices:
        words = (*shape.choices, *shape.examples)
        return f"one of: {', '.join(words)}" if len(words) > 1 else words[0]
    if shape.members:
        return either([word for member in shape.members for word in _alternatives(member)])
    if shape.model in (language.Answer, language.PersonSays):
        return called(shape.model)
    if shape.model is not None:
        needed = required_keys(shape.model)
        return f"a mapping with {' and '.join(map(quoted, needed))}" if needed else "a mapping"
    kind = getattr(shape.form, "__origin__", shape.form)
    if kind is str:
        return _text(shape)
    if kind in (int, float):
        return _number(shape, "a whole number" if kind is int else "a number")
    return {bool: "true or false", list: "a list", dict: "a mapping"}.get(kind, "a value")


def _alternatives(member: Shape) -> list[str]:
    """The words for one of several: literals by name, the rest as ever."""
    return [quoted(choice) for choice in member.choices] or [expected(member)]


def _text(shape: Shape) -> str:
    pattern, examples = shape.pattern, shape.examples
    if pattern in _PATTERNS:
        return _PATTERNS[pattern]
    if examples:
        return f"text such as {quoted(str(examples[0]))}"
    return f"text that matches {pattern}" if pattern else "text"


def _number(shape: Shape, word: str) -> str:
    low, high, above = shape.ge, shape.le, shape.gt
    if above is not None:
        return f"{word} above {above}"
    if low is not None and high is not None:
        return f"{word} from {low} to {high}"
    return f"{word} from {low}" if low is not None else word


def found(node: Node | None) -> str:
    """What stands at a place."""
    if isinstance(node, Mapping):
        return "a mapping" if node.entries else "an empty mapping"
    if isinstance(node, Scalar):
        if node.value is None:
            return quoted(node.text) if node.text else "nothing"
        if isinstance(node.value, str):
            return f"text {quoted(node.value)}" if node.value else "empty text"
        kind = "" if isinstance(node.value, bool) else "number "
        return f"{kind}{node.text[:40]}"
    if node is None:
        return "nothing"
    return "a list" if node.items else "an empty list"


def mend(shape: Shape, node: Node | None) -> str | None:
    """How to write what was probably meant; None if that is anyone's guess."""
    if not isinstance(node, Scalar) or node.value is None:
        return None
    if shape.pattern in (language.NAME_PATTERN, language.CONTRACT_NAME_PATTERN):
        return None
    if (found := meant(shape, node)) is not None:
        same = found.written == node.text and node.style
        return f"write {found.written}{' without quotes' if same else ''}"
    if shape.pattern == language.DURATION_PATTERN:
        return "write a whole number above 0 and ms, s, m, h or d"
    if shape.choices in _IN_OTHER_WORDS:
        return _IN_OTHER_WORDS[shape.choices]
    kinds = {getattr(s.form, "__origin__", s.form) for s in (shape.members or (shape,))}
    if language.Answer in kinds:
        return f"write {{value: {node.text}}}" if len(node.text) <= 40 else "write {value: …}"
    if language.PersonSays in kinds:
        return f"write {{says: {node.text}}}" if len(node.text) <= 40 else "write {says: …}"
    if list in kinds:
        return f"write [{node.text}]" if len(node.text) <= 40 else "write a list"
    free = [s for s in shape.members if s.form is str and s.pattern is None]
    if not isinstance(node.value, str) and str in kinds and (free or not shape.members):
        return f'put it in quotes: "{node.text[:40]}"'
    for form in kinds & _IN_ITS_PLACE.keys():
        return _IN_ITS_PLACE[form].format(node.text if len(node.text) <= 40 else "…")
    return None


def instead(key: str, node: Node | None) -> str | None:
    """What to write for a mapping at a key with another value, if that is always the same."""
    if key == "catch" and isinstance(node, Scalar) and node.text in ("fail", "skip"):
        return f"write {{any: {node.text}}}, or the class of the failure for 'any'"
    if isinstance(node, Sequence) and key in _NAMED:
        return f"write a name for each, and no '-': {_NAMED[key]}"
    return _FIELDS.get(key)


def mended_name(name: str, pattern: str) -> str | None:
    """A name that looks like what was written and is one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Za-z0-9]+", plain)
    if pattern == language.CONTRACT_NAME_PATTERN:
        candidate = "".join(word[0].upper() + word[1:] for word in words)
    else:
        split = [re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word) for word in words]
        candidate = "_".join(split).lower()
    candidate = candidate.lstrip("0123456789_")[:63]
    return candidate if re.fullmatch(pattern, candidate) and candidate != name else None


def foreign_letter(name: str) -> str | None:
    """Why a name is not the one it looks like: what its first letter beyond ASCII is called."""
    for letter in name:
        if not letter.isascii() and letter.isalpha():
            return f"{quoted(letter)} is {unicodedata.name(letter, 'no Latin letter').lower()}"
    return None


def listed(names: Iterable[str]) -> str:
    """Names for a help text: at most twenty of them."""
    all_names = list(names)
    more = ", …" if len(all_names) > 20 else ""
    return ", ".join(all_names[:20]) + more

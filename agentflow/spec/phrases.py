"""The words of messages about a spec: what was expected, what was found, how to mend it."""

import json
import re
import shlex
import unicodedata
from collections.abc import Iterable, Sequence

from agentflow.spec import model as language
from agentflow.spec.shape import Shape, kinds_of, required_keys
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Mapping, Node, Scalar

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
}
_UNITS = {
    "ms": ("ms", "msec", "millis", "millisecond", "milliseconds"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}


def called(owner: type[language.Node] | None) -> str:
    """What a mapping of the language is called, with its article."""
    for known, name in _CALLED.items():
        if owner is not None and issubclass(owner, known):
            return name
    if owner is not None and issubclass(owner, language.Agent):
        kinds = kinds_of(owner)
        return f"an agent of kind {quoted(kinds[0])}" if kinds else "an agent"
    return "this mapping"


def either(words: Sequence[str]) -> str:
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
        return (
            f"a mapping with {either([quoted(key) for key in needed])}" if needed else "a mapping"
        )
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
    kinds = {getattr(s.form, "__origin__", s.form) for s in (shape.members or (shape,))}
    if shape.pattern == language.DURATION_PATTERN:
        duration = mended_duration(node.text)
        return (
            f"write {duration}" if duration else "write a whole number above 0 and ms, s, m, h or d"
        )
    if language.Answer in kinds:
        return f"write {{value: {node.text}}}" if len(node.text) <= 40 else "write {value: …}"
    if language.PersonSays in kinds:
        return f"write {{says: {node.text}}}" if len(node.text) <= 40 else "write {says: …}"
    if list in kinds:
        return f"write [{node.text}]" if len(node.text) <= 40 else "write a list"
    if isinstance(node.value, str):
        number = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", node.text)
        share = re.fullmatch(r"([0-9]{1,2}|100) ?%", node.text)
        if float in kinds and share:
            return f"write {int(share[1]) / 100:g}"
        if kinds & {int, float} and number:
            return f"write {node.text} without quotes"
        if bool in kinds:
            return _mended_bool(node.text)
        return None
    free = [s for s in shape.members if s.form is str and s.pattern is None]
    in_quotes = str in kinds and (free or not shape.members)
    return f'put it in quotes: "{node.text[:40]}"' if in_quotes else None


def command_line(text: str) -> str | None:
    """A command as a list of its words, cut as a shell would; None if it cannot be, or is long."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    if not words or len(text) > 80:
        return None
    return f"write [{', '.join(map(_in_list, words))}]"


def _in_list(word: str) -> str:
    """A text in a list on one line, in quotes where YAML would read something else without."""
    plain = re.fullmatch(r"-{0,2}[A-Za-z_./][A-Za-z0-9_./=@%+-]*", word)
    is_word = word.lower() in ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
    return word if plain and not is_word and word[-1] != ":" else json.dumps(word)


def mended_duration(text: str) -> str | None:
    """`30 sec` as `30s`; a bare number is taken for seconds."""
    match = re.fullmatch(r"([0-9]{1,9})(?:\.0*)? *([A-Za-z]*)", text.strip())
    if match is None and (whole := _in_one_unit(text.strip())):
        return whole
    if match is None or not int(match[1]):
        return None
    unit = _UNIT_OF.get(match[2].lower() or "s")
    return f"{match[1]}{unit}" if unit else None


def _in_one_unit(text: str) -> str | None:
    """`1h30m` and `1.5h` as `90m`: what is written in parts, in the largest unit that takes it whole."""
    parts = re.findall(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)", text)
    if "".join(map("".join, parts)) != text:
        return None
    units = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
    # In thousandths, since a product of decimals need not come out even.
    whole = sum(round(float(number) * 1_000) * units[unit] for number, unit in parts)
    fitting = (
        (whole // (1_000 * size), unit)
        for unit, size in units.items()
        if whole % (1_000 * size) == 0
    )
    return next((f"{count}{unit}" for count, unit in fitting if count), None)


def _mended_bool(text: str) -> str | None:
    if text.lower() in ("yes", "on", "y", "true"):
        return "write true"
    if text.lower() in ("no", "off", "n", "false"):
        return "write false"
    return None


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

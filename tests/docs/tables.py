"""Tables of the docs, made from the models of the language, the rules and the commands."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import typer.main

from agentflow.agents import VOCABULARY
from agentflow.cli.main import app
from agentflow.lint.configuration import THRESHOLDS, configuration_schema
from agentflow.lint.pages import fixable, only_with, page_of
from agentflow.lint.rule import Rule
from agentflow.lint.rules import RULES
from agentflow.spec.model import (
    STEP_KINDS,
    Agent,
    StepBase,
)
from agentflow.spec.schema import language_schema
from agentflow.spec.shape import keys_of, kinds_of

SCHEMA: Mapping[str, Any] = language_schema(VOCABULARY)
STEPS = tuple(model.__name__ for model in STEP_KINDS.values())
KINDS = tuple(name for kind in VOCABULARY.agent_kinds for name in kinds_of(kind))

#: What stands for a definition in a table of keys.
_WORDS = {
    "AgentStep": "[step](#steps)",
    "AgentTool": "[agent](#tools)",
    "Approval": "[question](#approval)",
    "Answer": "[answer](#scripted-answers)",
    "Assertion": "[assertion](#assert)",
    "Backoff": "[backoff](#retry)",
    "Bounds": "[budget](#budgets)",
    "Budget": "[budget](#budgets)",
    "Cancel": "[cancel](#a-run-that-is-cancelled)",
    "Case": "[case](#a-switch)",
    "Ceiling": "`{max: NUMBER}`",
    "Confidence": "[gate](#confidence)",
    "Effects": "[effects](#effects)",
    "Expectations": "[expectations](#what-is-expected)",
    "ExpectedFailure": "`{class: CLASS, message: TEXT}`",
    "FailureClass": "[failure class](#what-can-go-wrong)",
    "Delegate": "[delegate](#a-delegate)",
    "DelegateStep": "[step](#steps)",
    "ForEach": "[`for_each`](#for_each)",
    "Limits": "[limits](#limits)",
    "Loop": "[loop](#a-loop)",
    "Model": "[model](#models)",
    "PersonSays": "[answer](#what-people-say)",
    "PipelineTest": "[test](#tests)",
    "AgentLevel": "level with an agent",
    "Asking": "[question](#a-human-step)",
    "Escalate": "`{escalate: NAME}`",
    "Escalation": "[escalation](#escalation)",
    "LastValue": "`{use: VALUE}`",
    "HumanLevel": "level with a person",
    "ModelLevel": "level with a model",
    "Notice": "[notice](#escalation)",
    "NotifyLevel": "level with a notice",
    "Question": "[question](#a-human-step)",
    "Price": "[price](#models)",
    "RetryPolicy": "[policy](#retry)",
    "McpTool": "[tool of a server](#tools)",
    "PythonTool": "[function](#tools)",
    "ScriptedCall": "[call](#scripted-answers)",
    "ScriptedUsage": "[usage](#scripted-answers)",
    "Secret": "[secret](#secrets)",
    "Server": "[server](#servers)",
    "Step": "[step](#steps)",
    "TextFile": "`{file: PATH}`",
    "WhyMultiAgent": "[reasons](#why-many-agents)",
    "Use": "`{use: VALUE}` or `{agent: OTHER}`",
}
_PATTERNS = {
    "^[a-z][a-z0-9_]{0,62}$": "name",
    "^[A-Z][A-Za-z0-9]{0,62}$": "contract name",
    "^[0-9]{1,9}(ms|s|m|h|d)$": "duration",
}
_PLURALS = {
    "text": "texts",
    "address": "addresses",
    "mapping of fields": "mappings of fields",
}
#: What a key means whose model does not say it.
_MEANINGS = {
    "description": "For people; it changes nothing.",
    "kind": "What the agent is.",
    "factor": "What each wait is multiplied with to give the next.",
    "initial": "The wait after the first failure.",
    "max": "The longest wait.",
    "max_output_tokens": "How long an answer may be.",
    "repair": "How often the agent is asked again with what was wrong with its answer.",
    "temperature": "As the provider understands it.",
    "top_p": "As the provider understands it.",
    "seed": "As the provider understands it.",
    "backoff": "How long to wait before the next attempt.",
    "retry": "When a failed attempt is made again; by default never.",
    "human": "The question.",
    "effects": "What the step does to the world, if not what its agent says.",
    "effects_reason": "Why an irreversible effect needs no check and no gate before it.",
    "for_each": "One instance of the step per item of a list.",
    "steps": "The steps inside.",
    "output": "What it answers, over the steps inside.",
}


def keys(name: str) -> str:
    """The keys of a mapping of the language: a model, an agent kind, or what steps have in
    common."""
    schema, own = _schema(name)
    rows = [
        f"| `{key}` | {_cell(_kinds() if name == 'Agent' and key == 'kind' else _takes(value))} | "
        f"{_cell(_default(schema, key))} | {_cell(_meaning(key, value))} |"
        for key, value in schema["properties"].items()
        if key in own
    ]
    return "\n".join(["| key | takes | default | |", "|---|---|---|---|", *rows])


def _kinds() -> str:
    return " or ".join(f"`{kind}`" for kind in KINDS)


def _schema(name: str) -> tuple[Mapping[str, Any], frozenset[str]]:
    """Where the keys stand, and which of them are meant."""
    definitions = SCHEMA["$defs"]
    common = frozenset(keys_of(StepBase))
    agent = frozenset(keys_of(Agent))
    if name == "Pipeline":
        return SCHEMA, frozenset(SCHEMA["properties"])
    if name == "Agent":
        return definitions["PythonAgent"], agent
    if name in KINDS:
        schema = definitions[f"{name.capitalize()}Agent"]
        return schema, frozenset(schema["properties"]) - agent
    if name == "StepBase":
        return definitions["AgentStep"], common
    schema = definitions[name]
    own = frozenset(schema["properties"])
    return schema, own - common if name in STEPS else own


def _takes(schema: Mapping[str, Any]) -> str:
    """What a key takes, in words."""
    match schema:
        case {"const": value}:
            return f"`{str(value).lower() if isinstance(value, bool) else value}`"
        case {"enum": values}:
            return " or ".join(f"`{value}`" for value in values)
        case {"$ref": reference}:
            return _WORDS[reference.removeprefix("#/$defs/")]
        case {"anyOf": choices}:
            words = [_takes(choice) for choice in choices if choice.get("type") != "null"]
            return " or ".join(words)
        case {"oneOf": choices}:
            return _takes_one([choice.get("$ref", "") for choice in choices])
        case {"type": "array"}:
            return f"list of {_plural(_takes(schema['items']))}"
        case {"type": "object"}:
            return _takes_object(schema)
        case {"pattern": pattern}:
            return _PATTERNS.get(pattern, "text")
        case {"type": "string"}:
            of_step = str(schema.get("description", "")).startswith("The address")
            return "address" if of_step else "text"
        case {"type": "boolean"}:
            return "bool"
        case {"type": "integer" | "number" as kind}:
            return f"{'number' if kind == 'number' else 'int'}{_range(schema)}"
        case _:
            return "[value](#templates)"


def _takes_one(definitions: list[str]) -> str:
    """What a choice of definitions is called."""
    if all(name.endswith("Channel") for name in definitions):
        return "[channel](#channels)"
    agents = sum("Agent" in name for name in definitions)
    return "[level](#escalation)" if agents == 1 else "[agent](#agents)"


def _takes_object(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"patternProperties": patterns}:
            ((pattern, inner),) = patterns.items()
            return f"{_plural(_PATTERNS[pattern])}, each with {_one(_takes(inner))}"
        case {"propertyNames": {"enum": _}}:
            return "[failure classes](#catch) or `any`, each with an action"
        case {"additionalProperties": {"description": str(said)}} if said.startswith(
            "A JSON value"
        ):
            return "mapping of fields"
        case {"propertyNames": _, "additionalProperties": inner}:
            return f"addresses, each with {_one(_takes(inner))}"
        case {"additionalProperties": True}:
            return "JSON Schema"
        case {"additionalProperties": inner}:
            return f"texts, each with {_one(_takes(inner))}"
    raise AssertionError(schema)


def _one(words: str) -> str:
    return f"an {words}" if words.lstrip("[")[0] in "aeiou" else f"a {words}"


def _plural(words: str) -> str:
    linked = words.startswith("[")
    if words in _PLURALS:
        return _PLURALS[words]
    return words.replace("]", "s]", 1).replace("classs]", "classes]") if linked else f"{words}s"


def _range(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return ""
    return f" from {least}" if most is None else f", {least} to {most}"


def _default(schema: Mapping[str, Any], key: str) -> str:
    if key in schema.get("required", ()):
        return "required"
    default = schema["properties"][key].get("default")
    if default is None or isinstance(default, dict):
        return ""
    if isinstance(default, list):
        return ", ".join(f"`{item}`" for item in default)
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _meaning(key: str, schema: Mapping[str, Any]) -> str:
    said = str(schema.get("description", ""))
    # Some say only what their type is, which stands in another column.
    return said if said and not said.startswith("A duration") else _MEANINGS[key]


def _cell(text: str) -> str:
    return re.sub(r"\$\{\{.*?\}\}", r"`\g<0>`", text).replace("|", "\\|")


def elsewhere() -> str:
    """Keys that some steps have and others cannot, and where they belong."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for name, model in STEP_KINDS.items():
        for key, why in model.elsewhere.items():
            kinds.setdefault((key, why), []).append(name)
    rows = [f"| {_names(names)} | `{key}` | {why} |" for (key, why), names in kinds.items()]
    return "\n".join(["| a step with | has no | since |", "|---|---|---|", *rows])


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def rules() -> str:
    """A table of all rules, and the page of each."""
    table = [
        f"| [`{rule.NAME}`](#{rule.NAME}) | {rule.FAMILY} | {rule.SEVERITY} | "
        f"{fixable(rule) or ''} | {page_of(rule).title} |"
        for rule in RULES
    ]
    pages = [
        f"## {rule.NAME}\n\n*{rule.FAMILY}, {rule.SEVERITY}{_only_with(rule)}.* {page.title}\n\n{page.why}\n\n"
        f"```yaml\n{page.bad}```\n\n```text\n{chr(10).join(page.says)}\n```\n\n"
        f"Mended:\n\n```yaml\n{page.good}```"
        for rule, page in ((rule, page_of(rule)) for rule in RULES)
    ]
    head = ["| rule | family | severity | fix | |", "|---|---|---|---|---|"]
    return "\n\n".join(["\n".join([*head, *table]), *pages])


def _only_with(rule: Rule) -> str:
    option = only_with(rule)
    return f", only with `{option}`" if option else ""


def configuration() -> str:
    """A table of the keys of the configuration, and one of the rules that have numbers."""
    schema = json.loads(configuration_schema())
    keys = [
        f"| `{name}` | {_cell(_default(schema, name))} | {_cell(key['description'])} |"
        for name, key in schema["properties"].items()
    ]
    numbers = [
        f"| [`{rule}`](rules.md#{rule}) | {', '.join(f'`{key}` {n}' for key, n in known.items())} |"
        for rule, known in THRESHOLDS.items()
    ]
    head, also = ["| key | default | |", "|---|---|---|"], ["| rule | numbers |", "|---|---|"]
    return "\n".join([*head, *keys, "", *also, *numbers])


def commands() -> str:
    """Every command with its arguments and options."""
    group: Any = typer.main.get_command(app)
    return "\n\n".join(_command(command, name) for command, name in _commands_in(group, ""))


def _commands_in(group: Any, before: str) -> Iterator[tuple[Any, str]]:
    """The commands of a group, each with its whole name, and those of groups in it."""
    for command in group.commands.values():
        if not command.hidden:
            name = f"{before}{command.name}"
            yield command, name
            if hasattr(command, "commands"):
                yield from _commands_in(command, f"{name} ")


def _command(command: Any, name: str) -> str:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option"]
    usage = " ".join([f"agentflow {name}", *(str(a.metavar or a.name.upper()) for a in arguments)])
    lines = [f"### `{usage}`", "", str(command.help)]
    rows = [
        f"| {', '.join(f'`{name}`' for name in (*option.opts[::-1], *option.secondary_opts))}"
        f"{f' `{_cell(option.metavar)}`' if option.metavar else ''} | {_shown(option)} | {option.help} |"
        for option in options
    ]
    if rows:
        lines += ["", "| option | default | |", "|---|---|---|", *rows]
    return "\n".join(lines)


def _shown(option: Any) -> str:
    default = option.default
    if default is None or default is False or default == []:
        return ""
    return f"`{getattr(default, 'value', default)}`"

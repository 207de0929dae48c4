"""A model that can change the world reads untrusted text, with nothing in between.

Text from outside can contain instructions, and no delimiter makes a model ignore all of them. If
its agent has effects, by itself or through tools, whoever writes the text can try to trigger them.
Put a check or a person before the step or the tool (`approve`), give the tool fields with a few
possible values instead of free text, or split the work: a model without effects reads the text into
a narrow contract, and another agent acts on that. A contract with free text is not narrow if the
text is executed: a shell command, arguments that `xargs` or `$(jq …)` make of it, a part of the
address that a write goes to, or a field called `command`, `script`, `code`, `query` or the like.
And a model that has read the text is no check by itself: something that cannot be undone needs more
before it than that model's own yes.

Bad:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [letter], properties: {letter: {type: string, maxLength: 4000}}}
    agents:
      clerk:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Refund what the policy allows.
        effects: write
        input: {type: object, required: [letter], properties: {letter: {type: string}}}
        output: {type: object, required: [done], properties: {done: {type: boolean}}}
    steps:
      refund:
        agent: clerk
        with: {letter: "${{ inputs.letter }}"}
        catch: {timeout: fail}
    outputs: {done: "${{ steps.refund.output.done }}"}

Says:

    15:20 'clerk' can write and reads 'letter', in which anybody may have written anything

Good:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [letter], properties: {letter: {type: string, maxLength: 4000}}}
    agents:
      reader:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Which order is the letter about?
        input: {type: object, required: [letter], properties: {letter: {type: string}}}
        output: {type: object, required: [order], properties: {order: {type: string, pattern: "^[0-9]{6}$"}}}
      clerk:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Refund what the policy allows.
        effects: write
        input: {type: object, required: [order], properties: {order: {type: string, pattern: "^[0-9]{6}$"}}}
        output: {type: object, required: [done], properties: {done: {type: boolean}}}
    steps:
      read: {agent: reader, with: {letter: "${{ inputs.letter }}"}}
      refund:
        agent: clerk
        with: {order: "${{ steps.read.output.order }}"}
        catch: {timeout: fail}
    outputs: {done: "${{ steps.refund.output.done }}"}
"""

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from agentflow.contracts.descent import SOME_ITEM, Descent
from agentflow.contracts.keywords import Schema
from agentflow.contracts.length import is_free_text
from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.chats import Chat, chats, entries, shown
from agentflow.lint.checkpoints import gate_before, gates_before
from agentflow.lint.commands import SHELLS
from agentflow.lint.deeds import fields_of_url
from agentflow.lint.prompts import reads
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.schemas import Contract
from agentflow.plan.steps import CallPlan, StepPlan
from agentflow.spec.cel.logic import paths_in, way_of
from agentflow.spec.cel.syntax import Select
from agentflow.spec.document import Path
from agentflow.spec.model import Effects
from agentflow.spec.templates import Constant
from agentflow.spec.wording import quoted

NAME = "injected-effect"
FAMILY = Family.TRUST
SEVERITY = Severity.WARNING

#: Programs that run what they are given, and fields that say so of themselves.
_DATABASES = frozenset({"psql", "mysql", "sqlite3"})
_PROGRAMS = frozenset(
    {
        "args",
        "arguments",
        "argv",
        "cmd",
        "code",
        "command",
        "commands",
        "query",
        "script",
        "shell",
        "sql",
        "statement",
    }
)
#: What makes arguments, or a program, of what comes on stdin.
_MAKES_ARGUMENTS = frozenset({"xargs", "parallel"})
_EXPANDS = re.compile(r"\$\((?:cat|jq|<|head|read)\b|`(?:cat|jq)\b|\beval\b|\bxargs\b|\bparallel\b")
#: The calls of models that read what anybody may have written, by the address of their step.
Readers: TypeAlias = Mapping[str, Chat]

_IN_WORDS = {Effects.WRITE: "write", Effects.IRREVERSIBLE: "do what cannot be undone"}


def check(context: Context) -> Iterator[Finding]:
    """Each field of free text that goes to a model which acts, with nothing before it.

    Likewise what such a model writes and another agent carries out, or decides alone.
    """
    readers = {chat.step.address: chat for chat in chats(context) if _reads_anything(context, chat)}
    yield from _acting(context, readers)
    for step in context.plan.steps.values() if context.plan is not None and readers else ():
        if step.call is not None and step.call.chat is None:
            yield from _carried_out(context, step, step.call, readers)
            yield from _decided(context, step, step.call, readers)


def _acting(context: Context, readers: Readers) -> Iterator[Finding]:
    for chat in chats(context):
        assert context.plan is not None
        deed = _deed(chat.call)
        if deed is None or _is_guarded(context, chat, deed, readers):
            continue
        root, descent = chat.call.input.schema, Descent()
        for name, given, path in (*_given(context, chat), *_planned(context, chat)):
            wanted = descent.into(root, root, name)
            if is_free_text(wanted, root) and is_free_text(given.schema, given.root):
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"{quoted(chat.agent)} can {deed} and reads"
                    f" {quoted(name)}, in which anybody may have written anything",
                    location=context.document.locate(path),
                    help="put a check or a person before it, or have a model without effects"
                    " read it into fields of a few values",
                    related=(
                        Related(
                            "the agent is defined here",
                            context.document.locate_key(("agents", chat.agent)),
                        ),
                    ),
                )


def _given(context: Context, chat: Chat) -> Iterator[tuple[str, Contract, Path]]:
    """What a model gets to see, with its type and where it is given."""
    for name, template, path in shown(chat):
        if not isinstance(template, Constant):
            made = context.types.of(template, chat.step.address)
            yield name, Contract(made, made), path


def _planned(context: Context, chat: Chat) -> Iterator[tuple[str, Contract, Path]]:
    """The same of a worker who is given the `input` of its task: the first field that a plan fills
    with text.
    """
    assert context.plan is not None
    step = context.plan.steps.get(address.parent(chat.step.address) or "")
    if step is None or step.delegate is None or not step.delegate.whole:
        return
    tasks, descent = context.types.of(step.delegate.tasks, step.address), Descent()
    given = descent.into(descent.into(tasks, tasks, SOME_ITEM), tasks, "input")
    for name in chat.call.input.schema.get("properties", {}):
        part = descent.into(given, tasks, name)
        if reads(chat.prompt, name) and is_free_text(part, tasks):
            yield name, Contract(part, tasks), (*step.path, "delegate", "plan")
            return


def _is_guarded(context: Context, chat: Chat, deed: str, readers: Readers) -> bool:
    """Does a gate stand before a model that acts?

    Before what cannot be undone, the yes of a model that reads such text as well is none.
    """
    gates = [*gates_before(context, chat.step)]
    if not deed.startswith(_IN_WORDS[Effects.IRREVERSIBLE]):
        return bool(gates)
    return any(_says_so(context, gate, readers) is None for gate in gates)


def _deed(call: CallPlan) -> str | None:
    """What a call can do to the world, by itself or through a tool that nothing holds back."""
    if not call.effects.repeatable:
        return _IN_WORDS[call.effects]
    deeds = {}
    for name, tool in call.tools.items():
        inner = tool.step.call
        if inner is None or tool.step.approval is not None:
            continue
        deed = _deed(inner) if is_free_text(inner.input.schema) else None
        if deed is not None:
            deeds[name] = deed
    gravest = _IN_WORDS[Effects.IRREVERSIBLE]
    grave = (one for one, deed in deeds.items() if deed.startswith(gravest))
    found = next(grave, None) or next(iter(deeds), None)
    return f"{deeds[found]} through {quoted(found)}" if found is not None else None


def _reads_anything(context: Context, chat: Chat) -> bool:
    """Does a model read what anybody may have written?"""
    root, descent = chat.call.input.schema, Descent()
    return any(
        is_free_text(descent.into(root, root, name), root)
        and is_free_text(given.schema, given.root)
        for name, given, _ in _given(context, chat)
    )


def _carried_out(
    context: Context, step: StepPlan, call: CallPlan, readers: Readers
) -> Iterator[Finding]:
    """Free text from such a model that is run by an agent with effects, or by any shell."""
    shell = _is_shell(call)
    if (call.effects.repeatable and not shell) or gate_before(context, step) is not None:
        return
    in_url = fields_of_url(call)
    root, descent = call.input.schema, Descent()
    for name, template in entries(call.arguments):
        path = (*step.path, "with", name)
        uses = context.uses_within.get(path, ())
        found = (readers.get(use.target or "") for use in uses)
        readers_of = [chat for chat in found if chat is not None]
        wanted = descent.into(root, root, name)
        if not readers_of or not (shell or name.casefold() in _PROGRAMS or name in in_url):
            continue
        deed = "goes to an address made of" if name in in_url and not shell else "carries out"
        if is_free_text(wanted, root) and is_free_text(context.types.of(template, step.address)):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(call.agent)} {deed} {quoted(name)}, which is written by a"
                " model that reads what anybody may have written",
                location=context.document.locate(path),
                help="give the field a few values or a pattern, or put a check or a person before it",
                related=(_who(context, readers_of[0]),),
            )


def _decided(
    context: Context, step: StepPlan, call: CallPlan, readers: Readers
) -> Iterator[Finding]:
    """What cannot be undone, and follows from nothing but what such a model says."""
    if call.effects is not Effects.IRREVERSIBLE:
        return
    gates = [*gates_before(context, step)]
    said = [_says_so(context, gate, readers) for gate in gates]
    if not gates or None in said:
        return
    chat = next(one for one in said if one is not None)
    yield Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(chat.agent)} alone decides on {quoted(step.id)}, which cannot be undone,"
        " and reads what anybody may have written",
        location=context.document.locate((*gates[0].path, "when")),
        help="let a person or a check that reads something else decide as well",
        related=(_who(context, chat),),
    )


def _says_so(context: Context, gate: StepPlan, readers: Readers) -> Chat | None:
    """The only model whose yes the `when` of a gate goes by; None if there is more to it.

    However it is spelt: `x`, `x == true`, `x ? true : false`, `default(x, false)`.
    """
    if gate.when is None:
        return None
    targets = {use.target for use in context.uses_within.get((*gate.path, "when"), ())}
    chat = readers.get(targets.pop() or "") if len(targets) == 1 else None
    place = address.parent(gate.address) or ""
    asked = [path for path in paths_in(gate.when) if isinstance(path, Select)]
    plain = bool(asked) and all(
        way_of(path)[1][1:] == ("status",) or _is_boolean(context.types.of(path, place))
        for path in asked
    )
    return chat if plain else None


def _is_boolean(schema: Schema) -> bool:
    return types_of(schema, schema) == {"boolean"}


def _is_shell(call: CallPlan) -> bool:
    """Does a program carry out what it is given, or make arguments of it?"""
    argv = [str(word) for word in getattr(call.options, "argv", None) or [""]]
    program, words = argv[0].rpartition("/")[2], argv[1:]
    if program in SHELLS:
        # A script that is named reads its input as data.
        return "-s" in words or all(word.startswith("-") for word in words) or _expands(words)
    if program in _DATABASES:
        return not {"-c", "-e", "-f"}.intersection(words)
    return _expands(words) or not _MAKES_ARGUMENTS.isdisjoint(
        word.rpartition("/")[2] for word in argv
    )


def _expands(words: list[str]) -> bool:
    return any(_EXPANDS.search(word) for word in words)


def _who(context: Context, chat: Chat) -> Related:
    return Related("the agent is defined here", context.document.locate_key(("agents", chat.agent)))

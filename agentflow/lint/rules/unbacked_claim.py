"""A message tells of an effect that it does not wait for.

"Three tasks were added to the board" is sent while they are being added, and also if that fails.
What a message says has to come from the step that did it, or at least after it. If some of a list
may be left out, it counts what was done, and not the list; nor is all of the list marked as done.

Bad:

    agentflow: 1
    name: meetings
    inputs:
      type: object
      additionalProperties: false
      required: [tasks]
      properties: {tasks: {type: array, maxItems: 20, items: {type: string, maxLength: 200}}}
    agents:
      board:
        kind: command
        argv: [./board]
        effects: write
        input: {type: object}
        output: {type: object, required: [added], properties: {added: {type: integer}}}
      chat:
        kind: command
        argv: [./chat]
        effects: write
        input: {type: object}
        output: {type: object}
    steps:
      add_to_board: {agent: board, with: {tasks: "${{ inputs.tasks }}"}}
      tell: {agent: chat, with: {text: "${{ size(inputs.tasks) }} tasks were added to the board."}}

Says:

    23:36 'tell' tells of what 'add_to_board' does, and does not wait for it

Good:

    agentflow: 1
    name: meetings
    inputs:
      type: object
      additionalProperties: false
      required: [tasks]
      properties: {tasks: {type: array, maxItems: 20, items: {type: string, maxLength: 200}}}
    agents:
      board:
        kind: command
        argv: [./board]
        effects: write
        input: {type: object}
        output: {type: object, required: [added], properties: {added: {type: integer}}}
      chat:
        kind: command
        argv: [./chat]
        effects: write
        input: {type: object}
        output: {type: object}
    steps:
      add_to_board: {agent: board, with: {tasks: "${{ inputs.tasks }}"}}
      tell: {agent: chat, with: {text: "${{ steps.add_to_board.output.added }} tasks were added to the board."}}
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from msgspec import Struct

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.planned import counts_planned, leaves_out, takes_planned
from agentflow.lint.rule import Context, Family
from agentflow.lint.texts import texts_at
from agentflow.lint.waiting import Waiting
from agentflow.plan.address import enclosing
from agentflow.plan.calls import calls_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

NAME = "unbacked-claim"
FAMILY = Family.EFFECT
SEVERITY = Severity.ADVICE

#: What a message says has happened.
_DONE = re.compile(
    r"\b(?:activated|added|archived|assigned|booked|cancell?ed|charged|closed|created|deactivated|deleted|"
    r"deployed|emailed|exported|filed|granted|imported|informed|invited|issued|merged|moved|notified|"
    r"opened|ordered|paid|posted|published|recorded|refunded|registered|removed|restarted|revoked|saved|"
    r"scheduled|sent|shipped|stored|submitted|synced|transferred|updated|uploaded|written)\b",
    re.IGNORECASE,
)
#: Names of steps that keep record of what is done.
_MARK = re.compile(
    r"(?:^|[_-])(?:ack|acknowledge|checked|complete|completed|done|handled|mark|marker|processed)(?:[_-]|$)"
)
_WORD = re.compile(r"[A-Za-z]{4,}")
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
#: Words in the names and addresses of steps that say nothing about what they act on.
_EVERYDAY = frozenset(
    [
        "http",
        "https",
        "local",
        "localhost",
        "example",
        "step",
        "agent",
        "tool",
        "call",
        "make",
        "send",
        "post",
        "save",
        "store",
        "write",
        "update",
        "create",
        "add",
        "with",
        "from",
        "into",
        "each",
        "item",
        "file",
        "http",
        "python",
        "bash",
        "node",
        "main",
        "index",
        "script",
        "task",
        "text",
        "note",
        "message",
    ]
)


#: Of more claims that may be others' deeds, none is looked at: a spec of such texts is not to be slow.
_MOST_CLAIMS = 500


_LITERAL = re.compile(r"'([^'\\]*)'|\"([^\"\\]*)\"")
_FEW_WORDS = 2


class _Deed(Struct, frozen=True):
    """A step that acts, with the words that tell what it acts on."""

    step: StepPlan
    words: frozenset[str]


def check(context: Context) -> Iterator[Finding]:
    """Each text that a step hands to the world and that speaks of another's effect, before that is over."""
    plan = context.plan
    if plan is None:
        return
    acting = [step for step in plan.steps.values() if _acts(step)]
    deeds = _deeds(acting)
    waiting = Waiting(plan)
    claims = (
        (step, deed, path)
        for step in plan.steps.values()
        if step.kind == "human" or _acts(step)
        for path, words in _claims(context, step)
        for deed in _spoken_of(step, words, deeds)
    )
    told: set[Path] = set()
    for step, deed, path in islice(claims, _MOST_CLAIMS):
        done = quoted(deed.step.id)
        said, advice = "does, and does not wait for it", f", or write 'needs: [{deed.step.id}]'"
        if waiting.comes_after(step, deed.step) and counts_planned(context, step, deed.step, path):
            said, advice = "was to do, of which some may have been left out", ""
        elif waiting.comes_after(step, deed.step) or waiting.exclude(step, deed.step):
            continue
        if path not in told:
            told.add(path)
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(step.id)} tells of what {done} {said}",
                location=context.document.locate(path),
                help=f"read it from 'steps.{deed.step.id}.output'{advice}",
                related=(Related("the effect", context.document.locate_key(deed.step.path)),),
            )
    yield from _marked(context, plan, acting)


def _marked(context: Context, plan: Plan, acting: list[StepPlan]) -> Iterator[Finding]:
    """What is marked as done although it may have been left out."""
    around = {at for each in acting for at in enclosing(each.address)}
    lists = [each for at, each in plan.steps.items() if at in around and leaves_out(each)]
    for step in plan.steps.values() if lists else ():
        planned = takes_planned(context, step, lists) if _marks(step) else None
        if planned is not None:
            each, use = planned
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(step.id)} marks all that {quoted(each.id)} goes over, of which some"
                " may be left out",
                location=context.document.in_string(use.path, use.start, use.end),
                help=f"mark what 'steps.{each.id}.output' tells of",
                related=(Related("leaves out", context.document.locate_key(each.path)),),
            )


def _marks(step: StepPlan) -> bool:
    """Does it say by its name that something is done?"""
    calls = calls_of(step)
    named = any(map(_MARK.search, (step.id, *(call.agent for call in calls))))
    return named and any(call.effects not in (Effects.NONE, Effects.READ) for call in calls)


def _acts(step: StepPlan) -> bool:
    return any(not call.reach.repeatable for call in calls_of(step))


def _deeds(acting: list[StepPlan]) -> Mapping[str, list[_Deed]]:
    """The steps that act by the words that only few of them have."""
    words = {step.address: _words_of(step) for step in acting}
    common = Counter(word for own in words.values() for word in own)
    found: dict[str, list[_Deed]] = {}
    for step in acting:
        own = frozenset(word for word in words[step.address] if common[word] == 1)
        for word in own:
            found.setdefault(word, []).append(_Deed(step, own))
    return found


def _words_of(step: StepPlan) -> set[str]:
    """What the name of a step, its agent and its address tell of what it acts on."""
    said = [step.id]
    for call in calls_of(step):
        options = call.options
        said.append(call.agent)
        said += (str(getattr(options, key, "")) for key in ("url", "call", "server", "tool"))
        said += getattr(options, "argv", ())[:1]
    return {
        _stem(word) for text in said for word in _WORD.findall(text.replace("_", " "))
    } - _EVERYDAY


def _claims(context: Context, step: StepPlan) -> Iterator[tuple[Path, set[str]]]:
    """Where the author's texts are in which something is said to have happened, with their words."""
    for key in ("with", "human"):
        for text in texts_at(context.document, (*step.path, key)):
            own = _EXPRESSION.sub(_said_in, text.text)
            done = _DONE.search(own)
            if done is not None:
                yield text.path, {_stem(word) for word in _WORD.findall(own)}


def _said_in(expression: re.Match[str]) -> str:
    """The sentences that an expression puts together; what it compares with is a word or two."""
    said = (one or other for one, other in _LITERAL.findall(expression[0]))
    return " ".join(text for text in said if len(text.split()) > _FEW_WORDS)


def _spoken_of(
    step: StepPlan, words: set[str], deeds: Mapping[str, list[_Deed]]
) -> Iterator[_Deed]:
    """The deeds of others that a text has a word for."""
    own = _words_of(step)
    for word in sorted(words - own):
        yield from (deed for deed in deeds.get(word, ()) if deed.step is not step)


def _stem(word: str) -> str:
    return word.casefold().removesuffix("s")

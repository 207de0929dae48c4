"""A message claims an effect that it does not wait for.

"Three tasks were added to the board" is sent while they are being added, and also if that fails.
What a message says has to come from the step that did it, or be said after it; and if that step may
be skipped, only if it was not. If some items of a list may be left out, the message has to count
what was done and not the list, and not all of the list may be marked as done. Words are recognized
in English.

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
from typing import TYPE_CHECKING

from msgspec import Struct

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.chats import chats
from agentflow.lint.order import Order
from agentflow.lint.planned import counts_planned, leaves_out, takes_planned
from agentflow.lint.rule import Context, Family
from agentflow.lint.stems import stem, stems
from agentflow.lint.texts import MOST_READ, Written, texts_at, up_to
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.calls import calls_of, every_call, home_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

if TYPE_CHECKING:
    from agentflow.lint.claims import Claim

NAME = "unbacked-claim"
FAMILY = Family.EFFECT
SEVERITY = Severity.ADVICE

#: Names of steps that keep record of what is done.
_MARK = re.compile(
    r"(?:^|[_-])(?:ack|acknowledge|checked|complete|completed|done|handled|mark|marker|processed)(?:[_-]|$)"
)
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
#: Words in the names and addresses of steps that say nothing about what they act on.
_NO_NAMES = "http https local localhost example step agent tool call with from into each item python bash node main"
_NO_DEEDS = "index script text api app com org net www send post update create add make write"
_NOTHING = frozenset(map(stem, f"{_NO_NAMES} {_NO_DEEDS}".split()))
#: What is a deed as a verb, and as a noun may be anything.
_VERBS_ONLY = frozenset(map(stem, ["save", "store", "file", "task", "note", "message", "mark"]))
_HARMLESS = (Effects.NONE, Effects.READ)
#: Of more claims that may be others' deeds, none is looked at: a spec of such texts is not to be
#: slow.
_MOST_CLAIMS = 500


_LITERAL = re.compile(r"'([^'\\]*)'|\"([^\"\\]*)\"")
_FEW_WORDS = 2


class _Said(Struct, frozen=True):
    """A claim, the step whose people or services hear it, and the text that it stands in."""

    step: StepPlan
    claim: "Claim"
    text: Written


def check(context: Context) -> Iterator[Finding]:
    """Each text that a step sends out and that tells of another's effect before that is over."""
    plan = context.plan
    if plan is None:
        return
    acting = [step for step in plan.steps.values() if _acts(step)]
    deeds = _deeds(acting)
    order = Order(plan)
    spoken = (
        (said, deed) for said in _said(context, plan, acting) for deed in _spoken_of(said, deeds)
    )
    seen: set[Path] = set()
    for said, deed in islice(spoken, _MOST_CLAIMS):
        why = _why(context, plan, order, said, deed)
        if why is not None and said.text.path not in seen:
            seen.add(said.text.path)
            yield _finding(context, said, deed, *why)
    yield from _marked(context, plan, acting)


def _why(
    context: Context, plan: Plan, order: Order, said: _Said, deed: StepPlan
) -> tuple[str, str] | None:
    """What is wrong with the claim of a deed, and a remedy besides reading it; None if nothing."""
    if not order.comes_after(said.step, deed):
        apart = order.exclude(said.step, deed)
        wait = f", or write 'needs: [{deed.id}]'"
        return None if apart else ("does, and does not wait for it", wait)
    if counts_planned(context, said.step, deed, said.text.path):
        return "was to do, of which some may have been left out", ""
    is_chosen = any("?" in found[0] for found in _EXPRESSION.finditer(said.text.text))
    if said.claim.sure and not is_chosen and _may_be_left_out(context, plan, said.step, deed):
        return "was to do, which may have been left out", ", or ask for it in 'when'"
    return None


def _finding(context: Context, said: _Said, deed: StepPlan, why: str, advice: str) -> Finding:
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(said.step.id)} tells of what {quoted(deed.id)} {why}",
        location=context.document.locate(said.text.path),
        help=f"read it from 'steps.{deed.id}.output'{advice}",
        related=(Related("the effect is here", context.document.locate_key(deed.path)),),
    )


def _may_be_left_out(context: Context, plan: Plan, step: StepPlan, deed: StepPlan) -> bool:
    """May an effect be skipped that a step tells of without asking for it or reading of it?"""
    own, around = set(enclosing(step.address)), set(enclosing(deed.address))
    read = context.uses_within.get(step.path, ())
    if any(_is_open(plan, at) for at in own - around) or any(use.target in around for use in read):
        return False
    inside = [each for at in around - own if (each := plan.steps.get(at)) is not None]
    skips = any(
        action.may_skip
        for each in inside
        if each.for_each is None
        for action in each.catch.values()
    )
    return skips or any(_is_open(plan, at) for at in around - own)


def _is_open(plan: Plan, at: str) -> bool:
    """Is a step, or a case, gone into under a condition?"""
    step = plan.steps.get(at)
    if step is None:
        switch = plan.steps.get(address.parent(at) or "")
        return switch is not None and switch.switch is not None
    return step.when is not None


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
                related=(
                    Related("items may be left out here", context.document.locate_key(each.path)),
                ),
            )


def _marks(step: StepPlan) -> bool:
    """Does it say by its name that something is done?"""
    calls = calls_of(step)
    named = any(map(_MARK.search, (step.id, *(call.agent for call in calls))))
    return named and any(call.effects not in (Effects.NONE, Effects.READ) for call in calls)


def _acts(step: StepPlan) -> bool:
    """Does a step change the world, by an agent or by another pipeline?"""
    calls = every_call(step.nested.plan) if step.nested is not None else calls_of(step)
    return any(call.effects not in _HARMLESS for call in calls)


def _deeds(acting: list[StepPlan]) -> Mapping[str, StepPlan]:
    """The steps that act, by each stem that only one of them has."""
    words = {step.address: _words_of(step) for step in acting}
    common = Counter(word for own in words.values() for word in own)
    return {word: step for step in acting for word in words[step.address] if common[word] == 1}


def _words_of(step: StepPlan) -> frozenset[str]:
    """The stems of what the name of a step, its agent and its address tell of what it does."""
    said = [step.id]
    for call in calls_of(step):
        options = call.options
        said.append(call.agent)
        said += (str(getattr(options, key, "")) for key in ("url", "call", "server", "tool"))
        said += getattr(options, "argv", ())[:1]
    return stems(" ".join(said)) - _NOTHING


def _said(context: Context, plan: Plan, acts: list[StepPlan]) -> Iterator[_Said]:
    """The claims in texts of the author that people and services are told."""
    from agentflow.lint.claims import claims

    left = MOST_READ
    for step in plan.steps.values():
        if step.kind == "human" or _acts(step):
            for key in (("with",), ("human", "ask")):
                texts, left = up_to(texts_at(context.document, (*step.path, *key)), left)
                for text in texts:
                    own = _EXPRESSION.sub(_said_in, text.text)
                    yield from (_Said(step, claim, text) for claim in claims(own))
    acting = {step.address: step for step in acts}
    for chat in chats(context):
        found = [
            (claim, text)
            for text in context.told[home_of(chat.step, chat.call)]
            for claim in claims(_EXPRESSION.sub("", text.text))
            if claim.tells
        ]
        for step in _tellers(context, chat.step, acting) if found else ():
            yield from (_Said(step, claim, text) for claim, text in found)


def _tellers(
    context: Context, step: StepPlan, acting: Mapping[str, StepPlan]
) -> Iterator[StepPlan]:
    """The steps that act and are given what a model has written."""
    for use in context.uses_of.get(step.address, ()):
        reader = acting.get(use.reader)
        if reader is not None and use.path[len(reader.path) :][:1] == ("with",):
            yield reader


def _said_in(expression: re.Match[str]) -> str:
    """The sentences that an expression puts together; what it compares with is a word or two."""
    said = (one or other for one, other in _LITERAL.findall(expression[0]))
    return " ".join(text for text in said if len(text.split()) > _FEW_WORDS)


def _spoken_of(said: _Said, deeds: Mapping[str, StepPlan]) -> Iterator[StepPlan]:
    """The deeds of others that a claim has a word for."""
    own = _words_of(said.step)
    claim = said.claim
    nouns = claim.words - claim.verbs - _VERBS_ONLY if claim.sure else frozenset[str]()
    for word in sorted((claim.verbs | nouns) - own):
        if word in deeds and deeds[word] is not said.step:
            yield deeds[word]

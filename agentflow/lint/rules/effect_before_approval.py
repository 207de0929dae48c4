"""An effect does not wait for the person who is asked about it.

A person is shown a draft and asked for a yes, but the same draft goes out meanwhile, or even
before. Some step reads the answer, but not the one that it is about, so the effect happens whatever
the answer is. In a loop that repeats until the person is satisfied, it happens in each iteration.
And if another step has already made the very call that waits for the yes, there is nothing left to
decide. Let the effect wait for the answer, and look at it.

Bad:

    agentflow: 1
    name: letters
    budget: {wall: 2d}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: object, required: [text], properties: {text: {type: string}}}
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: object}
    steps:
      draft: {agent: writer}
      approve:
        human: {ask: "May it be sent?", answer: {type: boolean}}
        with: {text: "${{ steps.draft.output.text }}"}
        timeout: 4h
        catch: {timeout: {use: false}}
      send: {agent: sender, with: {text: "${{ steps.draft.output.text }}"}}
    outputs: {approved: "${{ steps.approve.output }}"}

Says:

    24:3 'send' does not wait for 'approve', which asks about what it is given

Good:

    agentflow: 1
    name: letters
    budget: {wall: 2d}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: object, required: [text], properties: {text: {type: string}}}
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: object}
    steps:
      draft: {agent: writer}
      approve:
        human: {ask: "May it be sent?", answer: {type: boolean}}
        with: {text: "${{ steps.draft.output.text }}"}
        timeout: 4h
        catch: {timeout: {use: false}}
      send:
        when: steps.approve.output
        agent: sender
        with: {text: "${{ steps.draft.output.text }}"}
    outputs: {approved: "${{ steps.approve.output }}"}
"""

from collections.abc import Iterator
from typing import TypeAlias

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.answers import OUTER, after, is_final, is_within
from agentflow.lint.beforehand import made_beforehand
from agentflow.lint.checkpoints import gate_before
from agentflow.lint.deeds import is_declared
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.approvals import yes
from agentflow.plan.calls import calls_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.references import Steps
from agentflow.spec.model import Effects, Json
from agentflow.spec.wording import quoted

NAME = "effect-before-approval"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING

#: A step, and the way to a part of what it has answered.
_Part: TypeAlias = tuple[str, Steps]


def check(context: Context) -> Iterator[Finding]:
    """Each effect that is given what a person is asked to say yes to, and does not wait for that.

    Nothing is said of a question that some other effect waits for: it is about that.
    """
    plan = context.plan
    if plan is None or not context.reads_all_known:
        return
    following = {step.address: after(plan, step) for step in _questions(plan)}
    asked_before = {at for reached in following.values() for at in reached}
    read = {use.target for use in plan.uses if use.reference.path[1:2] != ("status",)}
    acting = list(_acting(plan)) if following else []
    for asked in (plan.steps[at] for at in following):
        says = yes(asked.question.answer) if asked.question is not None else None
        if says is None or asked.address not in read:
            continue  # of an answer that nobody reads, another rule speaks
        if any(is_within(step, following[asked.address]) for step in acting):
            continue
        shown = _read(context, asked, "with") | _read(context, asked, "human")
        for step in acting:
            if is_within(step, asked_before) or not _read(context, step, "with") & shown:
                continue
            how = _how(context, plan, step, asked, says)
            if how is None:
                continue
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(step.id)} {how} {quoted(asked.id)},"
                " which asks about what it is given",
                location=context.document.locate_key(step.path),
                help=_help(asked, says),
                related=(
                    Related("the person is asked here", context.document.locate_key(asked.path)),
                ),
            )
    for asked in (plan.steps[at] for at in following):
        if _decides_on_rounds(context, plan, asked):
            yield from _each_round(context, asked, acting, following[asked.address])
    if following:
        yield from _beforehand(context)


def _decides_on_rounds(context: Context, plan: Plan, asked: StepPlan) -> bool:
    """Does a loop go on or end by what is answered in each of its rounds?"""
    scope = address.parent(asked.address) or ""
    around = plan.steps.get(address.parent(scope) or "")
    body = around.body if around is not None and around.loop is not None else None
    if body is None or body.address != scope:
        return False
    uses = context.uses_within.get((*body.path, "until"), ())
    return any(use.target == asked.address for use in uses)


def _each_round(
    context: Context, asked: StepPlan, acting: list[StepPlan], following: set[str]
) -> Iterator[Finding]:
    """The effects of a round with what a person is only asked about then."""
    shown = _read(context, asked, "with") | _read(context, asked, "human")
    for step in acting:
        call, beside = step.call, address.parent(step.address) == address.parent(asked.address)
        if call is None or step.dispatch is not None or not beside or step.address in following:
            continue
        if call.effects in OUTER and _read(context, step, "with") & shown:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(step.id)} is done in each round, and does not wait for"
                f" {quoted(asked.id)}, which asks about what it is given",
                location=context.document.locate_key(step.path),
                help="let it follow the loop, on the answer that ends it",
                related=(
                    Related("the person is asked here", context.document.locate_key(asked.path)),
                ),
            )


def _beforehand(context: Context) -> Iterator[Finding]:
    """The calls that wait for a yes and have been made before; what can be done twice, it may be meant to be."""
    for each in made_beforehand(context):
        final = is_final(each.approved) or is_final(each.step)
        yield Finding(
            rule=NAME,
            severity=SEVERITY if final else Severity.ADVICE,
            message=f"{quoted(each.step.id)} makes the call that {quoted(each.approved.id)} only makes"
            f" for a yes, before {quoted(each.asked.id)} is asked",
            location=context.document.locate_key(each.step.path),
            help="hand it something else, or let it wait for the answer, too",
            related=(
                Related("the person is asked here", context.document.locate_key(each.asked.path)),
                Related(
                    "the same call is made here", context.document.locate_key(each.approved.path)
                ),
            ),
        )


def _questions(plan: Plan) -> Iterator[StepPlan]:
    return (step for step in plan.steps.values() if step.question is not None)


def _acting(plan: Plan) -> Iterator[StepPlan]:
    """The steps that may change the world, or run others of which that is not known here."""
    for step in plan.steps.values():
        unknown = step.nested is not None or step.delegate is not None
        if unknown or any({call.reach, call.effects} & OUTER for call in calls_of(step)):
            yield step


def _read(context: Context, step: StepPlan, key: str) -> set[_Part]:
    """The outputs of agents, and parts of them, that stand under a key of a step."""
    assert context.plan is not None
    found: set[_Part] = set()
    for use in context.uses_within.get((*step.path, key), ()):
        source = context.plan.steps.get(use.target or "")
        if (
            source is not None
            and source.call is not None
            and use.reference.path[1:2] == ("output",)
        ):
            found.add((source.address, use.reference.path[2:]))
    return found


def _how(context: Context, plan: Plan, step: StepPlan, asked: StepPlan, says: Json) -> str | None:
    """How a step goes by the question about it; None if it may have to, or is none for certain."""
    call = step.call
    if call is None or step.dispatch is not None or call.effects not in OUTER:
        return None
    if address.parent(step.address) != address.parent(asked.address):
        return None
    if not is_declared(context, step, call):
        return None
    if call.effects is Effects.IRREVERSIBLE and gate_before(context, step) is None:
        return None  # that nothing can stop it is said already
    if asked.address not in after(plan, step):
        return "does not wait for"
    # A plain yes or no afterwards may be about how it went.
    return "has happened before" if isinstance(says, dict) else None


def _help(asked: StepPlan, says: Json) -> str:
    field = ".approved" if isinstance(says, dict) else ""
    return f"let it depend on the answer, as in 'when: steps.{asked.id}.output{field}'"

"""Several writes go to the same place at the same time, and only one of them survives.

Each item of a list writes its text to the same file, or two steps that do not wait for each other
write to the same file or address. In the end only the last write is left, and nothing fails. Put
something that differs into the name, or let one step wait for the other. Reported for what is
declared as `idempotent`, and for `PUT`: what only appends to a file may well be done by several
steps, and a `PUT` to a fixed URL may say in its body which of several things it is about.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [people]
      properties: {people: {type: array, maxItems: 20, items: {type: string}}}
    agents:
      files:
        kind: command
        argv: [./save]
        effects: idempotent
        input: {type: object, required: [path, text], properties: {path: {type: string}, text: {type: string}}}
        output: {type: string}
    steps:
      letters:
        for_each: {over: "${{ inputs.people }}", max: 20, as: person}
        agent: files
        with: {path: out/letter.txt, text: "Dear ${{ person }}"}
    outputs: {files: "${{ steps.letters.output }}"}

Says:

    19:18 every item of 'letters' writes to the same 'path', so only one of them stays

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [people]
      properties: {people: {type: array, maxItems: 20, items: {type: string}}}
    agents:
      files:
        kind: command
        argv: [./save]
        effects: idempotent
        input: {type: object, required: [path, text], properties: {path: {type: string}, text: {type: string}}}
        output: {type: string}
    steps:
      letters:
        for_each: {over: "${{ inputs.people }}", max: 20, as: person}
        agent: files
        with: {path: "out/${{ index }}.txt", text: "Dear ${{ person }}"}
    outputs: {files: "${{ steps.letters.output }}"}
"""

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.deeds import fields_of_url, is_declared
from agentflow.lint.keys import Keys, is_conditional, repeating
from agentflow.lint.order import Order
from agentflow.lint.origins import within
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.loop_states import entries
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.model import Effects
from agentflow.spec.templates import Constant, Template
from agentflow.spec.wording import quoted

NAME = "lost-write"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING

#: Fields that say where something is written, and those that are what is written.
_PLACES = frozenset(
    {
        *("dest", "destination", "file", "file_name", "file_path", "filename", "filepath"),
        *("output_file", "output_path", "path", "target_path"),
    }
)
_CONTENTS = frozenset(
    {"body", "content", "contents", "data", "html", "markdown", "report", "text", "value"}
)


class _Write(Struct, frozen=True):
    """A step that writes somewhere, who writes, and in words what is the same; which fields say it,
    and the others.
    """

    step: StepPlan
    by: str
    where: str
    place: dict[str, Template]
    rest: dict[str, Template]


def check(context: Context) -> Iterator[Finding]:
    """Each write of a list to one place, and each of two that do not wait for each other."""
    plan = context.plan
    if plan is None or not context.reads_all_known:
        return
    keys, order = Keys(plan), Order(plan)
    writes = [each for step in plan.steps.values() if (each := _write(context, step)) is not None]
    before: dict[tuple[str, str, str], list[_Write]] = {}
    for write in writes:
        outer = _shared_by_items(plan, keys, context, write)
        if outer is not None:
            said = f"every item of {quoted(outer.id)} writes to the same"
            advice = "put what tells one item from another into it"
            yield _finding(context, write, said, "only one of them stays", advice, outer)
            continue
        scope = address.parent(write.step.address) or ""
        known = before.setdefault((scope, write.by, repr(write.place)), [])
        other = next((each for each in known if _clash(order, each, write)), None)
        if other is not None:
            said = (
                f"{quoted(write.step.id)} and {quoted(other.step.id)} write at the same time to one"
            )
            advice = f"write to another, or wait: 'needs: [{other.step.id}]'"
            yield _finding(context, write, said, "one of the two is lost", advice, other.step)
        known.append(write)


def _write(context: Context, step: StepPlan) -> _Write | None:
    """A step that puts something in the place of what is there."""
    call = step.call
    if call is None or step.dispatch is not None:
        return None
    given = entries(call.arguments)
    if getattr(call.options, "method", None) == "PUT":
        url, named = str(getattr(call.options, "url", "")), fields_of_url(call)
        place = {name: each for name, each in given.items() if name in named}
        rest = {name: each for name, each in given.items() if name not in place}
        # Where the url is fixed, what is sent may itself say which of several things it is.
        known = rest and (place or rest.keys() <= _CONTENTS)
        return _Write(step, url, "address", place, rest) if known else None
    if call.effects is not Effects.IDEMPOTENT or not is_declared(context, step, call):
        return None
    place = {name: each for name, each in given.items() if name in _PLACES}
    rest = {name: each for name, each in given.items() if name not in place}
    known = place and rest and rest.keys() <= _CONTENTS
    if not known or any(map(_is_folder, place.values())):
        return None
    return _Write(step, call.agent, quoted(next(iter(place))), place, rest)


def _is_folder(place: Template) -> bool:
    return isinstance(place, Constant) and str(place.value).endswith("/")


def _shared_by_items(plan: Plan, keys: Keys, context: Context, write: _Write) -> StepPlan | None:
    """The list whose items are written to one place, several at a time and each something else."""
    step = write.step
    outer = next(repeating(plan, step.address), None)
    if outer is None or outer.for_each is None or outer.for_each.parallel == 1:
        return None
    if is_conditional(plan, step, outer):
        return None
    place, rest = (
        keys.varying(
            (use for name in fields for use in within(context, (*step.path, "with", name))),
            step.address,
            outer,
        )
        for fields in (write.place, write.rest)
    )
    return outer if rest and not place else None


def _clash(order: Order, one: _Write, other: _Write) -> bool:
    """Do two steps that write to one place write different things, neither after the other?"""
    first, second = one.step, other.step
    if one.rest == other.rest and first.agent == second.agent:
        return False
    if first.for_each is not None or second.for_each is not None:
        return False
    if first.when is not None and second.when is not None:
        return False  # only one of them may happen
    return not (order.comes_after(first, second) or order.comes_after(second, first))


def _finding(
    context: Context, write: _Write, said: str, so: str, advice: str, other: StepPlan
) -> Finding:
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{said} {write.where}, so {so}",
        location=context.document.locate((*write.step.path, "with", *islice(write.place, 1))),
        help=advice,
        related=(
            Related("this step writes at the same time", context.document.locate_key(other.path)),
        ),
    )

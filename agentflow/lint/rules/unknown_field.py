"""An expression reads a field that its contract does not have.

The contract of the producer says which fields there are. If it is closed
(`additionalProperties: false`), no other field can arrive, so the expression has no value in any
run, or silently uses its default. If it is open and does not name the field, this is a warning: the
field may arrive, but nothing guarantees it. Correct the name, or add the field to the contract.

Bad:

    agentflow: 1
    name: letters
    agents:
      classifier:
        kind: command
        argv: [./classify]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [kind]
          properties: {kind: {type: string}}
    steps:
      classify: {agent: classifier}
    outputs: {kind: "${{ steps.classify.output.knd }}"}

Says:

    16:22 'steps.classify.output' has no field 'knd'

Good:

    agentflow: 1
    name: letters
    agents:
      classifier:
        kind: command
        argv: [./classify]
        effects: none
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [kind]
          properties: {kind: {type: string}}
    steps:
      classify: {agent: classifier}
    outputs: {kind: "${{ steps.classify.output.kind }}"}
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from agentflow.contracts.describe import path_text
from agentflow.findings import Finding, Fix, Location, Severity
from agentflow.lint.keys import passing
from agentflow.lint.macro_variables import Variables
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.lint.traces import Gap
from agentflow.lint.written import expressions
from agentflow.plan.fields import part_of
from agentflow.plan.schemas import Contract, past_references
from agentflow.plan.scopes import GLOBAL_ROOTS
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.types import Types
from agentflow.plan.uses import Use
from agentflow.spec.cel.references import Steps, known_steps
from agentflow.spec.cel.syntax import (
    Binary,
    Coalesce,
    Comprehension,
    Conditional,
    Default,
    Expr,
    Identifier,
    Index,
    Select,
    parts,
    spine,
)
from agentflow.spec.document import Document, Path
from agentflow.spec.fixes import renamed, replaced
from agentflow.spec.nearest import nearest
from agentflow.spec.wording import quoted

NAME = "unknown-field"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE

_OF_A_STEP = ("output", "status", "items")
#: What other languages call the number of items.
_SIZES = frozenset({"size", "length", "len", "count"})
#: What other languages call the id of a run.
_IDS = frozenset({"run_id", "runid", "uuid"})
_STATE = "add it to the 'state' of this loop, which hides that of a loop around it"
_INSTEAD = {
    "a list": "take one by its index, or all with .map(x, x.{})",
    "empty": "give the step an 'output' with '{}' in it",
}


class _Missing(Struct, frozen=True):
    """A field that is read and cannot exist, or that the contract of its holder does not name.

    `start` and `end` are where the path to it stands in the text at `path`. `holder` is the path
    before the field, as it is written.
    """

    path: Path
    start: int
    end: int
    holder: str
    field: str
    gap: Gap


def check(context: Context) -> Iterator[Finding]:
    """Each reference with a part that cannot exist, or that an open contract does not name."""
    if context.plan is None:
        return
    suggestions = Suggestions()
    for use in context.plan.uses:
        root, path = use.reference.root, use.reference.path
        place = context.document.in_string
        if use.target is not None and _is_no_part(context.plan.steps[use.target], path):
            over_items = context.plan.steps[use.target].for_each is not None
            location = place(use.path, use.start, use.end)
            yield _of_step(context.document, use, location, over_items=over_items)
            continue
        if root not in GLOBAL_ROOTS | use.locals:
            continue  # of a name that means nothing here, nothing is read
        if root == "run" and path and path[0] not in ("id", None):
            if passing(context.plan, use):
                continue
            yield _of_run(context.document, str(path[0]), place(use.path, use.start, use.end))
            continue
        trace = context.traces.of_use(use)
        wrong = trace.wrong
        if not wrong or (root == "inputs" and wrong[0].at == 0 and trace.leads_nowhere):
            continue
        gap = wrong[0]
        alike = (each for each in wrong if each.at == gap.at)
        gap = replace(
            gap, known=tuple(dict.fromkeys(name for each in alike for name in each.known))
        )
        unnamed = all(one.lack == "unnamed" for one in wrong)
        if trace.leads_nowhere or (unnamed and not use.reference.guarded):
            holder = path_text((root, *(part for part in path[: gap.at] if part is not None)))
            name = str(path[gap.at])
            missing = _Missing(use.path, use.start, use.end, holder, name, gap)
            yield _finding(context, missing, suggestions)
    yield from _in_macros(context, context.plan, suggestions)


def _in_macros(context: Context, plan: Plan, suggestions: Suggestions) -> Iterator[Finding]:
    """What is read of the items of lists."""
    for missing in _missing_fields(plan, context.types):
        location = context.document.in_string(missing.path, missing.start, missing.end)
        if location not in context.misread:
            yield _finding(context, missing, suggestions)


def _is_no_part(step: StepPlan, path: Steps) -> bool:
    """Does a reference read something of a step that it does not have?"""
    if path[1:2] == ("items",):
        return step.for_each is None
    return len(path) > 1 and path[1] not in (*_OF_A_STEP, None)


def _of_run(document: Document, part: str, location: Location) -> Finding:
    message = f"'run' has no {quoted(part)}, only an 'id'"
    fix = replaced(document, location, part, "id") if part.lower() in _IDS else None
    return Finding(NAME, SEVERITY, message, location, "write run.id", fix=fix)


def _of_step(document: Document, use: Use, location: Location, *, over_items: bool) -> Finding:
    step, part = use.reference.path[:2]
    if part == "items":
        message = f"{quoted(str(step))} has no 'items': it has no 'for_each'"
        advice = f"read its output: steps.{step}.output"
        return Finding(NAME, SEVERITY, message, location, advice)
    known = [name for name in _OF_A_STEP if over_items or name != "items"]
    near = nearest(str(part), known)
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"a step has 'output' and 'status', not {quoted(str(part))}",
        location=location,
        help=f"did you mean {quoted(near)}?"
        if near
        else f"for a field of its output write steps.{step}.output.{part}",
        fix=renamed(document, location, str(part), known),
    )


def _finding(context: Context, missing: _Missing, suggestions: Suggestions) -> Finding:
    location = context.document.in_string(missing.path, missing.start, missing.end)
    fix: Fix | None = None
    name, gap, holder = missing.field, missing.gap, quoted(missing.holder)
    certain = gap.lack == "never"
    if gap.what:
        message = f"{holder} is {gap.what}, it has no field {quoted(name)}"
        advice = _INSTEAD.get(gap.what, "read it as a whole").format(name)
        if name in _SIZES and gap.what == "a list":
            advice = f"size({missing.holder}) counts its items"
    else:
        message = f"{holder} has no field {quoted(name)}"
        if not certain:
            message = f"the contract of {holder} does not name {quoted(name)}"
        otherwise = _STATE if missing.holder == "loop.state" else "add it to the contract"
        advice = suggestions.help(name, gap.known, otherwise)
        fix = suggestions.fix(context.document, location, name, gap.known)
        if fix is not None and not certain:
            fix = replace(fix, safe=False)
    severity = SEVERITY if certain else Severity.WARNING
    return Finding(NAME, severity, message, location, advice, fix=fix)


def _missing_fields(plan: Plan, types: Types) -> Iterator[_Missing]:
    """The fields that are read of the variables of macros, and that are not there."""
    for expr, path, offset, place in expressions(plan):
        yield from _Walk(path, offset).of(expr, Variables(types, place))


class _Walk(Struct, frozen=True):
    """One walk over an expression that begins at `offset` in the text at `path`."""

    path: Path
    offset: int

    def of(self, expr: Expr, variables: Variables) -> Iterator[_Missing]:
        if isinstance(expr, Comprehension):
            yield from self.of(expr.source, variables)
            yield from self.of(expr.body, variables.inside(expr))
            return
        if isinstance(expr, Select | Index):
            yield from self._field(expr, variables)
            for node in spine(expr):
                if isinstance(node, Index):
                    yield from self.of(node.key, variables)
            if not isinstance(spine(expr)[-1], Identifier):
                yield from self.of(spine(expr)[-1], variables)
            return
        for part in parts(expr):
            found = self.of(part, variables)
            if isinstance(expr, Conditional | Default | Coalesce) or _is_and(expr):
                # An author who asks first may well know of more than the contract names.
                found = (missing for missing in found if missing.gap.lack == "never")
            yield from found

    def _field(self, expr: Select | Index, variables: Variables) -> Iterator[_Missing]:
        """The first field on a path from a variable that is not there."""
        nodes = spine(expr)
        start = nodes[-1]
        found = variables.known.get(start.name) if isinstance(start, Identifier) else None
        written = start.name if isinstance(start, Identifier) else ""
        for step in known_steps(nodes):
            if found is None or step is None:
                return
            part = part_of(found, step)
            if _is_nowhere(found, step):
                return  # it was never handed on, which is reported there
            if part.lack in ("never", "unnamed") and isinstance(step, str):
                at, end = self.offset + expr.start, self.offset + expr.end
                gap = Gap(0, part.lack, part.known, part.what, part.case)
                yield _Missing(self.path, at, end, written, step, gap)
                return
            found = part.inside
            written += f"[{step}]" if isinstance(step, int) else f".{step}"


def _is_and(expr: Expr) -> bool:
    return isinstance(expr, Binary) and expr.operator == "&&"


def _is_nowhere(holder: Contract, field: str | int) -> bool:
    schema = past_references(holder)
    return isinstance(schema, dict) and schema.get("properties", {}).get(field) is False

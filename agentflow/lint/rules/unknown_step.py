"""A reference, or `needs`, names a step that is not in scope.

In scope are the steps of the same scope and of the scopes around it. The inside of a group or of a
case is closed: others can read only its `output`. The order of the steps is derived from these
names, so each reference has to name an existing step.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      draft: {agent: writer}
      polish: {agent: writer, with: {text: "${{ steps.darft.output }}"}}
    outputs: {letter: "${{ steps.polish.output }}"}

Says:

    12:45 unknown step 'darft'

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      draft: {agent: writer}
      polish: {agent: writer, with: {text: "${{ steps.draft.output }}"}}
    outputs: {letter: "${{ steps.polish.output }}"}
"""

from collections.abc import Iterable, Iterator

from agentflow.findings import Finding, Fix, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar, Sequence

NAME = "unknown-step"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Each name of a step, in an expression or in `needs`, that leads to none."""
    if context.plan is None:
        return
    scopes = _Scopes(context.plan)
    for use in context.plan.uses:
        if use.reference.root == "steps" and use.target is None:
            yield _of_use(context, use, scopes)
    for step in context.plan.steps.values():
        yield from _of_needs(context, step, scopes)


class _Scopes:
    """Which steps stand where."""

    def __init__(self, plan: Plan) -> None:
        self.ids: dict[str, dict[str, None]] = {}
        self.homes: dict[str, str] = {}  # of each id, one scope that has it
        self.suggestions = Suggestions()
        self._steps = plan.steps
        for at, step in plan.steps.items():
            scope = address.parent(at) or ""
            self.ids.setdefault(scope, {})[step.id] = None
            self.homes.setdefault(step.id, scope)

    def way_out(self, inside: str, scope: str) -> list[str]:
        """The steps that enclose something, from the innermost to the one in reach of a scope."""
        in_reach = {*enclosing(scope)}
        way: list[str] = []
        for at in enclosing(inside):
            if at in self._steps:
                way.append(self._steps[at].id)
                if (address.parent(at) or "") in in_reach:
                    break
        return way

    def help(self, name: str, scope: str) -> str:
        """What to do about a name that is not in reach of a scope."""
        return self.suggestions.help(name, self.known(scope), "no step in reach has this name")

    def known(self, scope: str) -> Iterator[str]:
        """The names in reach of a scope."""
        return (step_id for at in enclosing(scope) for step_id in self.ids.get(at, ()))


def _of_use(context: Context, use: Use, scopes: _Scopes) -> Finding:
    name = use.reference.path[0] if use.reference.path else None
    place = context.document.in_string(use.path, use.start, use.end)
    fix: Fix | None = None
    if use.path[0] not in ("steps", "outputs"):
        # What several steps may use stands in the scope of none of them.
        shared = quoted(str(use.path[0]))
        message = f"'steps' cannot be read in {shared}, where no step is in reach"
        advice = "hand it to the step with 'with', and read it of 'input' here"
    elif not isinstance(name, str):
        message = "'steps' needs the name of a step: the order of steps is derived from it"
        advice = "write steps.NAME.output"
    elif name in scopes.homes:
        inside = scopes.homes[name].removesuffix(address.iteration(""))
        message = f"step {quoted(name)} is inside {quoted(inside)}, out of reach here"
        *through, last = map(quoted, scopes.way_out(inside, use.scope))
        advice = f"hand it on in the output of {', then of '.join((*through, last))}, and read that"
    else:
        message = f"unknown step {quoted(name)}"
        advice = scopes.help(name, use.scope)
        fix = scopes.suggestions.fix(context.document, place, name, scopes.known(use.scope))
    return Finding(NAME, SEVERITY, message, place, advice, fix=fix)


def _of_needs(context: Context, step: StepPlan, scopes: _Scopes) -> Iterable[Finding]:
    needs = context.document.node((*step.path, "needs"))
    if not isinstance(needs, Sequence):
        return
    scope = address.parent(step.address) or ""
    for index, item in enumerate(needs.items):
        if not isinstance(item, Scalar) or item.text in scopes.ids[scope]:
            continue
        elsewhere = item.text in scopes.homes
        place = context.document.locate((*step.path, "needs", index))
        known = [name for name in scopes.known(scope) if name != step.id]
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"step {quoted(item.text)} is not beside {quoted(step.id)}"
            if elsewhere
            else f"unknown step {quoted(item.text)}",
            location=place,
            help="'needs' names steps of the same scope; let the whole group wait"
            if elsewhere
            else scopes.help(item.text, scope),
            fix=None
            if elsewhere
            else scopes.suggestions.fix(context.document, place, item.text, known),
        )

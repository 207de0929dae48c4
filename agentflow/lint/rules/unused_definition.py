"""Something is defined and nothing uses it.

An agent that no step calls; a contract, a model, a server, a retry policy, an escalation or a
channel that nobody names; a meter that nobody charges; an input that nobody reads. It may be a
leftover: then take it out. It may also be the one that was meant where another is named, or none. A
definition that shares its name with a step or an agent, or is mentioned elsewhere in the file, has
no fix.

Bad:

    agentflow: 1
    name: letters
    retries:
      transient: {max_attempts: 3}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    4:3 retry policy 'transient' is not used

Good:

    agentflow: 1
    name: letters
    retries:
      transient: {max_attempts: 3}
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer, retry: transient}
    outputs: {letter: "${{ steps.write.output }}"}
"""

import re
from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from agentflow.findings import Finding, Fix, Severity
from agentflow.lint.budgets import bounds
from agentflow.lint.escalations import levels, named_escalations
from agentflow.lint.named import named_agents
from agentflow.lint.policies import named_policies
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.lint.schemas import named_contracts
from agentflow.plan.calls import callers, calls_of, plans_within
from agentflow.plan.channels import named_channels
from agentflow.plan.servers import named_tools
from agentflow.plan.steps import Plan
from agentflow.spec.document import Document, Path
from agentflow.spec.fixes import without_entry, without_property
from agentflow.spec.model import BUILT_IN_CHANNELS, Contract
from agentflow.spec.nearest import nearest
from agentflow.spec.wording import quoted

NAME = "unused-definition"
FAMILY = Family.REFERENCE
SEVERITY = Severity.WARNING
FIX = Fixable.UNSAFE

#: Letters that two names have to begin with alike for one to refer to the other.
_STEM = 4
_WORD = re.compile(r"[\w-]+")


class _Hint(Struct, frozen=True):
    """What to do about a definition; `left_over` if nothing suggests a purpose for it."""

    help: str
    left_over: bool = True


def check(context: Context) -> Iterator[Finding]:
    """Each definition that is not used, at its name.

    Where a name of the same kind is unknown, that is where the missing use is, and one finding
    about it is enough.
    """
    if context.plan is None:
        return
    pipeline = context.plan.pipeline
    models = {getattr(agent, "model", None) for agent in pipeline.agents.values()}
    servers = {named.server for named in named_tools(pipeline)}
    policies = {name for _, name in named_policies(context.document, context.plan)}
    steps = tuple(callers(context.plan))
    agents = {step.agent for step in steps} | {c.agent for step in steps for c in calls_of(step)}
    agents |= {level.target for level in levels(context.plan) if level.kind == "agent"}
    named = {name for name, _ in named_agents(context.document, context.plan)}
    agents |= named - pipeline.agents.keys()
    models |= {level.target for level in levels(context.plan) if level.kind == "model"}
    models |= {fallback for model in pipeline.models.values() for fallback in model.fallbacks}
    escalations = {name for _, name in named_escalations(context.document, context.plan)}
    channels = {name for _, name in named_channels(context.plan)} - BUILT_IN_CHANNELS.keys()
    own = [name for name in pipeline.channels if name not in BUILT_IN_CHANNELS]
    inputs = _inputs(context.plan) if context.reads_all_known else ((), set[object]())
    unused = (
        *_unused("agent", ("agents",), pipeline.agents, agents - {None}),
        *_unused("model", ("models",), pipeline.models, _aliases(models)),
        *_unused("server", ("servers",), pipeline.servers, servers),
        *_unused("contract", ("contracts",), pipeline.contracts, _asked_contracts(context.plan)),
        *_unused("retry policy", ("retries",), pipeline.retries, policies),
        *(("meter", path) for path in _idle_meters(context.plan)),
        *_unused("escalation", ("escalations",), pipeline.escalations, escalations),
        *_unused("channel", ("channels",), own, channels),
        *_unused("input", ("inputs", "properties"), *inputs),
    )
    around = _Forgotten(context.document, context.plan) if unused else None
    for what, path in unused:
        assert around is not None
        known = around.hint(what, path)
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{what} {quoted(str(path[-1]))} is not used",
            location=context.document.locate_key(path),
            help=known.help,
            fix=_without(context, what, path) if known.left_over else None,
        )


def _without(context: Context, what: str, path: Path) -> Fix | None:
    if what == "input":
        return without_property(context.document, path, title="take it out")
    return without_entry(context.document, path, title="take it out", safe=False)


def _unused(
    what: str, path: Path, defined: Iterable[str], used: Collection[object]
) -> Iterator[tuple[str, Path]]:
    names = set(defined)
    if names.issuperset(used):
        yield from ((what, (*path, name)) for name in defined if name not in used)


def _aliases(models: Iterable[object]) -> set[str]:
    """The models that are asked for by a name of our own, and not by that of the provider."""
    return {model for model in models if isinstance(model, str) and "/" not in model}


def _asked_contracts(plan: Plan) -> set[str]:
    """The contracts that agents, questions and inputs name, and those that these refer to."""
    pipeline = plan.pipeline
    asked: list[Contract | None] = [pipeline.inputs]
    asked += (step.question.named for step in plan.steps.values() if step.question is not None)
    for agent in pipeline.agents.values():
        asked += (agent.input, agent.output)
    return named_contracts(pipeline, asked)


def _idle_meters(plan: Plan) -> Iterator[Path]:
    """The meters of budgets that no agent charges, here or in a pipeline inside, nor means to."""
    charged = {
        f"meters.{name}"
        for each in plans_within(plan)
        for agent in each.pipeline.agents.values()
        for name in agent.charges
    }
    metered = [bound for bound in bounds(plan) if bound.what.startswith("meters.")]
    known = {bound.what for bound in metered}
    meant = {nearest(what, known) for what in charged - known}
    yield from (bound.path for bound in metered if bound.what not in charged | meant)


def _inputs(plan: Plan) -> tuple[Collection[str], set[object]]:
    """The inputs and those that are read; none where their contract may be shared with others."""
    inputs = plan.pipeline.inputs
    properties = inputs.get("properties") if isinstance(inputs, dict) else None
    if not isinstance(properties, dict):
        return (), set()
    paths = {use.reference.path for use in plan.uses if use.reference.root == "inputs"}
    as_a_whole = any(path[:1] in ((), (None,)) for path in paths)
    return properties, set(properties) if as_a_whole else {path[0] for path in paths}


class _Forgotten:
    """Signs in a spec that an unused definition was forgotten where it belongs, not left over.

    Its name begins like that of a step or an agent, or stands elsewhere in the file, be it in a
    text or a comment.
    """

    def __init__(self, document: Document, plan: Plan) -> None:
        self._document = document
        agents = plan.pipeline.agents
        steps = (str(step.path[-1]) for step in plan.steps.values())
        self._steps = {_stem_of(name): f"step {quoted(name)}" for name in steps}
        self._agents = {_stem_of(name): f"agent {quoted(name)}" for name in agents}
        self._without_retry = next((name for name in agents if agents[name].retry is None), None)
        self._lines: dict[str, list[int]] = {}
        for found in _WORD.finditer(document.text):
            line, _ = document.source.position(found.start())
            self._lines.setdefault(found[0], []).append(line)

    def hint(self, what: str, path: Path) -> _Hint:
        """What to do about a definition of some kind that nobody uses."""
        name = str(path[-1])
        kin = None
        if what != "input":
            kin = self._steps.get(_stem_of(name))
            kin = kin or (self._agents.get(_stem_of(name)) if what != "agent" else None)
        if kin is not None:
            return _Hint(f"use it, or take it out; {kin} may have been meant to name it", False)
        line = self._mention(("inputs",) if what == "input" else path, name)
        if line is not None:
            return _Hint(f"use it, or take it out; line {line} has its name", False)
        if what == "retry policy" and self._without_retry is not None:
            place = f"as in agent {quoted(self._without_retry)}"
            return _Hint(f"write 'retry: {name}' where it belongs, {place}, or take it out")
        return _Hint("use it, or take it out")

    def _mention(self, path: Path, name: str) -> int | None:
        """The first line outside of a definition that has its name as a word."""
        node = self._document.node(path)
        first = self._document.locate_key(path).span.line
        last = max(node.end_line if node is not None else first, first)
        lines = self._lines.get(name, ())
        return next((line for line in lines if not first <= line <= last), None)


def _stem_of(name: str) -> str | tuple[str]:
    """The beginning of a name; a short name is like none but itself."""
    return name.casefold()[:_STEM] if len(name) > _STEM else (name,)

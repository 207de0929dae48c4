"""What chat models may call: for each call of a model that has tools, what a call of theirs is.

An agent that is offered as a tool keeps its contracts, its effects and its retries. A tool that is
described where it is offered becomes an agent of its kind, called `OWNER.TOOL`. What cannot be
resolved (an unknown agent, a circle, a name that stands twice) is left out here and named by a
rule.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from agentflow.plan import address
from agentflow.plan.contracts import ContractPlan
from agentflow.plan.fallbacks import with_fallbacks
from agentflow.plan.materials import Materials
from agentflow.plan.reading import TOO_LARGE
from agentflow.plan.servers import definition_for
from agentflow.plan.steps import (
    DEFAULT_TIMEOUT,
    CallPlan,
    CatchPlan,
    EscalationPlan,
    LevelPlan,
    Plan,
    StepPlan,
    ToolPlan,
)
from agentflow.spec.document import Path
from agentflow.spec.model import (
    Agent,
    AgentTool,
    Approval,
    Effects,
    Json,
    McpTool,
    Pipeline,
    PythonTool,
    Retry,
    RetryPolicy,
    Tool,
    Vocabulary,
    offered_tools,
    seconds,
    tool_names,
)
from agentflow.spec.templates import Template, Text, Whole, parse_template

#: How many tools the calls of one file may have, each counted for every call that leads to it, and
#: how many models may be tools of each other, one inside the other.
MOST_TOOLS = 20_000
DEEPEST = 16

#: What the key of a tool can read besides the global roots: the arguments, and `call.id`.
CALL_NAMES = frozenset({"input", "call"})
#: The arguments of a call are all that its agent is given.
_ARGUMENTS = parse_template("${{ input }}")

#: Parses a template that stands at a path and sees these names besides the global roots.
Parse = Callable[[Json, Path, frozenset[str]], Template]
#: Notes an error: a rule, a message, a path of the document, and help.
Complain = Callable[[str, str, Path, str | None], None]


def gravest(effects: Sequence[Effects]) -> Effects:
    """The gravest of several effects."""
    order = list(Effects)
    return max(effects, key=order.index, default=Effects.NONE)


class _Offer(Struct, frozen=True):
    """A tool without the place at which it is called."""

    name: str
    agent: str
    options: Agent
    input: ContractPlan
    output: ContractPlan
    key: Template | None
    approval: EscalationPlan | None
    max_calls: int
    path: Path


def offers(plan: Plan) -> Iterator[tuple[Path, Tool]]:
    """Every tool that an agent is offered, as the author wrote it, with its path."""
    for name, agent in plan.pipeline.agents.items():
        for index, tool in enumerate(offered_tools(agent)):
            yield ("agents", name, "tools", index), tool


class Tools:
    """The tools of the agents of one pipeline."""

    def __init__(
        self,
        pipeline: Pipeline,
        materials: Materials,
        vocabulary: Vocabulary,
        charges: Mapping[str, Mapping[str, Template]],
        escalations: Mapping[str, EscalationPlan],
        parse: Parse,
        complain: Complain,
    ) -> None:
        self._pipeline = pipeline
        self._materials = materials
        self._vocabulary = vocabulary
        self._charges = charges
        self._escalations = escalations
        self._parse = parse
        self._complain = complain
        self._count = 0
        self._offers = {
            name: tuple(self._offers_of(name, agent)) for name, agent in pipeline.agents.items()
        }

    def equip(self, call: CallPlan, at: str, above: tuple[str, ...] = ()) -> CallPlan:
        """The call with the tools of its agent, made by the step at an address.

        `above` are the agents whose tools lead here, none of which is called again inside.
        """
        inside = (*above, call.agent)
        tools = {
            offer.name: self._tool(offer, at, inside)
            for offer in self._offers.get(call.agent, ())
            if offer.agent not in inside and self._has_room(offer, len(inside))
        }
        if not tools:
            return replace(call, tools={}, reach=call.effects)
        reaches = [tool.step.call.reach for tool in tools.values() if tool.step.call is not None]
        reach, told = gravest([call.effects, *reaches]), sum(map(_size, tools.items()))

        def equipped(one: CallPlan) -> CallPlan:
            return replace(
                one,
                tools=tools,
                max_turns=getattr(call.options, "max_turns", 1),
                effects=Effects.NONE,
                reach=reach,
                chat=replace(one.chat, overhead=one.chat.overhead + told) if one.chat else None,
            )

        fallbacks = [replace(other, call=equipped(other.call)) for other in call.fallbacks]
        return replace(equipped(call), fallbacks=tuple(fallbacks))

    def _has_room(self, offer: _Offer, depth: int) -> bool:
        """Count a tool; of the first that is too many or too deep, it is told that it is."""
        if self._count > MOST_TOOLS:
            return False
        self._count += 1
        if self._count > MOST_TOOLS:
            message = (
                f"more than {MOST_TOOLS:,} tools, counted once for each call that leads to them"
            )
        elif depth > DEEPEST:
            message = f"more than {DEEPEST} models that are tools, one of the other"
            self._count = MOST_TOOLS + 1
        else:
            return True
        advice = (
            "let fewer agents be tools of each other, or put steps into a pipeline of their own"
        )
        self._complain(TOO_LARGE, message, offer.path, advice)
        return False

    def _tool(self, offer: _Offer, at: str, above: tuple[str, ...]) -> ToolPlan:
        here, options = address.child(at, offer.name), offer.options
        call = CallPlan(
            agent=offer.agent,
            options=options,
            arguments=_ARGUMENTS,
            input=offer.input,
            output=offer.output,
            effects=options.effects or options.default_effects,
            timeout=seconds(options.timeout) if options.timeout else DEFAULT_TIMEOUT,
            retry=self._retry(options.retry),
            repair=options.repair,
            confidence=options.confidence,
            key=offer.key,
            charges=self._charges.get(offer.agent, {}),
            chat=self._materials.chat_of.get(offer.agent),
        )
        call = with_fallbacks(call, self._pipeline.models, self._materials.chat_for)
        step = StepPlan(
            id=offer.name,
            address=here,
            path=offer.path,
            kind="agent",
            upstream=(),
            downstream=(),
            when=None,
            when_text="",
            for_each=None,
            catch={},
            agent=offer.agent,
            call=self.equip(call, here, above),
            approval=offer.approval,
        )
        return ToolPlan(self._told(options), offer.max_calls, step)

    def _told(self, options: Agent) -> str | None:
        """What a model is told about a tool; of one of a server, what was pinned, if need be."""
        known = definition_for(options, self._materials.servers)
        return options.description or (known.description if known is not None else None)

    def _offers_of(self, owner: str, agent: Agent) -> Iterator[_Offer]:
        seen: set[str] = set()
        for index, tool in enumerate(offered_tools(agent)):
            for name in tool_names(tool):
                offer = self._offer(owner, name, tool, ("agents", owner, "tools", index))
                if offer is not None and name not in seen:
                    seen.add(name)
                    yield offer

    def _offer(self, owner: str, name: str, tool: Tool, path: Path) -> _Offer | None:
        if isinstance(tool, AgentTool):
            options = self._pipeline.agents.get(tool.agent)
            if options is None:
                return None
            agent = tool.agent
            given, answered = self._materials.input_of[agent], self._materials.output_of[agent]
        else:
            agent = f"{owner}.{name}"
            options = self._vocabulary.agent(**_keys(tool, name))
            known = definition_for(options, self._materials.servers)
            of_tool = (known.input, known.output) if known is not None else (None, None)
            given = self._materials.side(tool.input, (*path, "input"), of_tool[0])
            answered = self._materials.side(tool.output, (*path, "output"), of_tool[1])
        return _Offer(
            name=name,
            agent=agent,
            options=options,
            input=given,
            output=answered,
            key=self._key(tool.idempotency_key, (*path, "idempotency_key")),
            approval=self._approval(name, tool, (*path, "approve")),
            max_calls=tool.max_calls,
            path=path,
        )

    def _key(self, written: str | None, path: Path) -> Template | None:
        if written is None:
            return None
        template = self._parse(written, path, CALL_NAMES)
        return Text((template,)) if isinstance(template, Whole) else template

    def _approval(self, name: str, tool: Tool, path: Path) -> EscalationPlan | None:
        approve = tool.approve
        if not isinstance(approve, Approval):
            return self._escalations.get(approve) if approve is not None else None
        level = LevelPlan(
            kind="human",
            path=path,
            target=approve.channel,
            text=self._parse(approve.ask, (*path, "ask"), frozenset({"input"})),
            who=approve.who,
            within=seconds(approve.within),
        )
        return EscalationPlan(name, (level,), CatchPlan("fail"), is_question=True)

    def _retry(self, retry: Retry | None) -> RetryPolicy | None:
        return self._pipeline.retries.get(retry) if isinstance(retry, str) else retry


def _keys(tool: PythonTool | McpTool, name: str) -> dict[str, Json]:
    """The keys of the agent that is offered as a tool."""
    shared = ("description", "input", "output", "effects", "effects_reason", "timeout", "retry")
    keys = {key: getattr(tool, key) for key in shared}
    if isinstance(tool, McpTool):
        return {"kind": "mcp", "server": tool.mcp, "tool": name, **keys}
    return {"kind": "python", "call": tool.python, **keys}


def _size(named: tuple[str, ToolPlan]) -> int:
    """The bytes of what a model is told about a tool."""
    name, tool = named
    assert tool.step.call is not None
    told = [name, tool.description, tool.step.call.input.schema]
    return len(json.dumps(told).encode()) + 200

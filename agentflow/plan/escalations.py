"""The escalations of a pipeline, and what their levels come to for the step that turns to one.

An escalation is written once for many steps, so the texts in it see the inputs and the run, and of
the step only what failed (`failure`) and what its agent was given (`input`).
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from agentflow.plan.fallbacks import with_fallbacks
from agentflow.plan.materials import Materials
from agentflow.plan.steps import DEFAULT_TIMEOUT, CallPlan, CatchPlan, EscalationPlan, LevelPlan
from agentflow.spec.document import Path
from agentflow.spec.model import (
    AgentLevel,
    Escalation,
    HumanLevel,
    Json,
    LastValue,
    Level,
    ModelLevel,
    Pipeline,
    seconds,
)
from agentflow.spec.templates import Template

#: Names that the texts of an escalation can read besides the global roots.
ESCALATION_NAMES = frozenset({"failure", "input"})

#: Parses a template that stands at a path.
Parse = Callable[[Json, Path], Template]
#: Gives the tools of its agent to a call of the step at an address.
Equip = Callable[[CallPlan, str], CallPlan]


class Escalations:
    """The escalations of one pipeline, by name."""

    def __init__(
        self,
        pipeline: Pipeline,
        materials: Materials,
        charges: Mapping[str, Mapping[str, Template]],
        parse: Parse,
        equip: Equip,
    ) -> None:
        self._equip = equip
        self._pipeline = pipeline
        self._materials = materials
        self._charges = charges
        self.plans: Mapping[str, EscalationPlan] = {
            name: _plan(name, escalation, parse)
            for name, escalation in pipeline.escalations.items()
        }

    def of_step(
        self, name: str, calls: Mapping[str, CallPlan], at: str, *, chosen: bool = False
    ) -> EscalationPlan | None:
        """An escalation on the terms of the step at an address; None if there is none of this name.

        `calls` is that of the step, by its agent, or, if this is `chosen`, those that it is chosen
        from.
        """
        plan = self.plans.get(name)
        if plan is None:
            return None
        written = self._pipeline.escalations[name].levels
        call = next(iter(calls.values()), None)
        levels = tuple(
            replace(level, among=self._among(said, calls, at))
            if chosen and level.kind == "model"
            else replace(level, call=self._equipped(said, call, at))
            for level, said in zip(plan.levels, written, strict=True)
        )
        return replace(plan, levels=levels)

    def _among(self, level: Level, calls: Mapping[str, CallPlan], at: str) -> dict[str, CallPlan]:
        """The calls of all agents that have a model, with that of the level instead."""
        made = ((name, self._equipped(level, call, at)) for name, call in calls.items())
        return {name: call for name, call in made if call is not None}

    def for_call(
        self, catch: Mapping[str, CatchPlan], call: CallPlan | None, at: str
    ) -> dict[str, CatchPlan]:
        """A `catch` that several calls share, on the terms of one of them."""
        calls = {} if call is None else {call.agent: call}
        return {
            key: replace(action, escalation=self.of_step(action.escalation.name, calls, at))
            if action.escalation is not None
            else action
            for key, action in catch.items()
        }

    def _equipped(self, level: Level, call: CallPlan | None, at: str) -> CallPlan | None:
        made = self._call(level, call)
        return self._equip(made, at) if made is not None else None

    def _call(self, level: Level, call: CallPlan | None) -> CallPlan | None:
        """The call of a level: one attempt with the same input, held to the step's contract too."""
        made = self._own_call(level, call) if call is not None else None
        if made is None:
            return None
        return with_fallbacks(made, self._pipeline.models, self._materials.chat_for)

    def _own_call(self, level: Level, call: CallPlan) -> CallPlan | None:
        if isinstance(level, ModelLevel) and "model" in call.options.__struct_fields__:
            options = replace(call.options, model=level.model)
            timeout = seconds(level.within) if level.within else call.timeout
            chat = self._materials.chat_for(options, call.output)
            return replace(call, options=options, timeout=timeout, retry=None, repair=0, chat=chat)
        if isinstance(level, AgentLevel) and level.agent in self._pipeline.agents:
            agent = self._pipeline.agents[level.agent]
            within = level.within or agent.timeout
            return replace(
                call,
                agent=level.agent,
                options=agent,
                input=self._materials.input_of[level.agent],
                output=self._materials.output_of[level.agent],
                effects=agent.effects or agent.default_effects,
                timeout=seconds(within) if within else DEFAULT_TIMEOUT,
                retry=None,
                repair=0,
                confidence=agent.confidence,
                charges=self._charges[level.agent],
                chat=self._materials.chat_of[level.agent],
            )
        return None


def _plan(name: str, escalation: Escalation, parse: Parse) -> EscalationPlan:
    path: Path = ("escalations", name)
    last = escalation.on_exhausted
    exhausted = (
        CatchPlan("use", parse(last.use, (*path, "on_exhausted", "use")))
        if isinstance(last, LastValue)
        else CatchPlan(last)
    )
    levels = (
        _level(level, (*path, "levels", index), parse)
        for index, level in enumerate(escalation.levels)
    )
    return EscalationPlan(name, tuple(levels), exhausted)


def _level(level: Level, path: Path, parse: Parse) -> LevelPlan:
    if isinstance(level, ModelLevel):
        return LevelPlan("model", path, level.model)
    if isinstance(level, AgentLevel):
        return LevelPlan("agent", path, level.agent)
    if isinstance(level, HumanLevel):
        human = level.human
        text = parse(human.ask, (*path, "human", "ask"))
        within = seconds(level.within)
        return LevelPlan(
            "human",
            path,
            human.channel,
            text=text,
            who=human.who,
            within=within,
            four_eyes=human.four_eyes,
        )
    notice = level.notify
    text = parse(notice.text, (*path, "notify", "text"))
    return LevelPlan("notify", path, notice.channel, text=text, who=notice.who)

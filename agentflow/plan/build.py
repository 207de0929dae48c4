"""From what the author wrote to a plan.

Building is total: what cannot be resolved becomes a finding, or is left for a lint rule to report,
and the rest of the plan is built all the same, so that one mistake does not hide the next.
"""

import posixpath
from collections.abc import Mapping

from msgspec.structs import replace

from agentflow.contracts.models import ModelReader, no_models
from agentflow.contracts.resolve import FileReader
from agentflow.errors import FileProblem
from agentflow.plan import address
from agentflow.plan.library import Chain, Library, within
from agentflow.plan.parts import Parts
from agentflow.plan.repeats import LoopPlan
from agentflow.plan.scopes import (
    ITEM_NAMES,
    LOOP_NAMES,
    Frame,
    Place,
)
from agentflow.plan.scripted_tests import plan_scripts
from agentflow.plan.steps import BudgetPlan, CallPlan, Plan, ScopePlan, StepPlan
from agentflow.spec.document import Document, Path
from agentflow.spec.model import (
    AgentStep,
    Bounds,
    Case,
    DelegateStep,
    GroupStep,
    HumanStep,
    Loop,
    LoopStep,
    Pipeline,
    PipelineStep,
    Step,
    SwitchStep,
    Vocabulary,
    seconds,
)


def build_plan(
    document: Document,
    pipeline: Pipeline,
    read: FileReader,
    vocabulary: Vocabulary,
    read_models: ModelReader = no_models,
) -> Plan:
    """The plan of a pipeline and of those that it runs.

    `read` gives the text of a file by its path relative to the spec, confined to the project root;
    `vocabulary` is for the other pipelines among these files. `read_models` gives the schemas of
    Python classes; it is asked once for each pipeline.
    """
    library = Library(document.file, read, read_models, vocabulary, _plan)
    return _plan(document, pipeline, library, (posixpath.basename(document.file),))


def _plan(document: Document, pipeline: Pipeline, library: Library, chain: Chain) -> Plan:
    return _Builder(document, pipeline, library, chain).build()


class _Builder(Parts):
    """The state of one build."""

    def build(self) -> Plan:
        self._look_for_baseline()
        here = self._inside("", None, self.pipeline.steps)
        steps = self._steps(self.pipeline.steps, ("steps",), here)
        outputs = self.template(dict(self.pipeline.outputs), ("outputs",), here)
        budget = self.pipeline.budget
        scripts, problems = plan_scripts(self.document, self.pipeline)
        return Plan(
            file=self.chain[-1],
            pipeline=self.pipeline,
            root=ScopePlan("", ("steps",), steps, outputs, self.pipeline.fail_fast),
            outputs=outputs,
            inputs=self.materials.inputs,
            contracts=self.materials.contracts,
            budget=BudgetPlan(_bounds(budget), seconds(budget.wall)),
            steps=self.steps,
            uses=tuple(self.uses.found),
            texts=self.materials.texts,
            files=self.materials.files,
            servers=self.materials.servers,
            children=self.children,
            escalations=self.escalations.plans,
            scripts=scripts,
            findings=(*self.findings, *problems),
        )

    def _look_for_baseline(self) -> None:
        """Check that the baseline exists: it is no part of the run, so nothing else does."""
        reasons = self.pipeline.why_multi_agent
        if reasons is None or reasons.baseline is None:
            return
        try:
            self.library.read(within(posixpath.dirname(self.chain[-1]), reasons.baseline))
        except FileProblem as problem:
            path = ("why_multi_agent", "baseline")
            self.complain("unreadable-file", problem.message, path, problem.help)

    # --- scopes and steps ------------------------------------------------------------------

    @staticmethod
    def _inside(at: str, outer: Place | None, steps: Mapping[str, Step]) -> Place:
        """The place inside a group, case or iteration, one frame further in."""
        ids = {step_id: address.child(at, step_id) for step_id in steps}
        if outer is None:
            return Place(Frame(at, None, ids, frozenset()), at, ())
        return Place(Frame(at, outer.frame, ids, outer.frame.locals), at, outer.inside)

    def _steps(self, steps: Mapping[str, Step], path: Path, scope: Place) -> tuple[StepPlan, ...]:
        frame = scope.frame
        planned = [
            self._step(
                step,
                (*path, step_id),
                Place(frame, frame.ids[step_id], (*scope.inside, step_id)),
            )
            for step_id, step in steps.items()
        ]
        # Only now is it known what waits for what: references may point forward in the file.
        waits = self.uses.waits.get(frame.address, {})
        order = {step_id: position for position, step_id in enumerate(steps)}
        upstream = {
            step_id: tuple(
                sorted(
                    waits.get(step_id, set()) | {name for name in step.needs if name in order},
                    key=order.__getitem__,
                )
            )
            for step_id, step in steps.items()
        }
        downstream: dict[str, list[str]] = {step_id: [] for step_id in steps}
        for step_id in steps:
            for awaited in upstream[step_id]:
                downstream[awaited].append(step_id)
        linked = tuple(
            replace(
                step,
                upstream=upstream[step.id],
                downstream=tuple(downstream[step.id]),
                plans=tuple(self.plans.get(step.address, ())),
            )
            for step in planned
        )
        self.steps.update((step.address, step) for step in linked)
        return linked

    def _step(self, step: Step, path: Path, here: Place) -> StepPlan:
        at = here.reader
        when = self.expression(step.when, (*path, "when"), here)
        for_each = self.for_each(step.for_each, (*path, "for_each"), here)
        inner = here.with_locals((*ITEM_NAMES, *for_each.names)) if for_each else here
        planned = StepPlan(
            id=here.inside[-1],
            address=at,
            path=path,
            kind="agent",
            upstream=(),
            downstream=(),
            when=when,
            when_text=step.when or "",
            for_each=for_each,
            catch={},
            budget=_bounds(step.budget) if step.budget else None,
            wall=seconds(step.budget.wall) if step.budget and step.budget.wall else None,
            timeout=_time_for_all(step),
        )
        calls = dict[str, CallPlan]()
        last = inner
        if isinstance(step, AgentStep):
            planned, calls = self._calling(planned, step, inner)
        elif isinstance(step, LoopStep):
            last = self._inside(
                address.iteration(at), inner.with_locals(LOOP_NAMES), step.loop.steps
            )
            planned = self._looping(planned, step, inner, last)
        else:
            planned = self._holding(planned, step, inner)
        return replace(
            planned,
            catch=self.catch(step.catch, (*path, "catch"), inner, last, step, calls),
            asserts=tuple(self.asserts(step, path, inner)),
        )

    def _calling(
        self, planned: StepPlan, step: AgentStep, here: Place
    ) -> tuple[StepPlan, dict[str, CallPlan]]:
        """A step that calls an agent, with its calls by the names of the agents."""
        dispatch = self.dispatch(step, planned.path, here)
        names = (step.agent,) if dispatch is None else step.among or ()
        calls = self.calls(step, planned.path, here, names)
        done = replace(
            planned,
            agent=step.agent if dispatch is None else None,
            dispatch=dispatch,
            among=calls if dispatch is not None else {},
            call=next(iter(calls.values()), None),
        )
        return done, calls

    def _looping(self, planned: StepPlan, step: LoopStep, here: Place, inside: Place) -> StepPlan:
        """A loop; `inside` is an iteration of it."""
        path = (*planned.path, "loop")
        loop = self._loop(step.loop, path, here, inside)
        return replace(planned, kind="loop", loop=loop, body=self._scope(step.loop, path, inside))

    def _holding(
        self,
        planned: StepPlan,
        step: HumanStep | GroupStep | PipelineStep | DelegateStep | SwitchStep,
        here: Place,
    ) -> StepPlan:
        """A step of any other kind."""
        path, at = planned.path, planned.address
        if isinstance(step, HumanStep):
            return replace(planned, kind="human", question=self.question(step, path, here))
        if isinstance(step, GroupStep):
            body = self._scope(step, path, self._inside(at, here, step.steps))
            return replace(planned, kind="group", body=body)
        if isinstance(step, PipelineStep):
            return replace(planned, kind="pipeline", nested=self.nested(step, path, here))
        if isinstance(step, DelegateStep):
            tasks = self.delegate(step.delegate, (*path, "delegate"), here)
            return replace(planned, kind="delegate", delegate=tasks)
        switch = self.template(step.switch, (*path, "switch"), here)
        cases, default = self._cases(step, path, here)
        return replace(planned, kind="switch", switch=switch, cases=cases, default=default)

    def _cases(
        self, step: SwitchStep, path: Path, here: Place
    ) -> tuple[dict[str, ScopePlan], ScopePlan | None]:
        """The cases of a switch by label, and its default."""
        at = here.reader
        cases = {
            label: self._scope(
                case,
                (*path, "cases", label),
                self._inside(address.child(at, label), here, case.steps),
            )
            for label, case in step.cases.items()
        }
        if step.default is None:
            return cases, None
        within = self._inside(address.default_case(at), here, step.default.steps)
        return cases, self._scope(step.default, (*path, "default"), within)

    def _scope(self, group: GroupStep | Case | Loop, path: Path, here: Place) -> ScopePlan:
        """The steps and the output of a group, case or iteration; `here` is inside it."""
        steps = self._steps(group.steps, (*path, "steps"), here)
        output = None
        if group.output is not None:
            output = self.template(group.output, (*path, "output"), here)
        return ScopePlan(here.reader, path, steps, output, group.fail_fast)

    def _loop(self, loop: Loop, path: Path, outside: Place, inside: Place) -> LoopPlan:
        return LoopPlan(
            max=loop.max,
            until=self.expression(loop.until, (*path, "until"), inside),
            until_text=loop.until,
            state=self.template(dict(loop.state), (*path, "state"), outside),
            next=self.template(dict(loop.next), (*path, "next"), inside),
            must_progress=bool(loop.next) and loop.no_progress == "fail",
        )


def _time_for_all(step: Step) -> float | None:
    """The time of a step with steps inside, in seconds; calls and questions have their own."""
    if isinstance(step, AgentStep | HumanStep) or step.timeout is None:
        return None
    return seconds(step.timeout)


#: The quantities that every pipeline has; the meters are the author's own.
_COUNTED = ("calls", "retries", "escalations", "tokens", "usd")


def _bounds(budget: Bounds) -> dict[str, float]:
    """The bounds of a budget by quantity, as `core.purse` counts them."""
    plain = {what: getattr(budget, what) for what in _COUNTED}
    bounds = {what: bound for what, bound in plain.items() if bound is not None}
    return bounds | {f"meters.{name}": bound for name, bound in budget.meters.items()}

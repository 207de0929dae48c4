"""From what the author wrote to a plan.

Building is total: what cannot be resolved becomes a finding or is left for a lint rule to name,
and the rest of the plan is built all the same, so that one mistake does not hide the next.
"""

import dataclasses
import posixpath
from collections.abc import Iterable, Iterator, Mapping

from agentflow.contracts.models import ModelReader, no_models
from agentflow.contracts.resolve import FileReader
from agentflow.errors import FileProblem
from agentflow.findings import Finding, Severity
from agentflow.plan import address
from agentflow.plan.library import Chain, Library, Recursion
from agentflow.plan.materials import Materials
from agentflow.plan.scopes import (
    GLOBAL_ROOTS,
    ITEM_NAMES,
    LOOP_NAMES,
    OUTPUT_NAMES,
    Frame,
    Place,
    Uses,
)
from agentflow.plan.scripts import plan_scripts
from agentflow.plan.steps import (
    DEFAULT_TIMEOUT,
    AssertPlan,
    BudgetPlan,
    CallPlan,
    CatchPlan,
    Child,
    ForEachPlan,
    LoopPlan,
    NestedPlan,
    Path,
    Plan,
    QuestionPlan,
    ScopePlan,
    StepKind,
    StepPlan,
)
from agentflow.plan.types import Types
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.document import Document
from agentflow.spec.expressions import ExpressionError, parse_expression
from agentflow.spec.model import (
    AgentStep,
    Bounds,
    Case,
    CatchAction,
    CatchKey,
    ForEach,
    GroupStep,
    HumanStep,
    Json,
    Loop,
    LoopStep,
    Pipeline,
    PipelineStep,
    Retry,
    RetryPolicy,
    Step,
    Use,
    Vocabulary,
    seconds,
)
from agentflow.spec.templates import (
    Constant,
    Template,
    Text,
    Whole,
    parse_template,
    template_expressions,
)
from agentflow.spec.wording import quoted


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


class _Builder:
    """The state of one build: the findings and references met so far."""

    def __init__(
        self, document: Document, pipeline: Pipeline, library: Library, chain: Chain
    ) -> None:
        self.document = document
        self.pipeline = pipeline
        self.library = library
        self.chain = chain
        self.findings: list[Finding] = []
        self.uses = Uses()
        self.steps: dict[str, StepPlan] = {}
        self.children: dict[str, Child] = {}
        folder = posixpath.dirname(chain[-1])
        self.materials = Materials(
            document, pipeline, library.read, library.read_models, folder, self.findings
        )

        self.charges = {
            name: {
                meter: self._charge(name, meter, value) for meter, value in agent.charges.items()
            }
            for name, agent in pipeline.agents.items()
        }

    def build(self) -> Plan:
        here = self._inside("", None, self.pipeline.steps)
        steps = self._steps(self.pipeline.steps, ("steps",), here)
        outputs = self._template(dict(self.pipeline.outputs), ("outputs",), here)
        budget = self.pipeline.budget
        scripts, problems = plan_scripts(self.document, self.pipeline)
        return Plan(
            file=self.chain[-1],
            pipeline=self.pipeline,
            root=ScopePlan("", ("steps",), steps, outputs),
            outputs=outputs,
            inputs=self.materials.inputs,
            contracts=self.materials.contracts,
            budget=BudgetPlan(_bounds(budget), seconds(budget.wall)),
            steps=self.steps,
            uses=tuple(self.uses.found),
            texts=self.materials.texts,
            files=self.materials.files,
            children=self.children,
            scripts=scripts,
            findings=(*self.findings, *problems),
        )

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
        # Only now is it known who waits for whom: references may point forward in the file.
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
            _link(step, upstream[step.id], tuple(downstream[step.id])) for step in planned
        )
        self.steps.update((step.address, step) for step in linked)
        return linked

    def _step(self, step: Step, path: Path, here: Place) -> StepPlan:
        at = here.reader
        when = self._expression(step.when, (*path, "when"), here)
        for_each = self._for_each(step.for_each, (*path, "for_each"), here)
        inner = here.with_locals((*ITEM_NAMES, *for_each.names)) if for_each else here
        kind: StepKind = "agent"
        call = question = body = switch = default = loop = nested = None
        last = inner
        cases: dict[str, ScopePlan] = {}
        dispatch, calls = None, dict[str, CallPlan]()
        if isinstance(step, AgentStep):
            dispatch = self._dispatch(step, path, inner)
            names = (step.agent,) if dispatch is None else step.among or ()
            calls = self._calls(step, path, inner, names)
            call = next(iter(calls.values()), None)
        elif isinstance(step, HumanStep):
            kind = "human"
            question = self._question(step, path, inner)
        elif isinstance(step, GroupStep):
            kind = "group"
            body = self._scope(step, path, self._inside(at, inner, step.steps))
        elif isinstance(step, LoopStep):
            kind = "loop"
            last = self._inside(
                address.iteration(at), inner.with_locals(LOOP_NAMES), step.loop.steps
            )
            loop = self._loop(step.loop, (*path, "loop"), inner, last)
            body = self._scope(step.loop, (*path, "loop"), last)
        elif isinstance(step, PipelineStep):
            kind = "pipeline"
            nested = self._nested(step, path, inner)
        else:
            kind = "switch"
            switch = self._template(step.switch, (*path, "switch"), inner)
            cases = {
                label: self._scope(
                    case,
                    (*path, "cases", label),
                    self._inside(address.child(at, label), inner, case.steps),
                )
                for label, case in step.cases.items()
            }
            if step.default is not None:
                within = self._inside(address.default_case(at), inner, step.default.steps)
                default = self._scope(step.default, (*path, "default"), within)
        return StepPlan(
            id=here.inside[-1],
            address=at,
            path=path,
            kind=kind,
            upstream=(),
            downstream=(),
            when=when,
            when_text=step.when or "",
            for_each=for_each,
            catch=self._catch(step.catch, (*path, "catch"), inner, last),
            budget=_bounds(step.budget) if step.budget else None,
            agent=step.agent if isinstance(step, AgentStep) and dispatch is None else None,
            dispatch=dispatch,
            among=calls if dispatch is not None else {},
            call=call,
            question=question,
            body=body,
            switch=switch,
            cases=cases,
            default=default,
            loop=loop,
            asserts=tuple(self._asserts(step, path, inner)),
            nested=nested,
        )

    def _scope(self, group: GroupStep | Case | Loop, path: Path, here: Place) -> ScopePlan:
        """The steps and the output of a group, case or iteration; `here` is inside it."""
        steps = self._steps(group.steps, (*path, "steps"), here)
        output = None
        if group.output is not None:
            output = self._template(group.output, (*path, "output"), here)
        return ScopePlan(here.reader, path, steps, output)

    def _loop(self, loop: Loop, path: Path, outside: Place, inside: Place) -> LoopPlan:
        return LoopPlan(
            max=loop.max,
            until=self._expression(loop.until, (*path, "until"), inside),
            until_text=loop.until,
            state=self._template(dict(loop.state), (*path, "state"), outside),
            next=self._template(dict(loop.next), (*path, "next"), inside),
            must_progress=bool(loop.next) and loop.no_progress == "fail",
        )

    # --- parts of a step -------------------------------------------------------------------

    def _asserts(self, step: Step, path: Path, here: Place) -> Iterator[AssertPlan]:
        roots = OUTPUT_NAMES if isinstance(step, AgentStep) else OUTPUT_NAMES - {"input"}
        for index, assertion in enumerate(step.assert_):
            at = (*path, "assert", index, "that")
            that = self._expression(assertion.that, at, here.with_locals(roots))
            if that is not None:
                yield AssertPlan(that, assertion.that, assertion.message)

    def _dispatch(self, step: AgentStep, path: Path, here: Place) -> Template | None:
        """The expression that chooses the agent, if one does."""
        chosen = "${{" in step.agent
        if chosen and step.among is None:
            message = f"{quoted(here.inside[-1])} chooses its agent and has no 'among'"
            self._complain("missing-key", message, (*path, "agent"), "add 'among:' with the agents")
        if not chosen and step.among is not None:
            message = f"{quoted(here.inside[-1])} names its agent, so there is nothing to choose"
            advice = "take 'among' out, or write ${{ EXPRESSION }} for 'agent'"
            self._complain("conflicting-keys", message, (*path, "among"), advice)
        return self._template(step.agent, (*path, "agent"), here) if chosen else None

    def _calls(
        self, step: AgentStep, path: Path, here: Place, names: Iterable[str]
    ) -> dict[str, CallPlan]:
        """The calls of those of the agents that there are, with what the step overrides."""
        arguments = self._template(dict(step.with_), (*path, "with"), here)
        key = self._key(step.idempotency_key, (*path, "idempotency_key"), here)
        return {
            name: self._call(step, name, arguments, key)
            for name in names
            if name in self.pipeline.agents
        }

    def _call(
        self, step: AgentStep, name: str, arguments: Template, key: Template | None
    ) -> CallPlan:
        agent = self.pipeline.agents[name]
        timeout = step.timeout or agent.timeout
        return CallPlan(
            agent=name,
            options=agent,
            arguments=arguments,
            input=self.materials.input_of[name],
            output=self.materials.output_of[name],
            effects=step.effects or agent.effects or agent.default_effects,
            timeout=seconds(timeout) if timeout else DEFAULT_TIMEOUT,
            retry=self._retry(step.retry or agent.retry),
            repair=agent.repair if step.repair is None else step.repair,
            confidence=agent.confidence,
            charges=self.charges[name],
            chat=self.materials.chat_of[name],
            key=key,
        )

    def _charge(self, agent: str, meter: str, value: Json) -> Template:
        """What a call takes from a meter. It reads the agent's `input` and nothing of a scope."""
        try:
            return parse_template(value)
        except ExpressionError as error:
            self._report(error, ("agents", agent, "charges", meter, *error.path))
            return Constant(0)

    def _key(self, written: str | None, path: Path, here: Place) -> Template | None:
        """An idempotency key is text, also where it is one expression and nothing else."""
        if written is None:
            return None
        template = self._template(written, path, here)
        return Text((template,)) if isinstance(template, Whole) else template

    def _nested(self, step: PipelineStep, path: Path, here: Place) -> NestedPlan | None:
        """The other pipeline; None if there is none that could be planned."""
        arguments = self._template(dict(step.with_), (*path, "with"), here)
        try:
            child = self.library.child(step.pipeline, self.chain)
        except FileProblem as problem:
            self._complain("unreadable-file", problem.message, (*path, "pipeline"), problem.help)
            return None
        except Recursion as recursion:
            advice = "what is to go round is a step of one pipeline, with a bound"
            self._complain("recursive-pipeline", str(recursion), (*path, "pipeline"), advice)
            return None
        self.children[here.reader] = child
        if child.plan is None:
            return None
        types = Types(child.plan)
        output = types.of(child.plan.outputs, "")
        return NestedPlan(child.plan, arguments, output, types.exact(child.plan.outputs, ""))

    def _question(self, step: HumanStep, path: Path, here: Place) -> QuestionPlan:
        human = step.human
        return QuestionPlan(
            ask=self._template(human.ask, (*path, "human", "ask"), here),
            shown=self._template(dict(step.with_), (*path, "with"), here),
            answer=self.materials.contract(human.answer, (*path, "human", "answer")),
            named=human.answer,
            who=human.who,
            channel=human.channel,
            timeout=seconds(step.timeout),
        )

    def _retry(self, retry: Retry | None) -> RetryPolicy | None:
        """A policy by name or as written; a name that does not exist is named by a rule."""
        return self.pipeline.retries.get(retry) if isinstance(retry, str) else retry

    def _for_each(self, spec: ForEach | None, path: Path, here: Place) -> ForEachPlan | None:
        if spec is None:
            return None
        if spec.as_ in GLOBAL_ROOTS | ITEM_NAMES:
            message = f"'{spec.as_}' already means something else in expressions"
            self._complain("bad-name", message, (*path, "as"), "give the item another name")
        return ForEachPlan(
            over=self._template(spec.over, (*path, "over"), here),
            max=spec.max,
            parallel=spec.parallel,
            names=(spec.as_,) if spec.as_ else (),
            min_success=None if spec.min_success == "all" else spec.min_success,
            key=self._key_of_items(spec, (*path, "key"), here),
        )

    def _key_of_items(self, spec: ForEach, path: Path, here: Place) -> Template | None:
        if spec.key is None:
            return None
        names = (*ITEM_NAMES, spec.as_) if spec.as_ else ITEM_NAMES
        return self._template(spec.key, path, here.with_locals(names))

    def _catch(
        self, catch: Mapping[CatchKey, CatchAction], path: Path, here: Place, last: Place
    ) -> dict[str, CatchPlan]:
        """What follows which failure; `last` is inside the last iteration, if it is a loop."""
        planned: dict[str, CatchPlan] = {}
        for key, action in catch.items():
            if isinstance(action, Use):
                place = last if key == "exhausted" else here
                value = self._template(action.use, (*path, key, "use"), place)
                planned[key] = CatchPlan("use", value, place.reader)
            else:
                planned[key] = CatchPlan(action)
        return planned

    def _complain(self, rule: str, message: str, path: Path, help: str | None) -> None:
        location = self.document.locate(path)
        self.findings.append(Finding(rule, Severity.ERROR, message, location, help))

    # --- expressions -----------------------------------------------------------------------

    def _expression(self, text: str | None, path: Path, here: Place) -> Expr | None:
        if text is None:
            return None
        try:
            expr = parse_expression(text)
        except ExpressionError as error:
            self._report(error, path)
            return None
        self.uses.add(expr, path, 0, here)
        return expr

    def _template(self, value: Json, path: Path, here: Place) -> Template:
        try:
            template = parse_template(value)
        except ExpressionError as error:
            self._report(error, (*path, *error.path))
            return Constant(None)
        for inner, offset, expr in template_expressions(template):
            self.uses.add(expr, (*path, *inner), offset, here)
        return template

    def _report(self, error: ExpressionError, path: Path) -> None:
        self.findings.append(
            Finding(
                rule="expression-syntax",
                severity=Severity.ERROR,
                message=error.message,
                location=self.document.in_string(path, error.start, error.end),
                help=error.help,
            )
        )


def _bounds(budget: Bounds) -> dict[str, float]:
    """The bounds of a budget by quantity, as `core.purse` counts them."""
    plain = {what: getattr(budget, what) for what in ("calls", "retries", "tokens", "usd")}
    bounds = {what: bound for what, bound in plain.items() if bound is not None}
    return bounds | {f"meters.{name}": bound for name, bound in budget.meters.items()}


def _link(step: StepPlan, upstream: tuple[str, ...], downstream: tuple[str, ...]) -> StepPlan:
    """The step with its neighbours, which are known only when all of its scope is."""
    return dataclasses.replace(step, upstream=upstream, downstream=downstream)

"""The parts of a step as the plan has them: calls, questions, lists, expressions.

Whatever is wrong with one is reported, and something harmless takes its place.
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from agentflow.contracts.checker import compile_schema
from agentflow.errors import FileProblem
from agentflow.plan import address
from agentflow.plan.contracts import ContractPlan
from agentflow.plan.escalations import ESCALATION_NAMES, Escalations
from agentflow.plan.fallbacks import with_fallbacks
from agentflow.plan.library import Chain, Library, Recursion
from agentflow.plan.materials import Materials
from agentflow.plan.planners import planner_of
from agentflow.plan.reading import Reading
from agentflow.plan.repeats import ForEachPlan
from agentflow.plan.scopes import (
    GLOBAL_ROOTS,
    ITEM_NAMES,
    OUTPUT_NAMES,
    TASK_NAMES,
    Frame,
    Place,
)
from agentflow.plan.steps import (
    DEFAULT_TIMEOUT,
    AssertPlan,
    CallPlan,
    CatchPlan,
    Child,
    DelegatePlan,
    NestedPlan,
    PlanCheck,
    QuestionPlan,
    StepPlan,
)
from agentflow.plan.tools import Tools
from agentflow.plan.types import Types
from agentflow.plan.worker_inputs import known_fields
from agentflow.spec.document import Document, Path
from agentflow.spec.expressions import ExpressionError
from agentflow.spec.model import (
    BUILT_IN_CHANNELS,
    AgentStep,
    CatchAction,
    CatchKey,
    Delegate,
    Escalate,
    ForEach,
    HumanStep,
    Json,
    Pipeline,
    PipelineStep,
    Retry,
    RetryPolicy,
    Step,
    Use,
    seconds,
)
from agentflow.spec.templates import (
    UNREAD,
    Constant,
    Template,
    Text,
    Whole,
    parse_template,
)
from agentflow.spec.wording import quoted

#: What a worker is given where the delegate does not say it.
_INPUT_OF_TASK = parse_template("${{ task.input }}")


class Parts(Reading):
    """Reads the parts of steps.

    `plans` are the plans for delegates that a step's agent answers, by the step's address, and
    `children` the pipelines that are run, by the address of the step that does.
    """

    def __init__(
        self, document: Document, pipeline: Pipeline, library: Library, chain: Chain
    ) -> None:
        super().__init__(document)
        self.pipeline = pipeline
        self.library = library
        self.chain = chain
        self.steps: dict[str, StepPlan] = {}
        self.children: dict[str, Child] = {}
        self.plans: dict[str, list[PlanCheck]] = {}
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
        self.escalations = Escalations(
            pipeline,
            self.materials,
            self.charges,
            self._for_all,
            self._equip,
        )
        self.tools = Tools(
            pipeline,
            self.materials,
            library.vocabulary,
            self.charges,
            self.escalations.plans,
            self._for_all,
            self.complain,
        )
        for name in BUILT_IN_CHANNELS.keys() & pipeline.channels.keys():
            message = f"{quoted(name)} is a channel that every pipeline has"
            self.complain("bad-name", message, ("channels", name), "give yours another name")

    # --- parts of a step -------------------------------------------------------------------

    def asserts(self, step: Step, path: Path, here: Place) -> Iterator[AssertPlan]:
        roots = OUTPUT_NAMES if isinstance(step, AgentStep) else OUTPUT_NAMES - {"input"}
        for index, assertion in enumerate(step.assert_):
            at = (*path, "assert", index, "that")
            that = self.expression(assertion.that, at, here.with_locals(roots))
            if that is not None:
                yield AssertPlan(that, assertion.that, assertion.message)

    def dispatch(self, step: AgentStep, path: Path, here: Place) -> Template | None:
        """The expression that chooses the agent, if one does."""
        chosen = "${{" in step.agent
        if chosen and step.among is None:
            message = f"{quoted(here.inside[-1])} chooses its agent and has no 'among'"
            self.complain("missing-key", message, (*path, "agent"), "add 'among:' with the agents")
        if not chosen and step.among is not None:
            message = f"{quoted(here.inside[-1])} names its agent, so there is nothing to choose"
            advice = "take 'among' out, or write ${{ EXPRESSION }} for 'agent'"
            self.complain("conflicting-keys", message, (*path, "among"), advice)
        return self.template(step.agent, (*path, "agent"), here) if chosen else None

    def calls(
        self, step: AgentStep, path: Path, here: Place, names: Iterable[str]
    ) -> dict[str, CallPlan]:
        """The calls of those of the agents that there are, with what the step overrides."""
        arguments = self.template(dict(step.with_), (*path, "with"), here)
        key = self._key(step.idempotency_key, (*path, "idempotency_key"), here)
        return {
            name: self._call(step, name, arguments, key, here.reader)
            for name in names
            if name in self.pipeline.agents
        }

    def _call(
        self, step: AgentStep, name: str, arguments: Template, key: Template | None, at: str
    ) -> CallPlan:
        agent = self.pipeline.agents[name]
        timeout = step.timeout or agent.timeout
        call = CallPlan(
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
        call = with_fallbacks(call, self.pipeline.models, self.materials.chat_for)
        return self.tools.equip(call, at)

    def _charge(self, agent: str, meter: str, value: Json) -> Template:
        """What a call takes from a meter. It reads the agent's `input` and nothing of a scope."""
        try:
            return parse_template(value)
        except ExpressionError as error:
            self.report(error, ("agents", agent, "charges", meter, *error.path))
            return Constant(0)

    def _key(self, written: str | None, path: Path, here: Place) -> Template | None:
        """An idempotency key is text, also where it is one expression and nothing else."""
        if written is None:
            return None
        template = self.template(written, path, here)
        return (
            Text((template,))
            if isinstance(template, Whole) and template is not UNREAD
            else template
        )

    def nested(self, step: PipelineStep, path: Path, here: Place) -> NestedPlan | None:
        """The other pipeline; None if there is none that could be planned."""
        arguments = self.template(dict(step.with_), (*path, "with"), here)
        try:
            child = self.library.child(step.pipeline, self.chain)
        except FileProblem as problem:
            self.complain("unreadable-file", problem.message, (*path, "pipeline"), problem.help)
            return None
        except Recursion as recursion:
            advice = "what is to go round is a step of one pipeline, with a bound"
            self.complain("recursive-pipeline", str(recursion), (*path, "pipeline"), advice)
            return None
        self.children[here.reader] = child
        if child.plan is None:
            return None
        types = Types(child.plan)
        output = types.of(child.plan.outputs, "")
        exact = types.exact(child.plan.outputs, "")
        contract = None
        if any(isinstance(action, Escalate) for action in step.catch.values()):
            contract = ContractPlan(output, compile_schema(output))
        return NestedPlan(child.plan, arguments, output, exact, step.fail_fast, contract)

    def question(self, step: HumanStep, path: Path, here: Place) -> QuestionPlan:
        human = step.human
        return QuestionPlan(
            ask=self.template(human.ask, (*path, "human", "ask"), here),
            shown=self.template(dict(step.with_), (*path, "with"), here),
            answer=self.materials.contract(human.answer, (*path, "human", "answer")),
            named=human.answer,
            who=human.who,
            channel=human.channel,
            timeout=seconds(step.timeout),
            four_eyes=human.four_eyes,
        )

    def delegate(self, spec: Delegate, path: Path, here: Place) -> DelegatePlan:
        within = here.with_locals(TASK_NAMES)
        arguments = _INPUT_OF_TASK
        if spec.with_ is not None:
            arguments = self.template(dict(spec.with_), (*path, "with"), within)
        catch = self.catch(spec.catch, (*path, "catch"), within, within, spec)
        calls = {
            name: self._call(
                AgentStep(agent=agent), agent, arguments, None, address.child(here.reader, name)
            )
            for name, agent in spec.workers.items()
            if agent in self.pipeline.agents
        }
        workers = {
            name: StepPlan(
                id=name,
                address=address.child(here.reader, name),
                path=(*path, "workers", name),
                kind="agent",
                upstream=(),
                downstream=(),
                when=None,
                when_text="",
                for_each=None,
                catch=self._catch_of_task(
                    spec, catch, calls.get(name), address.child(here.reader, name)
                ),
                agent=agent,
                call=calls.get(name),
            )
            for name, agent in spec.workers.items()
        }
        plan = DelegatePlan(
            address=here.reader,
            tasks=self.template(spec.plan, (*path, "plan"), here),
            workers=workers,
            known_fields={
                name: tuple(known_fields(arguments, call.input.schema))
                for name, call in calls.items()
            },
            whole=spec.with_ is None,
            max_tasks=spec.max_tasks,
            parallel=spec.parallel,
            fail_fast=spec.fail_fast,
        )
        planner = planner_of(plan.tasks)
        home = here.frame.find(planner.step) if planner else None
        if planner is not None and home is not None:
            check = PlanCheck(planner.way, plan)
            self.plans.setdefault(home.ids[planner.step], []).append(check)
        return plan

    def _catch_of_task(
        self, spec: Delegate, catch: Mapping[str, CatchPlan], call: CallPlan | None, at: str
    ) -> dict[str, CatchPlan]:
        """What follows each failure of a task of any worker; all workers share the `catch`."""
        planned = self.escalations.for_call(catch, call, at)
        for key, action in spec.catch.items():
            if isinstance(action, Use) and action.agent in self.pipeline.agents and call:
                other = AgentStep(agent=action.agent)
                taker = self._call(other, action.agent, call.arguments, None, at)
                planned[key] = replace(planned[key], call=taker)
        return planned

    def _retry(self, retry: Retry | None) -> RetryPolicy | None:
        """A policy by name or as written; a name that does not exist is named by a rule."""
        return self.pipeline.retries.get(retry) if isinstance(retry, str) else retry

    def for_each(self, spec: ForEach | None, path: Path, here: Place) -> ForEachPlan | None:
        if spec is None:
            return None
        if spec.as_ in GLOBAL_ROOTS | ITEM_NAMES:
            message = f"'{spec.as_}' already means something else in expressions"
            self.complain("bad-name", message, (*path, "as"), "give the item another name")
        return ForEachPlan(
            over=self.template(spec.over, (*path, "over"), here),
            max=spec.max,
            parallel=spec.parallel,
            names=(spec.as_,) if spec.as_ else (),
            fail_fast=spec.fail_fast,
            min_success=None if spec.min_success == "all" else spec.min_success,
            key=self._key_of_items(spec, (*path, "key"), here),
        )

    def _key_of_items(self, spec: ForEach, path: Path, here: Place) -> Template | None:
        if spec.key is None:
            return None
        names = (*ITEM_NAMES, spec.as_) if spec.as_ else ITEM_NAMES
        return self.template(spec.key, path, here.with_locals(names))

    def catch(
        self,
        catch: Mapping[CatchKey, CatchAction],
        path: Path,
        here: Place,
        last: Place,
        step: Step | Delegate,
        calls: Mapping[str, CallPlan] | None = None,
    ) -> dict[str, CatchPlan]:
        """What follows which failure; `last` is inside the last iteration, if it is a loop.

        Another agent takes over only a call of a `step` with an agent, whose `calls` are by the
        agent's name, or a task of a delegate, whose workers have a call each.
        """
        calls = calls or {}
        call = next(iter(calls.values()), None)
        chosen = isinstance(step, AgentStep) and step.among is not None
        planned: dict[str, CatchPlan] = {}
        for key, action in catch.items():
            if isinstance(action, Escalate):
                escalation = self.escalations.of_step(
                    action.escalate, calls, here.reader, chosen=chosen
                )
                if escalation is not None:
                    planned[key] = CatchPlan("escalate", escalation=escalation)
            elif not isinstance(action, Use):
                planned[key] = CatchPlan(action)
            elif action.agent is not None:
                other = self._other(step, action.agent, (*path, key, "agent"), call, here.reader)
                planned[key] = CatchPlan("agent", call=other)
            else:
                place = last if key == "exhausted" else here
                value = self.template(action.use, (*path, key, "use"), place)
                planned[key] = CatchPlan("use", value, place.reader)
        return planned

    def _other(
        self, step: Step | Delegate, name: str, path: Path, call: CallPlan | None, at: str
    ) -> CallPlan | None:
        """The call of the agent that takes over, on the step's terms and with the same input."""
        if isinstance(step, Delegate):
            return None
        if not isinstance(step, AgentStep):
            message = (
                "only the work of a step with an 'agent', or a task, can be given to another one"
            )
            self.complain("wrong-type", message, path, "write {use: VALUE}, or skip")
            return None
        if call is None or name not in self.pipeline.agents:
            return None
        return self._call(step, name, call.arguments, call.key, at)

    def _equip(self, call: CallPlan, at: str) -> CallPlan:
        """The call with its tools, which themselves may name escalations."""
        return self.tools.equip(call, at)

    def _for_all(
        self, value: Json, path: Path, names: frozenset[str] = ESCALATION_NAMES
    ) -> Template:
        """A template that belongs to no step."""
        frame = Frame("", None, {}, names)
        return self.template(value, path, Place(frame, "", ()))

"""What takes the arguments in `with`: the agent or the pipeline that a step names."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from agentflow.plan.calls import calls_of
from agentflow.plan.inputs import with_defaults
from agentflow.plan.steps import CallPlan, Plan, StepPlan
from agentflow.spec.document import Document, Path
from agentflow.spec.model import Json
from agentflow.spec.templates import Template


class Receiver(Struct, frozen=True):
    """An agent or a pipeline that takes arguments.

    `what` is its kind, `named` the place where the step names it, and `given` that of its
    arguments. `contract` is the schema of its input, at `place` of `document`; the `required`
    fields have to be given. `side` is the name of that contract in messages.
    """

    step: StepPlan
    what: str
    name: str
    named: Path
    given: Path
    arguments: Template
    contract: Mapping[str, Json]
    required: tuple[str, ...]
    side: str
    document: Document
    place: Path


def receivers(document: Document, plan: Plan) -> Iterator[Receiver]:
    """All receivers of a plan, as far as they are known."""
    for step in plan.steps.values():
        given = (*step.path, "with")
        instead = {
            id(action.call): (*step.path, "catch", key, "agent")
            for key, action in step.catch.items()
        }
        for call in calls_of(step):
            named = instead.get(id(call), (*step.path, "agent"))
            yield _agent(document, step, call, named, given)
        if step.delegate is not None and not step.delegate.whole:
            for worker in step.delegate.workers.values():
                for call in calls_of(worker):
                    at = (*step.path, "delegate", "with")
                    yield _agent(document, step, call, worker.path, at)
        if step.nested is not None:
            inner = step.nested.plan
            contract = inner.inputs.schema
            defaults = with_defaults(inner.inputs, {})
            yield Receiver(
                step=step,
                what="pipeline",
                name=inner.pipeline.name,
                named=(*step.path, "pipeline"),
                given=given,
                arguments=step.nested.arguments,
                contract=contract,
                required=tuple(n for n in contract.get("required", ()) if n not in defaults),
                side="inputs",
                document=plan.children[step.address].document,
                place=("inputs",),
            )


def _agent(
    document: Document, step: StepPlan, call: CallPlan, named: Path, given: Path
) -> Receiver:
    contract = call.input.schema
    return Receiver(
        step=step,
        what="agent",
        name=call.agent,
        named=named,
        given=given,
        arguments=call.arguments,
        contract=contract,
        required=tuple(contract.get("required", ())),
        side="input",
        document=document,
        place=("agents", call.agent, "input"),
    )

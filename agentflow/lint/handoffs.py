"""The handoffs of a plan, and where in the file both of their sides stand."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from agentflow.contracts.descent import SOME_ITEM, Descent
from agentflow.contracts.describe import path_text
from agentflow.contracts.keywords import Schema
from agentflow.findings import Location, Related
from agentflow.lint.receivers import Receiver, receivers
from agentflow.plan.contracts import ContractPlan
from agentflow.plan.handoff_sides import OF_OBJECTS, demands
from agentflow.plan.handoff_words import Way
from agentflow.plan.handoffs import SOME_FIELD
from agentflow.plan.narrowing import NOTHING_GIVEN, Given
from agentflow.plan.schemas import Contract, past_references
from agentflow.plan.shape_kinds import MOST_OPTIONS
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.syntax import Conditional, Identifier, ListLiteral, spine
from agentflow.spec.document import Document, Path
from agentflow.spec.templates import UNREAD, Constant, ListOf, MapOf, Template, Whole
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Mapping, Scalar


class Handoff(Struct, frozen=True):
    """A template whose value goes to a field of what an agent or a pipeline takes, or is all that
    it is given, or stands for an agent's output.

    `path` leads to the template in the document, `inside` is how much of that is its step;
    `place` is the address where the template is read. `wanted` is what the value has to keep: the
    `field` of the `side` of the `receiver`, a contract that stands at `contract` of `document`. The
    receiver of an `answer` is the step that asks.

    With `chosen` it is one side of a `? :`, where something is `given`. `at` is the way to it in the list
    that an expression writes out.
    """

    template: Template
    path: Path
    inside: int
    place: str
    receiver: str
    side: str
    field: Way
    wanted: Contract
    document: Document
    contract: Path
    given: Given = NOTHING_GIVEN
    chosen: bool = False
    at: Way = ()

    def sides(self) -> Iterator["Handoff"]:
        """What is handed over on each side of a `? :`, if that is what the template is."""
        if not isinstance(self.template, Whole) or not isinstance(self.template.expr, Conditional):
            return
        chosen = self.template.expr
        for side, truth in ((chosen.then, True), (chosen.otherwise, False)):
            given = self.given.assuming(chosen.condition, truth)
            template = replace(self.template, expr=side)
            handoff = replace(self, template=template, given=given, chosen=True)
            yield from list(handoff.sides()) or [handoff]

    def items(self) -> Iterator["Handoff"]:
        """Each item of the lists that the template writes out, by itself: what these hold is certain."""
        descent = Descent()
        root = self.wanted.root
        inside: Iterable[tuple[str | int, Template]] = ()
        match self.template:
            case MapOf(entries):
                inside = entries
            case ListOf(items) if len(items) <= MOST_OPTIONS:
                inside = enumerate(items)
            case Whole(ListLiteral(exprs)) if len(exprs) <= MOST_OPTIONS:
                inside = enumerate(replace(self.template, expr=expr) for expr in exprs)
        for key, template in inside:
            wanted = Contract(descent.into(self.wanted.schema, root, key), root)
            part = replace(self, template=template, field=(*self.field, key), wanted=wanted)
            if isinstance(self.template, Whole):
                part = replace(part, at=(*self.at, key))
            else:
                part = replace(part, path=(*self.path, key))
            if wanted.schema is False:
                continue  # that there is such a part at all is judged with the whole
            if isinstance(key, int):
                yield part
            else:
                yield from part.items()


class Source(Struct, frozen=True):
    """What gives a part of the value: a template, and the way to the part from there.

    `text` names the part as one would write it. `uses` are the references in the template, and
    `given` is what holds there.
    """

    template: Template
    path: Path
    place: str
    way: Way
    text: str
    uses: tuple[Use, ...]
    given: Given = NOTHING_GIVEN

    @property
    def is_reference(self) -> bool:
        """Is the template a path from a root of the scope, and nothing else?"""
        template = self.template
        return isinstance(template, Whole) and isinstance(spine(template.expr)[-1], Identifier)


class Handoffs:
    """All the handoffs of one plan."""

    def __init__(self, document: Document, plan: Plan) -> None:
        self._document = document
        self._plan = plan
        self._uses: dict[Path, list[Use]] = {}
        for use in plan.uses:
            self._uses.setdefault(use.path, []).append(use)

    def __iter__(self) -> Iterator[Handoff]:
        descent = Descent()
        for receiver in receivers(self._document, self._plan):
            step = receiver.step
            root: Schema = receiver.contract
            for name, template in _entries(receiver.arguments):
                wanted = Contract(descent.into(root, root, name), root)
                if wanted.schema is False or template is UNREAD:
                    continue  # an argument that the contract does not have, or none: named elsewhere
                yield Handoff(
                    template=template,
                    path=(*receiver.given, name),
                    inside=len(step.path),
                    place=step.address,
                    receiver=receiver.name,
                    side=receiver.side,
                    field=(name,),
                    wanted=wanted,
                    document=receiver.document,
                    contract=receiver.place,
                )
            yield from _as_a_whole(receiver)
        for step in self._plan.steps.values():
            if step.contract is not None:
                yield from self._caught(step, step.contract)

    def _caught(self, step: StepPlan, kept: ContractPlan) -> Iterator[Handoff]:
        """The values that `catch` puts in the place of what an agent or a person answers."""
        receiver, side = (step.call.agent, "output") if step.call else (step.id, "answer")
        for value, path, inside in _values(step):
            if value is not None and value is not UNREAD:
                yield Handoff(
                    template=value,
                    path=path,
                    inside=inside,
                    place=step.address if path[: len(step.path)] == step.path else "",
                    receiver=receiver,
                    side=side,
                    field=(),
                    wanted=Contract(kept.schema, kept.schema),
                    document=self._document,
                    contract=_produced_by(step),
                )

    def source(self, handoff: Handoff, way: Way) -> Source:
        """What gives the part of a handoff that a way leads to."""
        template, path, rest = _innermost(handoff.template, handoff.path, way)
        uses = tuple(self._uses.get(path, ()))
        if isinstance(template, MapOf):
            uses = tuple(use for use in self._plan.uses if use.path[: len(path)] == path)
        if isinstance(template, Whole):
            start, end = (template.offset + at for at in (template.expr.start, template.expr.end))
            uses = tuple(use for use in uses if start <= use.start and use.end <= end)
        source = Source(template, path, handoff.place, rest, "", uses, handoff.given)
        shown: Way = (*path[handoff.inside :], *handoff.at, *rest)
        if source.is_reference:
            reference = max(uses, key=lambda use: use.end - use.start).reference
            parts = (SOME_ITEM if part is None else part for part in reference.path)
            shown = (reference.root, *parts, *rest)
        return replace(source, text=way_text(shown))

    def place_of(self, source: Source) -> Location:
        """Where the template of a source stands."""
        template = source.template
        if isinstance(template, Whole):
            start, end = template.expr.start, template.expr.end
            return self._document.in_string(
                source.path, template.offset + start, template.offset + end
            )
        return self._document.locate(source.path)

    def contracts(self, handoff: Handoff, source: Source, way: Way) -> tuple[Related, ...]:
        """Where the contracts of the consumer and of the producer speak of a part."""
        taken = _in_contract(handoff.document, handoff.contract, (*handoff.field, *way))
        places = [Related(f"what {quoted(handoff.receiver)} wants", taken)]
        if source.is_reference:
            use = max(source.uses, key=lambda use: use.end - use.start)
            given = self._produced(use, source.way)
            if given is not None:
                places.append(Related(f"what {quoted(source.text)} is", given))
        return tuple(places)

    def _produced(self, use: Use, way: Way) -> Location | None:
        path = tuple(SOME_ITEM if part is None else part for part in use.reference.path)
        if use.reference.root == "inputs":
            return _in_contract(self._document, ("inputs",), (*path, *way))
        step = self._plan.steps.get(use.target or "")
        if step is None or path[1:2] != ("output",):
            return None
        inside = (*path[2:], *way)
        if step.for_each is not None:
            inside = inside[1:]
        if step.nested is not None and inside:
            child = self._plan.children[step.address]
            return child.document.locate_key(("outputs", inside[0]))
        if step.contract is None:
            return None
        return _in_contract(self._document, _produced_by(step), inside)


def _as_a_whole(receiver: Receiver) -> Iterator[Handoff]:
    """All arguments together, where the contract asks for more than each field by itself."""
    root = receiver.contract
    if not isinstance(root, dict) or not isinstance(receiver.arguments, MapOf | Constant):
        return
    target = past_references(Contract(root, root))
    if not isinstance(target, dict):
        return
    filled = (
        isinstance(one, dict) and "default" in one for one in target.get("properties", {}).values()
    )
    if receiver.side == "inputs" and any(filled):
        return  # what is not given may be filled in
    asked = demands(target, OF_OBJECTS)
    for wanted in (*asked.branches, *([asked.rest] if asked.rest is not None else ())):
        yield Handoff(
            template=receiver.arguments,
            path=receiver.given,
            inside=len(receiver.step.path),
            place=receiver.step.address,
            receiver=receiver.name,
            side=receiver.side,
            field=(),
            wanted=Contract(wanted, root),
            document=receiver.document,
            contract=receiver.place,
        )


def _values(step: StepPlan) -> Iterator[tuple[Template | None, Path, int]]:
    """What `catch` may put in the place of the output, with its path and what of that is around."""
    for key, action in step.catch.items():
        yield action.value, (*step.path, "catch", key, "use"), len(step.path)
        if action.escalation is not None:
            last = ("escalations", action.escalation.name, "on_exhausted")
            yield action.escalation.on_exhausted.value, (*last, "use"), 2


def _produced_by(step: StepPlan) -> Path:
    """Where the contract of a step's output stands: at its agent, or in its question."""
    if step.call is not None:
        return ("agents", step.call.agent, "output")
    return (*step.path, "human", "answer")


def way_text(way: Way) -> str:
    """A way in writing, with `[]` for any item and `[*]` for any field: `legs[].date`."""
    return path_text(way).replace(f"[{SOME_ITEM}]", "[]").replace(f'["{SOME_FIELD}"]', "[*]")


def _in_contract(document: Document, contract: Path, way: Way) -> Location:
    """Where a contract speaks of a part, as far as it is written out in the file."""
    path: Path = contract
    for key in (None, *way):
        if key is not None:
            path = next(
                (place for place in _places(path, key) if document.node(place) is not None),
                (*path, "properties", str(key)),
            )
        node = document.node(path)
        reference = document.node((*path, "$ref")) if isinstance(node, Mapping) else node
        if isinstance(reference, Scalar):
            named = ("contracts", reference.text.rpartition("/")[2])
            if document.node(named) is None:
                break  # it goes on in another file
            path = named
    return document.locate_key(path)


def _places(contract: Path, key: str | int) -> tuple[Path, ...]:
    """Where a contract may speak of a part, the most special place first."""
    if isinstance(key, int):
        return (*contract, "prefixItems", key), (*contract, "items")
    return (*contract, "properties", key), (*contract, "additionalProperties")


def _innermost(template: Template, path: Path, way: Way) -> tuple[Template, Path, Way]:
    """The template that a way leads into, its path in the document, and what is left of the way."""
    for index, key in enumerate(way):
        inner = dict(_entries(template)).get(str(key))
        if inner is None:
            return template, path, way[index:]
        template, path = inner, (*path, key)
    return template, path, ()


def _entries(template: Template) -> Iterator[tuple[str, Template]]:
    """The templates of the fields of a map."""
    match template:
        case MapOf(entries):
            yield from entries
        case Constant(dict() as value):
            yield from ((str(key), Constant(part)) for key, part in value.items())

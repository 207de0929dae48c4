"""Where a spec breaks the models of the language, in words and places of our own.

pydantic reports every branch of a choice that did not fit, in the order of the models. Here each
mistake becomes one finding, at the place the author has to look at:

    unknown-key          a key the language does not have, with the nearest it has
    not-supported        a key or kind that the language has and this version has not
    missing-key          a mapping without a key it needs, a step without a kind
    conflicting-keys     a step of two kinds
    wrong-type           anything else than what is expected there
    bad-name             a name that is none, with one that is
    unsupported-version  another version of the language, or none named
"""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from agentflow.findings import START_OF_FILE, Edit, Finding, Fix, Location, Related, Severity, Span
from agentflow.spec.document import Document, Path
from agentflow.spec.elsewhere import called_here
from agentflow.spec.fixes import mending, renamed
from agentflow.spec.model import (
    AGENT_PATTERN,
    CHANNEL_KINDS,
    CONTRACT_NAME_PATTERN,
    NAME_PATTERN,
    STEP_KINDS,
    StepBase,
    Vocabulary,
)
from agentflow.spec.nearest import nearest
from agentflow.spec.phrases import (
    called,
    command_line,
    expected,
    foreign_letter,
    found,
    listed,
    mend,
    mended_name,
)
from agentflow.spec.shape import Shape, Spot, follow, keys_of, kinds_of
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Mapping, Node, Scalar

#: pydantic's words for "this is not even the right type".
_MISMATCHES = frozenset(
    {
        "string_type",
        "dict_type",
        "list_type",
        "model_type",
        "model_attributes_type",
        "int_type",
        "float_type",
        "bool_type",
        "literal_error",
        "enum",
    }
)
#: Its words for a step or an agent that does not say which.
_NO_KIND = frozenset({"union_tag_not_found", "union_tag_invalid"})
#: The types of JSON Schema.
_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_NAME_RULES = {
    NAME_PATTERN: ("a name", "lower-case letters, digits and '_', at most 63, a letter first"),
    AGENT_PATTERN: ("the name of an agent", "a name, or one ${{ EXPRESSION }} and 'among'"),
    CONTRACT_NAME_PATTERN: (
        "a contract's name",
        "letters and digits, at most 63, a capital letter first",
    ),
}


class Breach(Struct, frozen=True):
    """One complaint of pydantic, and where it leads."""

    spot: Spot
    type: str
    context: dict[str, Any]


class Breaches:
    """Turns the complaints about one document into findings.

    `removable` are the paths of keys that can be taken out to leave a spec that may be looked at
    further; it is None as soon as something is wrong that no removal mends. `renamed` are misspelt keys
    with the names that they have to have been meant for, and what was said of each.
    """

    def __init__(self, document: Document, vocabulary: Vocabulary) -> None:
        self.findings: list[Finding] = []
        self.removable: list[Path] | None = []
        self.renamed: dict[Path, tuple[str, Finding]] = {}
        self._document = document
        self._vocabulary = vocabulary
        self._conflicts: set[Path] = set()

    def add(self, complaints: Iterable[Any]) -> None:
        """Add findings for the `errors()` of a `pydantic.ValidationError`."""
        choices: dict[Path, list[Breach]] = {}
        for complaint in complaints:
            spot = follow(self._vocabulary.pipeline, complaint["loc"])
            breach = Breach(spot, complaint["type"], complaint.get("ctx") or {})
            if spot.union is not None:
                choices.setdefault(spot.union[0], []).append(breach)
            else:
                self._one(breach)
        for path, breaches in choices.items():
            for breach in self._choose(path, breaches):
                self._one(breach)

    def _choose(self, path: Path, breaches: list[Breach]) -> list[Breach]:
        """Of the branches of a choice, those that the author meant; else one for all of them."""
        wrong = {
            breach.spot.branch
            for breach in breaches
            if breach.spot.path == path and breach.type in _MISMATCHES
        }
        meant = [breach for breach in breaches if breach.spot.branch not in wrong]
        if meant:
            return meant
        assert breaches[0].spot.union is not None
        shape = breaches[0].spot.union[1]
        return [Breach(Spot(path, shape, breaches[0].spot.owner), "union", {})]

    def _one(self, breach: Breach) -> None:
        spot = breach.spot
        if spot.path == ("agentflow",):
            self.version()
        elif breach.type == "extra_forbidden":
            self._extra(spot)
        elif breach.type == "missing":
            self._missing(spot)
        elif breach.type in _NO_KIND or (spot.shape and spot.shape.rule("discriminator")):
            self._kind(spot)
        elif breach.type == "string_pattern_mismatch" and spot.shape is not None:
            self._pattern(spot, spot.shape)
        elif spot.at_key and spot.shape is not None and spot.shape.choices:
            self._unknown_choice(spot, spot.shape)
        else:
            self._wrong(breach)

    def version(self) -> None:
        """The `agentflow` key is not `1`."""
        node = self._node(("agentflow",))
        if node is None:
            self._report(
                "unsupported-version",
                "the first key has to be 'agentflow: 1'",
                Location(self._document.file, START_OF_FILE),
                "it says in which version of the language the spec is written",
                fix=self._headed(),
            )
            return
        place = self._document.locate(("agentflow",))
        if isinstance(node, Scalar) and type(node.value) in (int, float):
            self._report(
                "unsupported-version",
                f"version {node.text[:40]} of the language is not known here",
                place,
                "write 'agentflow: 1'; a newer release may know the other",
            )
            return
        self._report(
            "unsupported-version",
            f"expected a version of the language, found {found(node)}",
            place,
            "write 'agentflow: 1'",
            fix=Fix("write 1", (Edit(place.span, "1"),))
            if isinstance(node, Scalar) and node.text in ("1", "v1")
            else None,
        )

    def _headed(self) -> Fix | None:
        """The header put before the first key, unless a misspelt key may be it."""
        root = self._document.root
        if not isinstance(root, Mapping) or root.flow or not root.entries:
            return None
        if nearest("agentflow", root.entries) is not None:
            return None
        line = next(iter(root.entries.values())).key.line
        edit = Edit(Span(line, 1, line, 1), "agentflow: 1\n")
        return Fix("put 'agentflow: 1' before the first key", (edit,))

    def _extra(self, spot: Spot) -> None:
        owner, path, key = spot.owner, spot.path, str(spot.path[-1])
        assert owner is not None
        place = self._document.locate_key(path)
        if issubclass(owner, StepBase) and self._belongs_to_other_kind(path):
            return
        message = f"{quoted(key)} is not a key of {called(owner)}"
        if issubclass(owner, StepBase) and key in owner.elsewhere:
            self._report("unknown-key", message, place, owner.elsewhere[key], remove=path)
            return
        near = nearest(key, keys_of(owner)) or called_here(key, keys_of(owner))
        mended = f"did you mean {quoted(near)}?" if near else f"it knows: {listed(keys_of(owner))}"
        if letter := foreign_letter(key):
            mended = f"{mended} {letter}"
        self._report(
            "unknown-key",
            message,
            place,
            mended,
            remove=path,
            fix=self._renamed(path, keys_of(owner)),
        )
        self._means(path, near)

    def _belongs_to_other_kind(self, path: Path) -> bool:
        """Report a step of two kinds, once; the keys of the second kind are no news then."""
        step = path[:-1]
        node = self._node(step)
        assert isinstance(node, Mapping)
        kinds = [key for key in node.entries if key in STEP_KINDS]
        others = {k for kind in kinds for k in keys_of(STEP_KINDS[kind])}
        if len(kinds) < 2 or path[-1] not in {*kinds, *others}:
            return False
        if step not in self._conflicts:
            self._conflicts.add(step)
            first, second = self._document.locate_key((*step, kinds[0])), (*step, kinds[1])
            self._report(
                "conflicting-keys",
                f"step {quoted(str(step[-1]))} has {quoted(kinds[0])} and {quoted(kinds[1])}",
                self._document.locate_key(second),
                f"a step has exactly one of: {listed(STEP_KINDS)}",
                related=(Related("the other one", first),),
            )
        return True

    def _missing(self, spot: Spot) -> None:
        path, key = spot.path[:-1], str(spot.path[-1])
        node = self._node(path)
        if isinstance(node, Mapping) and spot.owner is not None:
            known = list(keys_of(spot.owner))
            if any(nearest(name, known) == key for name in node.entries if name not in known):
                return  # it is there under a misspelt name, which is reported
        lack = f"the pipeline has no {quoted(key)}"
        if path:
            lack = f"{quoted(str(path[-1]))} has no {quoted(key)}, which {called(spot.owner)} needs"
        self._report(
            "missing-key",
            lack,
            self._document.locate_key(path)
            if path
            else Location(self._document.file, START_OF_FILE),
            f"add '{key}:' with {expected(spot.shape or Shape(object))}",
        )

    def _kind(self, spot: Spot) -> None:
        """A step, an agent or a channel whose kind is missing or unknown."""
        node = self._node(spot.path)
        by_key = spot.shape is not None and spot.shape.rule("discriminator") == "kind"
        what = "channel" if spot.path[:1] == ("channels",) else "agent"
        if not isinstance(node, Mapping):
            a_thing = f"a{'n' * (what == 'agent')} {what}" if by_key else "a step"
            self._report(
                "wrong-type",
                f"expected {a_thing}, found {found(node)}",
                self._document.locate(spot.path),
                f"write the keys of the {what} below its name"
                if by_key
                else "write {agent: NAME}, or the keys of the step below its name",
            )
        elif by_key:
            kinds = CHANNEL_KINDS if what == "channel" else self._vocabulary.agent_kinds
            self._kind_by_key(spot, node, what, [n for kind in kinds for n in kinds_of(kind)])
        else:
            self._step_kind(spot, node)

    def _kind_by_key(self, spot: Spot, node: Mapping, what: str, known: list[str]) -> None:
        if "kind" not in node.entries:
            word = next((key for key in node.entries if called_here(key, ("kind",))), None)
            self._report(
                "missing-key",
                f"{what} {quoted(str(spot.path[-1]))} has no 'kind'",
                self._document.locate_key((*spot.path, word) if word else spot.path),
                f"write 'kind' for {quoted(word)}"
                if word
                else f"add 'kind:' with one of: {listed(known)}",
            )
            return
        value = node.entries["kind"].value
        kind = value.text if isinstance(value, Scalar) else found(value)
        place = self._document.locate((*spot.path, "kind"))
        if what == "agent" and kind in self._vocabulary.planned_agent_kinds:
            self._report(
                "not-supported",
                f"agents of kind {quoted(kind)} are not supported yet",
                place,
                f"the kinds are: {listed(known)}",
            )
            return
        near = nearest(kind, known)
        self._report(
            "wrong-type",
            f"{quoted(kind)} is not a kind of {what}",
            place,
            f"did you mean {quoted(near)}?" if near else f"the kinds are: {listed(known)}",
        )

    def _step_kind(self, spot: Spot, node: Mapping) -> None:
        known = {key for kind in STEP_KINDS.values() for key in keys_of(kind)}
        typos = (
            (key, nearest(key, STEP_KINDS) or called_here(key, STEP_KINDS))
            for key in node.entries
            if key not in known
        )
        key, near = next(((key, near) for key, near in typos if near), ("", None))
        if near is None:
            self._report(
                "missing-key",
                f"step {quoted(str(spot.path[-1]))} needs one of: {listed(STEP_KINDS)}",
                self._document.locate_key(spot.path),
                None,
            )
            return
        path = (*spot.path, key)
        self._report(
            "unknown-key",
            f"{quoted(key)} is not a key of a step",
            self._document.locate_key(path),
            f"did you mean {quoted(near)}?",
            fix=self._renamed(path, STEP_KINDS),
        )
        self._means(path, near)

    def _pattern(self, spot: Spot, shape: Shape) -> None:
        pattern = shape.rule("pattern")
        text = str(spot.path[-1])
        if not spot.at_key:
            node = self._node(spot.path)
            text = node.text if isinstance(node, Scalar) else ""
        if pattern in _NAME_RULES:
            what, rule = _NAME_RULES[pattern]
            mended = mended_name(text, pattern)
            advice = (
                f"write {quoted(mended)}" if mended and len(mended) <= 60 else foreign_letter(text)
            )
            if text in _TYPES and not spot.at_key:  # a type where the name of a contract may stand
                advice = f"write {{type: {text}}}"
            self._report(
                "bad-name",
                f"{quoted(text)} cannot be {what}: expected {rule}",
                self._place(spot),
                advice,
            )
        else:
            self._wrong(Breach(spot, "pattern", {}))

    def _unknown_choice(self, spot: Spot, shape: Shape) -> None:
        """A key that is none of the few that a mapping may have."""
        key = str(spot.path[-1])
        near = nearest(key, shape.choices)
        self._report(
            "unknown-key",
            f"{quoted(key)} cannot stand here, expected one of: {listed(shape.choices)}",
            self._place(spot),
            f"did you mean {quoted(near)}?" if near else None,
            remove=spot.path,
            fix=self._renamed(spot.path, shape.choices),
        )
        self._means(spot.path, near)

    def _wrong(self, breach: Breach) -> None:
        spot = breach.spot
        node = self._node(spot.path)
        shape = spot.shape if spot.shape is not None else Shape(object)
        wanted, mended = expected(shape), mend(shape, node)
        if breach.type == "too_short" and (least := breach.context.get("min_length")):
            what = "entry" if isinstance(node, Mapping) else "item"
            wanted = f"at least {least} {what}{'' if least == 1 else 's'}"
        elif breach.type == "value_error":
            self._report("wrong-type", str(breach.context["error"]), self._place(spot), None)
            return
        elif spot.path[-1:] == ("argv",) and isinstance(node, Scalar):
            mended = command_line(node.text) or "write a list"
        choices = [c for s in (shape, *shape.members) for c in s.choices]
        place = self._place(spot)
        fix = mending(shape, node, self._document) if not spot.at_key else None
        if choices and isinstance(node, Scalar):
            near = nearest(node.text, choices)
            mended = f"did you mean {quoted(near)}?" if near else mended
            fix = renamed(self._document, place, node.text, choices) if near else fix
        self._report(
            "wrong-type", f"expected {wanted}, found {found(node)}", place, mended, fix=fix
        )

    def _renamed(self, path: Path, known: Iterable[str]) -> Fix | None:
        """A misspelt key as the one that is near, unless that is there as well."""
        around = self._node(path[:-1])
        there = around.entries if isinstance(around, Mapping) else {}
        left = [key for key in known if key not in there]
        key = str(path[-1])
        return renamed(self._document, self._document.locate_key(path), key, left)

    def _means(self, path: Path, near: str | None) -> None:
        """A misspelt key is looked at under the name that is near, unless that is there as well."""
        around = self._node(path[:-1])
        others = {name for at, (name, _) in self.renamed.items() if at[:-1] == path[:-1]}
        if near and isinstance(around, Mapping) and near not in around.entries.keys() | others:
            self.renamed[path] = near, self.findings[-1]

    def _node(self, path: Path) -> Node | None:
        return self._document.node(path)

    def _place(self, spot: Spot) -> Location:
        find: Callable[[Path], Location] = (
            self._document.locate_key if spot.at_key else self._document.locate
        )
        return find(spot.path)

    def _report(
        self,
        rule: str,
        message: str,
        place: Location,
        help: str | None,
        *,
        remove: Path | None = None,
        related: tuple[Related, ...] = (),
        fix: Fix | None = None,
    ) -> None:
        self.findings.append(Finding(rule, Severity.ERROR, message, place, help, related, fix))
        if remove is None:
            self.removable = None
        elif self.removable is not None:
            self.removable.append(remove)

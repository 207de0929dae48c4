"""Where a spec breaks the models of the language, in words and places of our own.

Each place that `spec.filling` takes down becomes one finding where the author has to look:

    unknown-key          a key the language does not have, with the nearest it has
    missing-key          a mapping without a key it needs, a step without a kind
    conflicting-keys     a step of two kinds
    wrong-type           anything else than what is expected there
    bad-name             a name that is none, with one that is
    unsupported-version  another version of the language, or none named
"""

from collections.abc import Callable, Iterable
from typing import Any

from agentflow.findings import START_OF_FILE, Finding, Fix, Location, Related, Severity
from agentflow.spec.document import Document, Path
from agentflow.spec.elsewhere import called_here, likely
from agentflow.spec.filling import Breach
from agentflow.spec.fixes import mending, renamed
from agentflow.spec.meant import command_line, meant
from agentflow.spec.model import (
    AGENT_PATTERN,
    CHANNEL_KINDS,
    CONTRACT_NAME_PATTERN,
    NAME_PATTERN,
    STEP_KINDS,
    ByKind,
    Json,
    StepBase,
    Vocabulary,
)
from agentflow.spec.nearest import nearest
from agentflow.spec.phrases import (
    called,
    called_at,
    either,
    expected,
    foreign_letter,
    found,
    instead,
    keys_beside,
    listed,
    mend,
    mended_name,
)
from agentflow.spec.shape import Shape, keys_of, kinds_of
from agentflow.spec.unlisted import put_together, without_comment
from agentflow.spec.version import wrong_version
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Mapping, Node, Scalar

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


#: Where names stand that are only referred to elsewhere.
_DEFINED_UNDER = {AGENT_PATTERN: "agents", CONTRACT_NAME_PATTERN: "contracts"}
_ANYTHING = Shape(form=Any, sort="any")
_MERGE = "<<"


class Breaches:
    """Turns the complaints about one document into findings.

    `unknown_keys_only` tells whether a spec without them may be looked at further. `renamed` are
    misspelt keys with the names that they have to have been meant for, and what was said of each.
    So are `meant` values of the wrong type, with those that stand for them.
    """

    def __init__(self, document: Document, vocabulary: Vocabulary) -> None:
        self.findings: list[Finding] = []
        self.unknown_keys_only = True
        self.renamed: dict[Path, tuple[str, Finding]] = {}
        self.meant: dict[Path, tuple[Json, Finding]] = {}
        self._document = document
        self._vocabulary = vocabulary
        self._conflicts: set[Path] = set()
        self._misread = {
            each.location.span for each in document.findings if each.rule == "unquoted-template"
        }

    def add(self, breaches: Iterable[Breach]) -> None:
        """Add findings for places that do not fit."""
        for breach in breaches:
            self._one(breach)

    def _one(self, breach: Breach) -> None:
        if (self._misread and self._is_misread(breach.path)) or (
            breach.fault in ("missing-key", "kind") and self._merges(breach.path)
        ):
            self.unknown_keys_only = False
        elif breach.path == ("agentflow",):
            self._note(wrong_version(self._document))
        elif breach.fault == "unknown-key":
            self._extra(breach)
        elif breach.fault == "missing-key":
            self._missing(breach)
        elif breach.fault == "kind":
            self._kind(breach)
        elif breach.fault == "pattern" and breach.shape is not None:
            self._pattern(breach, breach.shape)
        elif breach.at_key and breach.shape is not None and breach.shape.choices:
            self._unknown_choice(breach, breach.shape)
        else:
            self._wrong(breach)

    def _is_misread(self, path: Path) -> bool:
        """Is it in a mapping that was to be a template, which the document has told of?"""
        nodes = (self._node(path[:length]) for length in range(1, len(path) + 1))
        return any(isinstance(each, Mapping) and each.span in self._misread for each in nodes)

    def _extra(self, breach: Breach) -> None:
        owner, path, key = breach.owner, breach.path, str(breach.path[-1])
        assert owner is not None
        place = self._document.locate_key(path)
        if issubclass(owner, StepBase) and self._belongs_to_other_kind(path):
            return
        message = f"{quoted(key)} is not a key of {called(owner)}"
        if issubclass(owner, StepBase) and key in owner.elsewhere:
            self._report("unknown-key", message, place, owner.elsewhere[key], unknown_key=True)
            return
        # A mapping whose kind no key tells may be one of another kind, with its key misspelt.
        known = [*keys_of(owner), *keys_beside(owner)]
        near = likely(key, known)
        mended = f"did you mean {quoted(near)}?" if near else f"it knows: {listed(known)}"
        if letter := foreign_letter(key):
            mended = f"{mended} {letter}"
        self._report(
            "unknown-key",
            message,
            place,
            mended,
            unknown_key=True,
            fix=self._renamed(path, known),
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
                related=(Related("the other one is here", first),),
            )
        return True

    def _missing(self, breach: Breach) -> None:
        path, key = breach.path[:-1], str(breach.path[-1])
        node = self._node(path)
        if isinstance(node, Mapping) and breach.owner is not None:
            known = list(keys_of(breach.owner))
            if any(likely(name, known) == key for name in node.entries if name not in known):
                return  # it is there under a misspelt name, which is reported
        lack = f"the pipeline has no {quoted(key)}"
        if path:
            lack = f"{called_at(path)} has no {quoted(key)}, which {called(breach.owner)} needs"
        self._report(
            "missing-key",
            lack,
            self._document.locate_key(path)
            if path
            else Location(self._document.file, START_OF_FILE),
            f"add '{key}:' with {expected(breach.shape or _ANYTHING)}",
        )

    def _merges(self, path: Path) -> bool:
        """May what a mapping lacks be in what a merge key stands for? Of that key it is told."""
        node = self._node(path)
        return isinstance(node, Mapping) and _MERGE in node.entries

    def _kind(self, breach: Breach) -> None:
        """A step, an agent or a channel whose kind is missing or unknown."""
        node = self._node(breach.path)
        by_key = breach.shape is not None and isinstance(breach.shape.told, ByKind)
        what = "channel" if breach.path[:1] == ("channels",) else "agent"
        if not isinstance(node, Mapping):
            a_thing = f"a{'n' * (what == 'agent')} {what}" if by_key else "a step"
            self._report(
                "wrong-type",
                f"expected {a_thing}, found {found(node)}",
                self._document.locate(breach.path),
                f"write the keys of the {what} below its name"
                if by_key
                else "write {agent: NAME}, or the keys of the step below its name",
            )
        elif by_key:
            kinds = CHANNEL_KINDS if what == "channel" else self._vocabulary.agent_kinds
            self._kind_by_key(breach, node, what, [n for kind in kinds for n in kinds_of(kind)])
        else:
            self._step_kind(breach, node)

    def _kind_by_key(self, breach: Breach, node: Mapping, what: str, known: list[str]) -> None:
        misspelt = next((key for key in node.entries if nearest(key, ("kind",))), None)
        if "kind" not in node.entries and misspelt is not None:
            path = (*breach.path, misspelt)
            self._report(
                "unknown-key",
                f"{quoted(misspelt)} is not a key of {'an agent' if what == 'agent' else 'a channel'}",
                self._document.locate_key(path),
                "did you mean 'kind'?",
                fix=self._renamed(path, ("kind",)),
            )
            self._means(path, "kind")
            return
        if "kind" not in node.entries:
            word = next((key for key in node.entries if called_here(key, ("kind",))), None)
            self._report(
                "missing-key",
                f"{what} {quoted(str(breach.path[-1]))} has no 'kind'",
                self._document.locate_key((*breach.path, word) if word else breach.path),
                f"write 'kind' for {quoted(word)}"
                if word
                else f"add 'kind:' with one of: {listed(known)}",
            )
            return
        value = node.entries["kind"].value
        kind = value.text if isinstance(value, Scalar) else found(value)
        place = self._document.locate((*breach.path, "kind"))
        near = likely(kind, known)
        self._report(
            "wrong-type",
            f"{quoted(kind)} is not a kind of {what}",
            place,
            f"did you mean {quoted(near)}?" if near else f"the kinds are: {listed(known)}",
            fix=renamed(self._document, place, kind, known),
        )

    def _step_kind(self, breach: Breach, node: Mapping) -> None:
        known = {key for kind in STEP_KINDS.values() for key in keys_of(kind)}
        typos = ((key, likely(key, STEP_KINDS)) for key in node.entries if key not in known)
        key, near = next(((key, near) for key, near in typos if near), ("", None))
        if near is None:
            strange = [quoted(key) for key in node.entries if key not in known]
            self._report(
                "missing-key",
                f"step {quoted(str(breach.path[-1]))} needs one of: {listed(STEP_KINDS)}",
                self._document.locate_key(breach.path),
                f"no step has {either(strange)}" if strange else None,
            )
            return
        path = (*breach.path, key)
        self._report(
            "unknown-key",
            f"{quoted(key)} is not a key of a step",
            self._document.locate_key(path),
            f"did you mean {quoted(near)}?",
            fix=self._renamed(path, STEP_KINDS),
        )
        self._means(path, near)

    def _pattern(self, breach: Breach, shape: Shape) -> None:
        pattern = shape.pattern
        text = str(breach.path[-1])
        if not breach.at_key:
            node = self._node(breach.path)
            text = node.text if isinstance(node, Scalar) else ""
        if pattern in _NAME_RULES:
            what, rule = _NAME_RULES[pattern]
            mended = mended_name(text, pattern)
            if pattern in _DEFINED_UNDER and not breach.at_key:
                block = self._node((_DEFINED_UNDER[pattern],))
                known = block.entries if isinstance(block, Mapping) else {}
                if known and mended not in known:
                    mended = nearest(text, known)
            advice = (
                f"write {quoted(mended)}" if mended and len(mended) <= 60 else foreign_letter(text)
            )
            if commented := without_comment(text):
                advice = commented
            # A type where the name of a contract may stand.
            if text in _TYPES and not breach.at_key:
                advice = f"write {{type: {text}}}"
            self._report(
                "bad-name",
                f"{quoted(text)} cannot be {what}: expected {rule}",
                self._place(breach),
                advice,
            )
            if breach.path == ("name",):  # which nothing else refers to
                self.meant[breach.path] = mended or "unnamed", self.findings[-1]
        else:
            self._wrong(breach)

    def _unknown_choice(self, breach: Breach, shape: Shape) -> None:
        """A key that is none of the few that a mapping may have."""
        key = str(breach.path[-1])
        near = likely(key, shape.choices)
        self._report(
            "unknown-key",
            f"{quoted(key)} cannot stand here, expected one of: {listed(shape.choices)}",
            self._place(breach),
            f"did you mean {quoted(near)}?" if near else None,
            unknown_key=True,
            fix=self._renamed(breach.path, shape.choices),
        )
        self._means(breach.path, near)

    def _wrong(self, breach: Breach) -> None:
        node = self._node(breach.path)
        shape = breach.shape or _ANYTHING
        wanted, mended = expected(shape), mend(shape, node)
        if breach.fault == "short":
            least = shape.min_length
            what = "entry" if isinstance(node, Mapping) else "item"
            wanted = f"at least {least} {what}{'' if least == 1 else 's'}"
        elif breach.fault == "objection":
            self._report("wrong-type", breach.said, self._place(breach), None)
            return
        elif isinstance(node, Scalar) and (told := put_together(shape, node)) is not None:
            mended = told
        elif breach.path[-1:] == ("argv",) and isinstance(node, Scalar):
            words = command_line(node.text)
            mended = f"write {words.written}" if words else "write a list"
        elif mended is None and not isinstance(node, Mapping):
            mended = instead(str(breach.path[-1]), node) if breach.path else None
        choices = [c for s in (shape, *shape.members) for c in s.choices]
        place = self._place(breach)
        fix = mending(shape, node, self._document) if not breach.at_key else None
        if choices and isinstance(node, Scalar):
            near = likely(node.text, choices)
            mended = f"did you mean {quoted(near)}?" if near else mended
            fix = renamed(self._document, place, node.text, choices) if near else fix
        self._report(
            "wrong-type", f"expected {wanted}, found {found(node)}", place, mended, fix=fix
        )
        if isinstance(node, Scalar) and not breach.at_key:
            self._stands_for(breach.path, shape, node)

    def _stands_for(self, path: Path, shape: Shape, node: Scalar) -> None:
        """Note what a value has to have been meant for, if that is clear."""
        stated = command_line(node.text) if path[-1:] == ("argv",) else meant(shape, node)
        choices = [c for s in (shape, *shape.members) for c in s.choices]
        value = stated.value if stated is not None else likely(node.text, choices)
        if value is not None:
            self.meant[path] = value, self.findings[-1]

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

    def _place(self, breach: Breach) -> Location:
        find: Callable[[Path], Location] = (
            self._document.locate_key if breach.at_key else self._document.locate
        )
        return find(breach.path)

    def _report(
        self,
        rule: str,
        message: str,
        place: Location,
        help: str | None,
        *,
        unknown_key: bool = False,
        related: tuple[Related, ...] = (),
        fix: Fix | None = None,
    ) -> None:
        finding = Finding(rule, Severity.ERROR, message, place, help, related, fix)
        self._note(finding, unknown_key=unknown_key)

    def _note(self, finding: Finding, *, unknown_key: bool = False) -> None:
        self.findings.append(finding)
        self.unknown_keys_only = self.unknown_keys_only and unknown_key

"""What a rule is, and what it may look at.

A rule is a module of `agentflow.lint.rules` with the constants `NAME`, `FAMILY` and `SEVERITY` and
the function `check(context)`. Its docstring is its page in the docs and its test: a first line
that says what is wrong, a paragraph that says why it hurts, and three indented blocks, `Bad:` (a
whole spec), `Says:` (its findings as `line:column message`) and `Good:` (the mended spec).

Problems that have to be found earlier, because nothing could be built otherwise, are reported by
the document, the parser and the plan under the rule's name; such a rule hands them on with
`context.reported(NAME)`. So does one whose findings show only when all others are known.

A rule with numbers that are open to debate names them in a constant `THRESHOLDS`, and one whose
findings a program can mend says so in a constant `FIX`. A rule that reports only on request names
the option in a constant `ONLY_WITH`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from agentflow.findings import Finding, Location, Severity
from agentflow.lint.doubted import Doubted, doubts, is_open
from agentflow.lint.doubts import Doubt, Risk
from agentflow.lint.first_rounds import FirstRounds, operated_at_first
from agentflow.lint.guards import Guards
from agentflow.lint.loops import Round, loops
from agentflow.lint.operands import Operated, operated
from agentflow.lint.plain_references import PlainReference, plain_references
from agentflow.lint.suppressions import Suppression, suppressions
from agentflow.lint.texts import Written, told_of_all
from agentflow.lint.traces import Traces
from agentflow.plan.scopes import GLOBAL_ROOTS
from agentflow.plan.steps import Plan
from agentflow.plan.types import Types
from agentflow.plan.uses import Use
from agentflow.plan.windows import ModelTable, nothing_known
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.document import Document, Path
from agentflow.spec.model import Pipeline

if TYPE_CHECKING:
    from agentflow.drill.receipt import Drilled

#: What earlier stages report where it is not known what an author wanted to read.
_UNREAD = frozenset({"expression-syntax", "syntax", "unquoted-template"})


class Family(StrEnum):
    """What a rule is about."""

    SPEC = "spec"
    REFERENCE = "reference"
    GRAPH = "graph"
    CONTRACT = "contract"
    CONFIDENCE = "confidence"
    CONTEXT = "context"
    ECONOMY = "economy"
    RETRY = "retry"
    BOUND = "bound"
    EFFECT = "effect"
    ESCALATION = "escalation"
    TRUST = "trust"
    VENDOR = "vendor"


class Fixable(StrEnum):
    """What `--fix` can do about the findings of a rule, or some of them."""

    SAFE = "safe"  # there is one answer, and it changes nothing that was right
    UNSAFE = "unsafe"  # a likely answer, which may not be the one that was meant


class Context(Struct, frozen=True, dict=True):
    """Everything a rule may look at; nothing in it reads files or runs code.

    `pipeline` and `plan` are None where the spec is too broken to have one. `problems` is what the
    stages before the rules have reported, and `of_children` are all the findings of the other
    pipelines that the spec runs, by file; `known` is what is known of chat models. `thresholds` are
    numbers of rules that a project has other ideas about, by rule and by the names in its
    `THRESHOLDS`. `drilled` is what is known of the last drill of the spec, None where nobody asks.
    What several rules need is worked out once, when the first of them asks: `traces`, `operated`,
    `operated_at_first`, `first_rounds`, `doubted`, `uses_within`, `guards` and `types`, which there
    are only where there is a plan.
    """

    document: Document
    pipeline: Pipeline | None
    plan: Plan | None
    problems: tuple[Finding, ...]
    of_children: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    known: ModelTable = nothing_known
    thresholds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    drilled: "Drilled | None" = None

    def reported(self, rule: str) -> Iterator[Finding]:
        """The problems that an earlier stage reported under the name of a rule."""
        return (problem for problem in self.problems if problem.rule == rule)

    @cached_property
    def reads_all_known(self) -> bool:
        """Is it known what every expression reads?

        If not, one that cannot be read, leads nowhere or was left as text may be the one that reads
        what seems to be read by nobody.
        """
        assert self.plan is not None
        if any(problem.rule in _UNREAD for problem in self.problems) or self.plain_references:
            return False
        return not any(
            use.target is None
            if use.reference.root == "steps"
            else use.reference.root not in GLOBAL_ROOTS | use.locals
            for use in self.plan.uses
        )

    @cached_property
    def plain_references(self) -> tuple[PlainReference, ...]:
        """What spells out a reference and is only text."""
        return tuple(plain_references(self.document, self.plan)) if self.plan is not None else ()

    @cached_property
    def misread(self) -> frozenset[Location]:
        """Where a value is not what was meant, so that its type says nothing new."""
        places = [self.document.locate(each.text.path) for each in self.plain_references]
        places += [problem.location for problem in self.problems if problem.rule in _UNREAD]
        return frozenset(places)

    @cached_property
    def traces(self) -> Traces:
        """Where references lead."""
        assert self.plan is not None
        return Traces(self.plan, self.types.shapes)

    @cached_property
    def types(self) -> Types:
        """The types of templates and expressions."""
        assert self.plan is not None
        return Types(self.plan)

    @cached_property
    def operated(self) -> tuple[Operated, ...]:
        """The expressions with parts that do not fit together."""
        assert self.plan is not None
        return tuple(operated(self.plan, self.types))

    @cached_property
    def told(self) -> Mapping[Path, tuple[Written, ...]]:
        """What models are told, by where each agent is described; see `lint.texts.told_of_all`."""
        assert self.plan is not None
        return told_of_all(self.plan)

    @cached_property
    def first_rounds(self) -> FirstRounds:
        """What the first iterations of loops find."""
        assert self.plan is not None
        return FirstRounds(self.plan, self.types)

    @cached_property
    def operated_at_first(self) -> tuple[Operated, ...]:
        """The expressions with parts that do not fit together in the first iteration of a loop."""
        assert self.plan is not None
        return tuple(operated_at_first(self.plan, self.types, self.first_rounds))

    @cached_property
    def doubted(self) -> tuple[Doubted, ...]:
        """The parts of expressions that fail for some values, where no condition speaks of them."""
        assert self.plan is not None
        return tuple(
            each
            for each in doubts(self.plan, self.types, self.first_rounds)
            if is_open(self.guards, self.uses_within.get(each.path, ()), each)
        )

    def doubts_of(self, risk: Risk) -> Iterator[tuple[Doubt, str, Location]]:
        """Those with a risk, each with the part as it is written, and where that stands."""
        for each in self.doubted if self.plan is not None else ():
            if each.doubt.risk is risk:
                place = self.document.in_string(each.path, *each.span)
                yield each.doubt, each.shown(self.document), place

    @cached_property
    def uses_within(self) -> Mapping[Path, Sequence[Use]]:
        """The references that stand at each path of the document, or further in."""
        assert self.plan is not None
        found: dict[Path, list[Use]] = {}
        for use in self.plan.uses:
            for length in range(1, len(use.path) + 1):
                found.setdefault(use.path[:length], []).append(use)
        return found

    @cached_property
    def uses_of(self) -> Mapping[str, Sequence[Use]]:
        """The references to each step, by its address."""
        assert self.plan is not None
        found: dict[str, list[Use]] = {}
        for use in self.plan.uses:
            if use.target is not None:
                found.setdefault(use.target, []).append(use)
        return found

    @cached_property
    def loops(self) -> tuple[Round, ...]:
        """The loops, in the order of the steps."""
        assert self.plan is not None
        return tuple(loops(self.plan))

    @cached_property
    def outcomes(self) -> dict[tuple[int, str], tuple[Expr, bool | None]]:
        """What conditions come to that somebody has asked about; see `lint.constant_conditions`."""
        return {}

    @cached_property
    def lasting(self) -> dict[tuple[int, str, str], bool]:
        """Whether conditions mean the same at another place; see `lint.constant_conditions`."""
        return {}

    @cached_property
    def suppressions(self) -> tuple[Suppression, ...]:
        """The comments that take findings back."""
        return suppressions(self.document)

    @cached_property
    def guards(self) -> Guards:
        """What is known to hold where a reference stands."""
        assert self.plan is not None
        return Guards(self.document, self.plan, self.types)


class Rule(Protocol):
    """A module of `agentflow.lint.rules`."""

    __doc__: str | None
    NAME: str
    FAMILY: Family
    SEVERITY: Severity

    def check(self, context: Context) -> Iterable[Finding]:
        """The findings of this rule, in any order."""

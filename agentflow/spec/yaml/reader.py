"""From libyaml's events to located nodes, in one pass and without recursion.

Events are used because `compose` and `load` recurse, keep the last of two equal keys and expand
aliases. Reading stops at once when the file is deeper or larger than a spec can be; everything
else that YAML allows and a spec does not is reported, and reading goes on.
"""

from collections.abc import Callable
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from agentflow.errors import CouldNot
from agentflow.findings import Edit, Finding, Fix, Location, Related, Severity, Span
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.misread import (
    anchored_text,
    bare_template,
    narrow_colons,
    negation,
    second_document,
)
from agentflow.spec.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence
from agentflow.spec.yaml.scalars import doubt, may_be_value, resolve
from agentflow.spec.yaml.source import Source

MAX_DEPTH = 100
MAX_NODES = 250_000
#: More findings than this about one file help nobody, and cost more than reading it.
MAX_FINDINGS = 1_000

#: How the text of a key starts that has none; no file can hold this character.
_NO_NAME = "\0"


class TooLarge(Exception):
    """Reading stopped; what was read so far is not the whole file."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.span = Span(line, column, line, column + 1)


class Reader:
    """Builds the nodes of one file. After `read`, `root` and `findings` hold what came out."""

    def __init__(self, source: Source, file: str) -> None:
        self.root: Node | None = None
        self.findings: list[Finding] = []
        #: The value or key that was read last.
        self.last: Scalar | None = None
        #: Was there more behind what was read, without which it is not all that was meant?
        self.is_cut = False
        self._source = source
        self._file = file
        self._count = 0
        self._top: Mapping | Sequence | None = None
        #: The key whose value comes next; None where a key comes next.
        self._key: Scalar | None = None
        #: For every open collection: the one around it, and the key to go on with when this one
        #: ends (only if this one stands where a key should).
        self._stack: list[tuple[Mapping | Sequence | None, Scalar | None]] = []

    def read(self, text: str) -> None:
        """Read the first document of a text that has all characters where the source has them.

        Raises `yaml.YAMLError` where the text is not YAML, `TooLarge` where it is deeper or has
        more nodes than a spec can have, `CouldNot` if PyYAML came without libyaml.
        """
        next_event = _events(text)
        while (event := next_event()) is not None:
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._open(event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._close(event)
            elif kind is AliasEvent:
                self._alias(event)
            elif kind is DocumentEndEvent:
                self._after(event.start_mark.index)
                return

    @property
    def in_flow(self) -> bool:
        """Did reading stop inside of [ ] or { }?"""
        return self._top is not None and self._top.flow

    def _scalar(self, event: Any) -> None:
        # Runs for nearly every event, hence the plain code.
        text: str = event.value
        # libyaml gives plain scalars the style ''.
        style: str = event.style
        is_key = self._key is None and type(self._top) is Mapping
        unsure = not style and not is_key and may_be_value(text)
        start, end = event.start_mark, event.end_mark
        node = Scalar(
            resolve(text) if unsure else text,
            text,
            style,
            start.line + 1,
            start.column + 1,
            end.line + 1,
            end.column + 1,
        )
        self.last = node
        if event.anchor is not None or event.tag is not None:
            meant = self._refuse_properties(event)
            if meant is not None:  # and is read as that
                node = Scalar(
                    meant, meant, "", node.line, node.column, node.end_line, node.end_column
                )
                unsure = False
        if unsure:
            if (found := doubt(text)) is not None:
                fix = None
                if found.plainly is not None:
                    fix = Fix(f"write {found.plainly}", (Edit(node.span, found.plainly),))
                self._report(
                    found.rule, found.message, node.span, found.help, found.severity, fix=fix
                )
        elif text == "<<" and is_key and not style:
            self._report(
                "anchor-or-tag",
                "merge keys ('<<') are not part of the language",
                node.span,
                "write the keys out, or name the thing once and refer to it by its name",
            )
        self._attach(node)

    def _open(self, event: Any) -> None:
        start = event.start_mark
        line, column = start.line + 1, start.column + 1
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
        if len(self._stack) >= MAX_DEPTH:
            raise TooLarge(f"more than {MAX_DEPTH} levels of nesting", line, column)
        flow = bool(event.flow_style)
        node: Mapping | Sequence
        if type(event) is MappingStartEvent:
            node = Mapping({}, flow, line, column, line, column)
        else:
            node = Sequence([], flow, line, column, line, column)
        after: Scalar | None = None
        if self._key is None and type(self._top) is Mapping:
            # Its text only has to differ from that of every other key.
            after = Scalar(None, f"{_NO_NAME}{line}:{column}", "", line, column, line, column)
            self._count += 1
        else:
            self._attach(node)
        self._stack.append((self._top, after))
        self._top = node
        self._key = None

    def _close(self, event: Any) -> None:
        node = self._top
        assert node is not None
        self._top, after = self._stack.pop()
        self._key = None
        if node.flow:
            end = event.end_mark
            node.end_line, node.end_column = end.line + 1, end.column + 1
        else:
            # libyaml ends a block where the next token starts, behind comments and blank lines.
            last = _last_child(node)
            if last is not None:
                node.end_line, node.end_column = last.end_line, last.end_column
        if after is not None:
            self._complex_key(node, after)
        elif isinstance(node, Mapping) and node.flow:
            self._check_flow(node, event.end_mark.index)

    def _attach(self, node: Node) -> None:
        """Put a node where it belongs: as root, item, key or value."""
        self._count += 1
        if self._count > MAX_NODES:
            raise TooLarge(f"more than {MAX_NODES:,} values", node.line, node.column)
        top = self._top
        if type(top) is Mapping:
            key = self._key
            if key is None:
                assert isinstance(node, Scalar)
                self._key = node
                return
            self._key = None
            entry = Entry(key, node)
            first = top.entries.setdefault(key.text, entry)
            if first is not entry:
                self._duplicate(first, entry, flow=top.flow)
        elif type(top) is Sequence:
            top.items.append(node)
        else:
            self.root = node

    def _alias(self, event: Any) -> None:
        start, end = event.start_mark, event.end_mark
        span = Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
        merged = self._key is not None and self._key.text == "<<"
        if not merged:  # which is told at the key
            self._report(
                "anchor-or-tag",
                f"aliases ({quoted('*' + event.anchor)}) are not part of the language",
                span,
                "write the value out, or define it once under contracts, models, retries or agents and use its name",
            )
        text = f"*{event.anchor}"
        self._attach(Scalar(text, text, "", span.line, span.column, span.end_line, span.end_column))

    def _refuse_properties(self, event: Any) -> str | None:
        """Report the anchor and the tag in front of a node; gives their text if it is content."""
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        span, in_flow = Span(line, column, line, column + 1), self.in_flow
        if event.anchor is not None:
            text = anchored_text(span, self._source, event.anchor, in_flow=in_flow)
            self._report(
                "anchor-or-tag",
                f"anchors ({quoted('&' + event.anchor)}) are not part of the language",
                span,
                text
                or "write the value out where it is needed, or define it once under contracts, models, retries or agents and use its name",
            )
        tag = getattr(event, "tag", None)
        if tag is None:
            return None
        found = negation(tag, span, self._source, in_flow=in_flow)
        if found is not None:
            self._report("anchor-or-tag", found.message, found.span, found.help, fix=found.fix)
            return found.text
        short = tag.replace("tag:yaml.org,2002:", "!!")
        self._report(
            "anchor-or-tag",
            f"tags ({quoted(short)}) are not part of the language",
            span,
            "write the plain value; quotes make it text",
        )
        return None

    def _duplicate(self, first: Entry, second: Entry, *, flow: bool) -> None:
        self._report(
            "duplicate-key",
            f"{quoted(second.key.text)} is here twice",
            second.key.span,
            "rename one of the two or take it out",
            related=(Related("the first one is here", Location(self._file, first.key.span)),),
            fix=None if flow else self._without(first.value, second),
        )

    def _without(self, value: Node, second: Entry) -> Fix | None:
        """Take a second entry out that says the same as the first, in a line of its own."""
        same = second.value
        if not (isinstance(value, Scalar) and isinstance(same, Scalar)):
            return None
        if (value.text, value.style) != (same.text, same.style) or same.end_line != same.line:
            return None
        key = second.key
        before = self._source.between(key.line, 1, key.column)
        after = self._source.between(same.line, same.end_column)
        if key.line != same.line or before.strip() or after.strip():
            return None
        return Fix("take the second one out", (Edit(Span(key.line, 1, key.line + 1, 1), ""),))

    def _complex_key(self, node: Mapping | Sequence, key: Scalar) -> None:
        """A list or mapping stands where a key should; most often it is a bare `{{ x }}`."""
        around = self._top
        assert around is not None
        key.end_line, key.end_column = node.end_line, node.end_column
        self._key = key
        if any(inner.startswith(_NO_NAME) for inner in getattr(node, "entries", ())):
            return  # a template in the place of a key: said already
        if isinstance(node, Mapping) and node.flow and around.flow:
            self._report(
                "syntax",
                "YAML reads '{{' as two mappings; a template has to be in quotes",
                Span(around.line, around.column, node.end_line, node.end_column + 1),
                'write "${{ EXPRESSION }}", with the quotes',
            )
        else:
            what = "a mapping" if isinstance(node, Mapping) else "a list"
            self._report(
                "syntax",
                f"{what} cannot be a key",
                node.span,
                "write a name or a text in quotes before the ':'",
            )

    def _check_flow(self, node: Mapping, end: int) -> None:
        """Look for what was meant otherwise in a mapping that ends here."""
        for each in narrow_colons(node):
            self._report("syntax", each.message, each.span, each.help, fix=each.fix)
        if len(node.entries) == 1:
            in_flow = self._top is not None and self._top.flow
            found = bare_template(node, self._source, end, in_flow=in_flow)
            if found is not None:
                self._report(
                    "unquoted-template", found.message, found.span, found.help, fix=found.fix
                )

    def _after(self, offset: int) -> None:
        """One document a file: look at what comes behind the first one."""
        found, is_whole = second_document(self.root, self._source, offset)
        self.is_cut = not is_whole
        if found is not None:
            self._report("syntax", found.message, found.span, found.help)

    def _report(
        self,
        rule: str,
        message: str,
        span: Span,
        help: str,
        severity: Severity = Severity.ERROR,
        related: tuple[Related, ...] = (),
        fix: Fix | None = None,
    ) -> None:
        location = Location(self._file, span)
        self.findings.append(Finding(rule, severity, message, location, help, related, fix))
        if len(self.findings) >= MAX_FINDINGS:
            raise TooLarge(
                f"more than {MAX_FINDINGS:,} problems, reading stopped", span.line, span.column
            )


def _last_child(node: Mapping | Sequence) -> Node | None:
    """What ends last in a collection; None if it is empty."""
    if isinstance(node, Mapping):
        return next(reversed(node.entries.values())).value if node.entries else None
    return node.items[-1] if node.items else None


def _events(text: str) -> Callable[[], Any]:
    """The function that gives one event after the other, and None at the end."""
    if not yaml.__with_libyaml__:
        raise CouldNot(
            "PyYAML was installed without libyaml",
            help="install a wheel of PyYAML from PyPI: pip install --force-reinstall pyyaml",
        )
    return yaml.CSafeLoader(text).get_event

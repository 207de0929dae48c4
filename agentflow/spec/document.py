"""A spec as a located document: YAML text in, nodes and findings out.

Reading never fails on content. Whatever is wrong becomes a finding, and `root` is what could be
read: a finding of severity error means that it must not be run, not that nothing can be said
about it. The rules that report here:

    syntax               not YAML, not UTF-8, not one mapping; says what was meant, where it can
    too-large            more bytes, levels or nodes than a spec can have; reading stops
    duplicate-key        a key twice in one mapping
    anchor-or-tag        anchors, aliases, merge keys, tags
    ambiguous-scalar     (warning) a number or a text, depending on who reads it
    bad-number           .inf, .nan, numbers beyond 64 bits
    invisible-character  characters nobody sees: errors in keys, elsewhere (warning) if they reorder
    curly-quotes         (warning) text in quotes that are none to YAML
    hash-in-text         (warning) text that ` #` cut off
    comma-in-text        (warning) text in `{ }` that a comma cut off
    unquoted-template    `{x}`, which YAML reads as a mapping
"""

import re
from functools import cached_property
from itertools import islice

import yaml
from msgspec import Struct
from msgspec.structs import replace

from agentflow.findings import START_OF_FILE, Finding, Location, Severity, Span
from agentflow.spec.yaml.collector import collector_paused
from agentflow.spec.yaml.inside import Offsets, value_offsets
from agentflow.spec.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence
from agentflow.spec.yaml.reader import MAX_FINDINGS, Reader, TooLarge
from agentflow.spec.yaml.source import Source
from agentflow.spec.yaml.suspicion import suspicions

MAX_BYTES = 8 * 1024 * 1024

#: The way from the root to a node: keys of mappings and indexes of lists.
Path = tuple[str | int, ...]

# libyaml takes what YAML 1.1 calls printable and gives up, without a place, at everything else.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Refused before libyaml sees them: its table of %TAG lines takes quadratic time to fill.
#: A line with nothing but blanks, and perhaps a comment, with a tab among the blanks.
_TABS = re.compile(r"[ \t]*\t[ \t]*(?=#|\r|\n|\Z)")
#: How many of these a file may have; each is a new beginning.
_MOST_TABS = 20
#: Characters beyond which none is mended.
_MOST_MENDED = 500_000
_DIRECTIVE = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n))*+(%[^\r\n]*)")


class Document(Struct, frozen=True, dict=True):
    """A file that was read. `file` is its path as the user named it, `text` has no byte order mark.

    `root` is None if there is nothing to look at. `findings` are in file order.
    """

    file: str
    text: str
    root: Node | None
    findings: tuple[Finding, ...]

    def read_as(self, root: Node | None) -> "Document":
        """The same file with other names for some of its keys; with None, as it is."""
        return self if root is None else replace(self, root=root)

    def line(self, number: int) -> str:
        """A line, counted from 1, without its end; empty beyond the last one."""
        return self.source.line(number)

    def between(self, line: int, column: int, end_column: int | None = None) -> str:
        """What stands on a line from a column on, up to another one or to the end of the line."""
        return self.source.between(line, column, end_column)

    def node(self, path: Path) -> Node | None:
        """The node at a path; None if there is none."""
        node = self.root
        for part in path:
            node = _child(node, part)
        return node

    def locate(self, path: Path) -> Location:
        """Where the value at a path stands; where the path ends early, the last of its nodes."""
        return Location(self.file, self._deepest(path)[0])

    def locate_key(self, path: Path) -> Location:
        """Where the key stands that leads to a path; of a list's item or the root, the value."""
        span, key = self._deepest(path)
        return Location(self.file, key.span if key is not None else span)

    def in_string(self, path: Path, start: int, end: int) -> Location:
        """Where characters `start` to `end` (exclusive) of a text stand in the file.

        Exact for every style: quotes, escapes, indentation and folding are accounted for. What is
        not a text gives the place of its value.
        """
        node = self.node(path)
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.text:
            return self.locate(path)
        if node.plain and node.line == node.end_line:
            first = node.column + start
            last = max(node.column + end, first + 1)
            return Location(self.file, Span(node.line, first, node.line, last))
        offsets = self._offsets_of(node)
        first_place = self.source.position(offsets.start(start))
        last_place = self.source.position(offsets.end(end))
        return Location(self.file, Span(*first_place, *max(last_place, first_place)))

    def beside(self, around: Mapping, name: str) -> tuple[Entry | None, Entry | None]:
        """The entries before and after one of a mapping in this document."""
        if id(around) not in self._orders:
            names = {each: at for at, each in enumerate(around.entries)}
            self._orders[id(around)] = names, tuple(around.entries.values())
        names, entries = self._orders[id(around)]
        at = names[name]
        return (
            entries[at - 1] if at else None,
            entries[at + 1] if at + 1 < len(entries) else None,
        )

    @cached_property
    def _orders(self) -> dict[int, tuple[dict[str, int], tuple[Entry, ...]]]:
        """The entries of mappings in their order, of those that somebody asked about."""
        return {}

    @cached_property
    def source(self) -> Source:
        """The text by lines and columns."""
        return Source(self.text)

    @cached_property
    def _asked(self) -> dict[int, Offsets]:
        """The offsets of the text that was asked about last."""
        return {}

    def _offsets_of(self, node: Scalar) -> Offsets:
        """The offsets of a text. One is kept: questions about a text come in a row."""
        if id(node) not in self._asked:
            self._asked.clear()
            self._asked[id(node)] = value_offsets(node, self.source)
        return self._asked[id(node)]

    def _deepest(self, path: Path) -> tuple[Span, Scalar | None]:
        """Follow a path as far as it goes: the last node's span, and its key if it has one."""
        node = self.root
        if node is None:
            return START_OF_FILE, None
        key: Scalar | None = None
        for part in path:
            child = _child(node, part)
            if child is None:
                break
            key = node.entries[str(part)].key if isinstance(node, Mapping) else None
            node = child
        return node.span, key


def parse_document(data: bytes | str, file: str) -> Document:
    """Read a spec. `file` is its path as the user named it; findings point there.

    Raises `CouldNot` if PyYAML came without libyaml, and nothing else, whatever `data` is.
    """
    if len(data) > MAX_BYTES:
        return Document(file, "", None, (_too_large(file),))
    text, unreadable = _decode(data, file)
    if unreadable is not None:
        return Document(file, text, None, (unreadable,))
    if len(data) * 4 > MAX_BYTES and isinstance(data, str) and len(text.encode()) > MAX_BYTES:
        return Document(file, "", None, (_too_large(file),))
    source = Source(text)
    with collector_paused():
        reader, stopped = _read(source, file)
    findings = reader.findings
    if stopped is not None:
        # What follows a bare template on its line is no news.
        if all(_line(finding) != _line(stopped) for finding in findings):
            findings.append(stopped)
        # Half a tree would only give rise to complaints about the missing half.
        return Document(file, text, None, _in_order(findings))
    findings.extend(islice(suspicions(reader.root, source, file), MAX_FINDINGS))
    root = None if reader.is_cut else reader.root
    if not isinstance(root, Mapping) and not reader.is_cut:
        findings.append(_not_a_mapping(root, text, file))
    return Document(file, text, root, _in_order(findings))


def _read(source: Source, file: str) -> tuple[Reader, Finding | None]:
    """A reader that has run, and the finding that stopped it, if one did."""
    reader = Reader(source, file)
    if directive := _DIRECTIVE.match(source.text):
        line, column = source.position(directive.start(1))
        return reader, Finding(
            "syntax",
            Severity.ERROR,
            "lines that start with '%' are not part of the language",
            Location(file, Span(line, column, line, column + len(directive[1]))),
            "take the line out",
        )
    text = source.text
    left = _MOST_TABS if len(text) <= _MOST_MENDED else 0
    while True:
        try:
            reader.read(text)
        except yaml.YAMLError as error:
            calmer = _without_tabs(error, source, text) if left else None
            if calmer is None:
                from agentflow.spec.yaml.complaints import Reached, explain

                reached = Reached(reader.last, reader.in_flow)
                return reader, explain(error, source, file, text, reached)
            text, left, reader = calmer, left - 1, Reader(source, file)
        except TooLarge as error:
            return reader, Finding(
                "too-large",
                Severity.ERROR,
                error.message,
                Location(file, error.span),
                "split the spec into several pipelines",
            )
        else:
            return reader, None


def _without_tabs(error: yaml.YAMLError, source: Source, text: str) -> str | None:
    """The text with blanks for the tabs before a comment of its own line, if one stopped libyaml.

    YAML admits them, libyaml does not.
    """
    mark = getattr(error, "problem_mark", None)
    if mark is None or "block scalar" in (getattr(error, "context", None) or ""):
        return None
    begin = source.offset(mark.line + 1, 1)
    found = _TABS.match(text, begin)
    if found is None:
        return None
    return text[:begin] + " " * (found.end() - begin) + text[found.end() :]


def _decode(data: bytes | str, file: str) -> tuple[str, Finding | None]:
    """The text without byte order mark, and what is wrong with its encoding."""
    if isinstance(data, bytes):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            text = data[: error.start].decode("utf-8")
            what = f"byte 0x{data[error.start]:02x} is not UTF-8"
            if encoding := _other_encoding(data):
                text, what = "", f"the file is {encoding}, not UTF-8"
            return text, _not_text(text, len(text), what, file)
    else:
        text = data
    text = text.removeprefix("\ufeff")
    if bad := _UNPRINTABLE.search(text):
        what = f"the character U+{ord(bad[0]):04X} cannot be part of a spec"
        if isinstance(data, bytes) and (encoding := _other_encoding(data)):
            return "", _not_text("", 0, f"the file is {encoding}, not UTF-8", file)
        if bad[0] == "\0":
            what = "the file is not text: it holds a zero byte"
        elif "\ud800" <= bad[0] <= "\udfff":
            what = f"U+{ord(bad[0]):04X} is half a character"
        return text, _not_text(text, bad.start(), what, file)
    return text, None


def _other_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32, by the mark at the beginning, or by the zeros beside what is ASCII."""
    start = data[:4].ljust(4, b"?")
    zeros = tuple(byte == 0 for byte in start)
    if start in (b"\xff\xfe\0\0", b"\0\0\xfe\xff") or sum(zeros) == 3:
        return "UTF-32"
    marked = start[:2] in (b"\xff\xfe", b"\xfe\xff")
    alternate = (True, False) * 2, (False, True) * 2
    return "UTF-16" if marked or zeros in alternate else None


def _not_text(text: str, offset: int, message: str, file: str) -> Finding:
    line, column = Source(text).position(offset)
    return Finding(
        "syntax",
        Severity.ERROR,
        message,
        Location(file, Span(line, column, line, column + 1)),
        "save the file as UTF-8 text",
    )


def _too_large(file: str) -> Finding:
    return Finding(
        "too-large",
        Severity.ERROR,
        f"more than {MAX_BYTES // 1024 // 1024} MiB",
        Location(file, START_OF_FILE),
        "split the spec into several pipelines, and keep data in files of its own",
    )


def _not_a_mapping(root: Node | None, text: str, file: str) -> Finding:
    """What to say about a file whose root is no mapping."""
    span = START_OF_FILE
    if root is None or (isinstance(root, Scalar) and root.value is None):
        message = "the file holds nothing but comments" if text.strip() else "the file is empty"
    elif isinstance(root, Sequence):
        message, span = "the file holds a list, expected keys and values", root.span
    else:
        message, span = "the file holds a single value, expected keys and values", root.span
    return Finding(
        "syntax", Severity.ERROR, message, Location(file, span), "start with 'agentflow: 1'"
    )


def _child(node: Node | None, part: str | int) -> Node | None:
    """One step down a path."""
    if isinstance(node, Mapping) and isinstance(part, str):
        entry = node.entries.get(part)
        return entry.value if entry is not None else None
    if isinstance(node, Sequence) and isinstance(part, int) and 0 <= part < len(node.items):
        return node.items[part]
    return None


def _line(finding: Finding) -> int:
    return finding.location.span.line


def _in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.location.span))

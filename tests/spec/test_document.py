"""Reading YAML: what becomes of it, what is refused and where things stand."""

import gc
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agentflow.errors import CouldNot
from agentflow.findings import Finding, Severity, Span
from agentflow.spec import document
from agentflow.spec.document import parse_document
from agentflow.spec.yaml.nodes import Mapping, Scalar, Sequence, to_data
from agentflow.spec.yaml.source import Source


def said(finding: Finding) -> str:
    """A finding as one line."""
    span = finding.location.span
    sign = "" if finding.severity is Severity.ERROR else f" [{finding.severity}]"
    mend = f" ({finding.help})" if finding.help else ""
    return f"{span.line}:{span.column} {finding.rule}{sign} {finding.message}{mend}"


def findings(text: bytes | str) -> list[str]:
    return [said(finding) for finding in parse_document(text, "f.yaml").findings]


def value(text: str) -> object:
    root = parse_document(text, "f.yaml").root
    assert root is not None
    return to_data(root)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {b: [1, two, {c: null}]}", {"a": {"b": [1, "two", {"c": None}]}}),
        ("a:\n- x\n-\n- ~\n", {"a": ["x", None, None]}),
        ("a: on\nb: yes\nc: off\nd: no\ne: y\n", {"a": "on", "b": "yes", "c": "off", "d": "no", "e": "y"}),
        ("a: true\nb: False\nc: TRUE\nd: tRue\n", {"a": True, "b": False, "c": True, "d": "tRue"}),
        ("a: 12\nb: -3\nc: +4\nd: 0\ne: 0x1F\n", {"a": 12, "b": -3, "c": 4, "d": 0, "e": 31}),
        ("a: 1.5\nb: .5\nc: 5.\nd: 1e3\ne: -1.5E-2\n", {"a": 1.5, "b": 0.5, "c": 5.0, "d": 1000.0, "e": -0.015}),
        ("a: 1:30\nb: 2024-01-01\nc: 1.2.3\nd: 0b1\n", {"a": "1:30", "b": "2024-01-01", "c": "1.2.3", "d": "0b1"}),
        ("a: '12'\nb: \"true\"\nc: ''\n", {"a": "12", "b": "true", "c": ""}),
        ("a: =\n= : b\n", {"a": "=", "=": "b"}),
        ("true: 1\n1: 2\nnull: 3\n1.0: 4\n", {"true": 1, "1": 2, "null": 3, "1.0": 4}),
        ("a: 18446744073709551615\n", {"a": 2**64 - 1}),
        ("a: |\n  x\n   y\n\nb: >-\n  x\n  y\n", {"a": "x\n y\n", "b": "x y"}),
        ("a: 1 # comment\n# another\nb: '#'\n", {"a": 1, "b": "#"}),
        ("--- # head\na: 1\n...\n# tail\n", {"a": 1}),
        ("\ufeffa: 1\r\nb:\r\n  - c\r\n", {"a": 1, "b": ["c"]}),
        ("? a\n: b\n", {"a": "b"}),
    ],
)  # fmt: skip
def test_values_are_those_of_yaml_1_2(text: str, expected: object) -> None:
    assert value(text) == expected
    assert findings(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1 syntax the file is empty (start with 'agentflow: 1')"),
        ("# x\n", "1:1 syntax the file holds nothing but comments (start with 'agentflow: 1')"),
        ("- a\n", "1:1 syntax the file holds a list, expected keys and values (start with 'agentflow: 1')"),
        ("a\n", "1:1 syntax the file holds a single value, expected keys and values (start with 'agentflow: 1')"),
        (b"a: \xff", "1:4 syntax byte 0xff is not UTF-8 (save the file as UTF-8 text)"),
        (b"\xff\xfea\x00", "1:1 syntax the file is UTF-16, not UTF-8 (save the file as UTF-8 text)"),
        ("a: 1\n".encode("utf-16-le"), "1:1 syntax the file is UTF-16, not UTF-8 (save the file as UTF-8 text)"),
        ("a: 1\n".encode("utf-16-be"), "1:1 syntax the file is UTF-16, not UTF-8 (save the file as UTF-8 text)"),
        ("a: 1\n".encode("utf-32"), "1:1 syntax the file is UTF-32, not UTF-8 (save the file as UTF-8 text)"),
        ("a: b\nc: \0", "2:4 syntax the file is not text: it holds a zero byte (save the file as UTF-8 text)"),
        ("a: \x07", "1:4 syntax the character U+0007 cannot be part of a spec (save the file as UTF-8 text)"),
        ("a: \ud800", "1:4 syntax U+D800 is half a character (save the file as UTF-8 text)"),
        ("a: b: c", '1:4 syntax text with \': \' in it has to be in quotes (write a: "b: c")'),
        ("a: ${{ x ? y : z }}", '1:4 syntax text with \': \' in it has to be in quotes (write a: "${{ x ? y : z }}")'),
        ("a: 1\n b: 2", "2:3 syntax a key cannot stand here, the value above it goes on (line it up with the keys it belongs to; check that the line above has its ':')"),
        ("a: `x` # y", "1:4 syntax text cannot start with '`' (put it in quotes: \"`x`\")"),
        ("a: @x", "1:4 syntax text cannot start with '@' (put it in quotes: \"@x\")"),
        ("a: %x", "1:4 syntax text cannot start with '%' (put it in quotes: \"%x\")"),
        ("a: **x**", "1:4 syntax text cannot start with '*' (put it in quotes: \"**x**\")"),
        ("a:\n\tb: 1", "2:1 syntax a tab cannot indent (indent with spaces)"),
        ("a: b\n\tc: 1", "2:1 syntax a tab cannot indent (indent with spaces)"),
        ("a: [1, 2\nb: 3", "1:4 syntax '[' is not closed: expected ',' or ']', found ':' (add the missing ',' or ']', or put text with brackets or commas in quotes)"),
        ("a: {b: 1]", "1:4 syntax '{' is not closed: expected ',' or '}', found ']' (add the missing ',' or '}', or put text with brackets or commas in quotes)"),
        ("a: [", "1:5 syntax expected a value, found the end of the file (close the brackets and braces that are open)"),
        ("a: {b: ${HOOK}}", '1:8 syntax a template inside [ ] or { } has to be in quotes (write "${HOOK}")'),
        ("a: [${{ x }}]", '1:5 syntax a template inside [ ] or { } has to be in quotes (write "${{ x }}")'),
        ("a: {{ x }}", '1:4 syntax YAML reads \'{{\' as two mappings; a template has to be in quotes (write "${{ EXPRESSION }}", with the quotes)'),
        ("a: {{ x }} and", '1:4 syntax YAML reads \'{{\' as two mappings; a template has to be in quotes (write "${{ EXPRESSION }}", with the quotes)'),
        ("{{ x }}: 1", '1:1 syntax YAML reads \'{{\' as two mappings; a template has to be in quotes (write "${{ EXPRESSION }}", with the quotes)'),
        ("? [a]\n: 1", "1:3 syntax a list cannot be a key (write a name or a text in quotes before the ':')"),
        ("? {a: b}\n: 1", "1:3 syntax a mapping cannot be a key (write a name or a text in quotes before the ':')"),
        ("a: 'b", "1:4 syntax the quote ' is not closed (add the missing ')"),
        ('a: "b\n---\n', '1:4 syntax the quote " is not closed (add the missing ")'),
        ("a: 1\nb", "2:1 syntax expected ':' after 'b' (write 'b:', or indent the line to go on with the text above)"),
        ("a:\n- b\n-c", "3:1 syntax a list item needs a space after '-' (write '- c')"),
        ('a: "b" c', '1:8 syntax text after the closing " (put the whole text in quotes: \'"b" c\')'),
        ("a: 1\n- b", "2:1 syntax a list item cannot stand among keys (indent the list below its key, or take the '-' away)"),
        ("a:\n  b: 1\n c: 2", "3:2 syntax expected a key in column 1, found 'c' in column 2 (line it up with the keys it belongs to)"),
        ("- 1\nb: 2", "2:1 syntax expected another list item ('- …'), found 'b' (start the line with '- ', or indent it to belong to the item above)"),
        ("a: - b", "1:4 syntax a list cannot start on the line of its key (start it on the next line, or write [a, b]; put text that starts with '- ' in quotes)"),
        ('a: "\\d"', "1:5 syntax '\\d' is not an escape that YAML knows (write '\\\\d', or put the text in single quotes)"),
        ("a: ]", "1:4 syntax expected a value, found ']' (put text that starts with ']' in quotes)"),
        ("a: > b", "1:6 syntax text cannot stand on the line of '>' (start the text on the next line, or put it in quotes without '>')"),
        ("a: {b:}", "1:6 syntax ':' needs a space after it (write 'key: value', or put text in quotes)"),
        ('a: "\\ud800"', "1:7 syntax this is not YAML: found invalid Unicode character escape code"),
        ("%YAML 1.3\n---\na: 1", "1:1 syntax lines that start with '%' are not part of the language (take the line out)"),
        ("# x\n\n%TAG ! x:\n---\na: 1", "3:1 syntax lines that start with '%' are not part of the language (take the line out)"),
        ("a: 1\n---\nb: 2", "2:1 syntax a second document starts here (put it into a file of its own)"),
        ("{a: 1}\n}", "2:1 syntax text after the end of the document (take it out)"),
    ],
)  # fmt: skip
def test_what_is_not_yaml_is_explained(text: bytes | str, expected: str) -> None:
    assert findings(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n'a': 2\na: 3\n", [
            "2:1 duplicate-key 'a' is here twice (rename one of the two or take it out)",
            "3:1 duplicate-key 'a' is here twice (rename one of the two or take it out)",
        ]),
        ("a: {b: 1, b: 2}\n", ["1:11 duplicate-key 'b' is here twice (rename one of the two or take it out)"]),
        ("a: &x 1\nb: *x\n", [
            "1:4 anchor-or-tag anchors ('&x') are not part of the language (write the value out where it is needed, or define it once under contracts, models, retries or agents and use its name)",
            "2:4 anchor-or-tag aliases ('*x') are not part of the language (write the value out, or define it once under contracts, models, retries or agents and use its name)",
        ]),
        ("a: {<<: {b: 1}}\n", ["1:5 anchor-or-tag merge keys ('<<') are not part of the language (write the keys out, or name the thing once and refer to it by its name)"]),
        ("a: '<<'\n'<<': 1\n", []),
        ("a: !!str 1\n", ["1:4 anchor-or-tag tags ('!!str') are not part of the language (write the plain value; quotes make it text)"]),
        ("a: !!python/object/apply:os.system [id]\n", ["1:4 anchor-or-tag tags ('!!python/object/apply:os.system') are not part of the language (write the plain value; quotes make it text)"]),
        ("a: !e!x 1\n", ["1:4 anchor-or-tag tags are not part of the language (write the plain value; quotes make it text)"]),
        ("a: 1_000\nb: {1_0: x}\nc: '1_0'\nd: a_1\n", ["1:4 ambiguous-scalar [warning] '1_000' is text here, and a number to readers of YAML 1.1 (write 1000 for the number, or put it in quotes for the text)"]),
        ("a: 017\nb: '017'\nc: 0\n", ["1:4 ambiguous-scalar [warning] '017' is the number 17 here, and something else to readers of YAML 1.1 (write 17 for the number, or put it in quotes to keep it as it is written)"]),
        ("a: 0o17\n", ["1:4 ambiguous-scalar [warning] '0o17' is the number 15 here, and something else to readers of YAML 1.1 (write 15 for the number, or put it in quotes to keep it as it is written)"]),
        ("a: .inf\n", ["1:4 bad-number '.inf' is not a number that JSON can hold exactly (write a number within 64 bits, or put it in quotes to have it as text)"]),
        ("a: .NaN\n", ["1:4 bad-number '.NaN' is not a number that JSON can hold exactly (write a number within 64 bits, or put it in quotes to have it as text)"]),
        ("a: 1e999\n", ["1:4 bad-number '1e999' is not a number that JSON can hold exactly (write a number within 64 bits, or put it in quotes to have it as text)"]),
        (f"a: {2**64}\n", ["1:4 bad-number '18446744073709551616' is not a number that JSON can hold exactly (write a number within 64 bits, or put it in quotes to have it as text)"]),
        (f"a: {'9' * 5000}\n", [f"1:4 bad-number '{'9' * 40}…' is not a number that JSON can hold exactly (write a number within 64 bits, or put it in quotes to have it as text)"]),
        ("pla\u200bn: 1\n", ["1:4 invisible-character the key holds U+200B (zero width space), which nobody sees (take it out, or write the key in double quotes with \\u200b)"]),
        ('"pla\\u200bn": 1\nb: "x\u200by"\nc: 👩\u200d💻\n', []),
        ("a: 'x\u202ey'\n", ["1:6 invisible-character [warning] U+202E (right-to-left override) makes the text look other than it is (take it out, or write \\u202e in double quotes)"]),
        ("a: b # \u2066\n", ["1:8 invisible-character [warning] U+2066 (left-to-right isolate) makes the text look other than it is (take it out, or write \\u2066 in double quotes)"]),
        ("a: x\U000e0041\U000e0042y\n", ["1:5 invisible-character [warning] U+E0041 (tag latin capital letter a) makes the text look other than it is (take it out, or write \\U000e0041 in double quotes)"]),
        ("a: 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f\n", []),
        ("a: {x}\n", ["1:4 unquoted-template YAML reads '{x}' as a mapping with the key 'x' and no value (if it is text, put it in quotes: \"{x}\")"]),
        ("a: {x: }\nb: {'x'}\nc: {x, y}\nd: {}\n", []),
    ],
)  # fmt: skip
def test_what_yaml_allows_and_a_spec_does_not(text: str, expected: list[str]) -> None:
    assert findings(text) == expected


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("a: use issue #12 here\n", "1:14 '#12 here'"),
        ("a: fix #12\n", "1:8 '#12'"),
        ("a: two words #old\n", "1:14 '#old'"),
        ("a: #support\n", "1:4 '#support'"),
        ("- #support\n", "1:3 '#support'"),
        ("a: value # comment\n", None),
        ("a: two words # comment\n", None),
        ("a: two words  #old\n", None),
        ("a: worker #old\n", None),
        ("a: 3 #12\n", None),
        ("a: true #12\n", None),
        ("a: 'use issue' #12\n", None),
        ("a: | #12\n  text #13\n", None),
        ("a: #nested\n  b: c\n", None),
        ("#12\na: b\n #13\n", None),
        ("a: 'use issue #12'\n", None),
    ],
)
def test_text_cut_off_by_a_hash(text: str, cut: str | None) -> None:
    found = [line for line in findings(text) if "hash-in-text" in line]
    if cut is None:
        assert found == []
    else:
        place, comment = cut.split(" ", 1)
        assert found == [
            f"{place} hash-in-text [warning] {comment} is read as a comment and not as part of the text (put the whole text in quotes; if it is a comment, leave a blank after '#')"
        ]


PARTED = {
    "a: {x: red, and green}\n": ("1:13-22", "and green", 'a: {x: "red, and green"}\n'),
    "a: {x: red, green, as well}\n": ("1:13-27", "green", 'a: {x: "red, green, as well"}\n'),
    "a: {x: one (of, many), y: 2}\n": ("1:17-22", "many)", 'a: {x: "one (of, many)", y: 2}\n'),
    'a: {x: say "so", and go, y: 2}\n': ("1:18-24", "and go", None),
    "a: {x: red,\n  and green\n  }\n": ("2:3-12", "and green", None),
    "a: [{x: red, and green}, {y: 1}]\n": (
        "1:14-23",
        "and green",
        'a: [{x: "red, and green"}, {y: 1}]\n',
    ),
    # What is no text, or has quotes, or keys that somebody may have meant.
    "a: {x: 3, and green}\n": None,
    "a: {x: 'red', and green}\n": None,
    "a: {x: red, green}\n": None,
    "a: {x: red, and green: }\n": None,
    "a: {x: red, and green:}\n": None,
    "a: {x: red, and green: blue}\n": None,
    "a: {x: red, 'and green'}\n": None,
    "a: {and green, and blue}\n": None,
    "a: [red, and green]\n": None,
    "a: {x: [red, and green], y: [one, and (two)]}\n": None,
    "a: red, and green\nb: {x: 1}\n": None,
    "a: {x: '{red, and green}'}\n": None,
}


@pytest.mark.parametrize("text", PARTED)
def test_text_cut_off_by_a_comma(text: str) -> None:
    found = [
        each for each in parse_document(text, "f.yaml").findings if each.rule == "comma-in-text"
    ]
    expected = PARTED[text]
    if expected is None:
        assert found == []
        return
    (finding,) = found
    place, rest, mended = expected
    span = finding.location.span
    assert f"{span.line}:{span.column}-{span.end_column}" == place
    assert finding.message == f"'{rest}' is read as a key: the ',' before it ends the text in {{ }}"
    assert finding.help == "put the whole text of 'x' in quotes"
    assert (finding.fix is None) == (mended is None)
    if finding.fix is not None:
        assert not finding.fix.safe
        (edit,) = finding.fix.edits
        start, end = edit.span.column - 1, edit.span.end_column - 1
        assert text[:start] + edit.text + text[end:] == mended


def test_the_first_of_two_keys_is_kept_and_shown() -> None:
    read = parse_document("a: 1\nb: 2\na: 3\n", "f.yaml")
    (finding,) = read.findings
    (related,) = finding.related
    assert finding.location.span == Span(3, 1, 3, 2)
    assert (related.message, related.location.span) == ("the first one is here", Span(1, 1, 1, 2))
    assert to_data(read.root) == {"a": 1, "b": 2}  # type: ignore[arg-type]


def test_an_open_bracket_shows_where_it_should_have_ended() -> None:
    (finding,) = parse_document("a: [1,\n  2\nb: 3\n", "f.yaml").findings
    assert finding.related[0].message == "expected here"
    assert finding.related[0].location.span == Span(3, 2, 3, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: " + "[" * 101, "1:103 too-large more than 100 levels of nesting (split the spec into several pipelines)"),
        ("[" * 100_000, "1:101 too-large more than 100 levels of nesting (split the spec into several pipelines)"),
        ("{" * 100_000, "1:101 too-large more than 100 levels of nesting (split the spec into several pipelines)"),
        ("- " * 100_000, "1:201 too-large more than 100 levels of nesting (split the spec into several pipelines)"),
        ("? " * 100_000, "1:201 too-large more than 100 levels of nesting (split the spec into several pipelines)"),
        ("a: [" + "1," * 250_000 + "]", "1:499999 too-large more than 250,000 values (split the spec into several pipelines)"),
        ("#" * (8 * 1024 * 1024 + 1), "1:1 too-large more than 8 MiB (split the spec into several pipelines, and keep data in files of its own)"),
        ("é" * (4 * 1024 * 1024 + 1), "1:1 too-large more than 8 MiB (split the spec into several pipelines, and keep data in files of its own)"),
    ],
)  # fmt: skip
def test_reading_stops_at_the_limits(text: str, expected: str) -> None:
    read = parse_document(text, "f.yaml")
    assert [said(finding) for finding in read.findings] == [expected]
    assert read.root is None


def test_as_deep_as_allowed() -> None:
    text = "a: " + "[" * 99 + "]" * 99
    assert findings(text) == []


def test_reading_stops_at_a_thousand_findings() -> None:
    read = parse_document("- *a\n" * 5_000, "f.yaml")
    assert len(read.findings) == 1_000
    assert read.root is None


def test_paths_lead_to_nodes_and_places() -> None:
    read = parse_document("steps:\n  one:\n    with: {a: [1, two]}\n    'k k': x\n", "f.yaml")
    root = read.root
    assert isinstance(root, Mapping)
    assert isinstance(read.node(("steps", "one", "with", "a")), Sequence)
    assert read.node(("steps", "two")) is None
    assert read.node(("steps", 0)) is None
    assert read.node(("steps", "one", "with", "a", 2)) is None
    assert read.locate(("steps", "one", "with", "a", 1)).span == Span(3, 19, 3, 22)
    assert read.locate(("steps", "one", "with", "b", "c")).span == Span(3, 11, 3, 24)
    assert read.locate(()).span == Span(1, 1, 4, 13)
    assert read.locate_key(("steps", "one", "with")).span == Span(3, 5, 3, 9)
    assert read.locate_key(("steps", "one", "k k")).span == Span(4, 5, 4, 10)
    assert read.locate_key(("steps", "one", "with", "a", 1)).span == Span(3, 19, 3, 22)
    assert read.locate_key(("steps", "nine", "x")).span == Span(1, 1, 1, 6)
    assert read.locate(("steps",)).file == "f.yaml"


def test_places_in_a_file_without_nodes() -> None:
    read = parse_document("", "f.yaml")
    assert read.node(()) is None
    assert read.locate(("a",)).span == read.locate_key(("a",)).span == Span(1, 1, 1, 1)


def test_a_block_ends_with_its_last_value_and_not_with_the_comments_behind_it() -> None:
    read = parse_document("a:\n  b: 1\n\n# comment\n\nc: 2\n", "f.yaml")
    assert read.locate(("a",)).span == Span(2, 3, 2, 7)


def test_columns_count_characters_and_lines_count_any_line_end() -> None:
    read = parse_document("a: '👩é', \r\n".replace(", ", "") + "b: x\rc: y\u2028d: z\n", "f.yaml")
    assert read.locate(("a",)).span == Span(1, 4, 1, 8)
    assert [read.locate((key,)).span.line for key in "bcd"] == [2, 3, 4]
    assert read.between(1, 4) == "'👩é'"
    assert [read.between(2, *columns) for columns in ((1, 3), (4, 9), (9, 9))] == ["b:", "x", ""]
    assert [read.line(number) for number in range(6)] == [
        "",
        "a: '👩é'",
        "b: x",
        "c: y",
        "d: z",
        "",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: x ${{ y }} z\n",
        "a: 'it''s ''${{ y }}'' é'\n",
        'a: "t\\t\\u00e9\\x41\\U0001F600\\\\ ${{ y }} \\n"\n',
        "a: plain that\n  goes\n\n  on ${{ y }} here\n",
        "a: 'quoted\n  that  goes\n\n  on ${{ y }} here'\n",
        'a: "quoted \\\n    that\\\n   goes\n\n  on ${{ y }} here"\n',
        "a: | # comment ${{ z }}\n    one\n      two ${{ y }}\n\n    three\n",
        "a: |2-\n     one ${{ y }}\n",
        "a: >-\n  folded text\n  and ${{ y }}\n\n    more\n",
        "a:\r\n  |\r\n  one\r\n  ${{ y }}\r\n",
        'k: &a x\na: "${{ y }}"\n',
    ],
)
def test_characters_of_a_text_are_found_in_every_style(text: str) -> None:
    read = parse_document(text, "f.yaml")
    node = read.node(("a",))
    assert isinstance(node, Scalar)
    start = node.value.index("${{ y }}")
    span = read.in_string(("a",), start, start + 8).span
    assert span.line == span.end_line
    assert read.line(span.line)[span.column - 1 : span.end_column - 1] == "${{ y }}"


def test_places_inside_what_has_no_inside() -> None:
    read = parse_document("a: 12\nb: ''\nc: [x]\n", "f.yaml")
    assert read.in_string(("a",), 0, 1).span == Span(1, 4, 1, 6)
    assert read.in_string(("b",), 0, 1).span == Span(2, 4, 2, 6)
    assert read.in_string(("c",), 0, 1).span == Span(3, 4, 3, 7)
    assert read.in_string(("d",), 0, 1).span == Span(1, 1, 3, 7)


def test_a_range_beyond_the_text_ends_with_it() -> None:
    read = parse_document("a: 'x y'\n", "f.yaml")
    assert read.in_string(("a",), 2, 99).span == Span(1, 7, 1, 8)
    assert read.in_string(("a",), 99, 99).span == Span(1, 8, 1, 8)


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was(enabled: bool) -> None:
    was_enabled = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        parse_document("a: [", "f.yaml")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()


def test_a_yaml_library_without_libyaml_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    with pytest.raises(CouldNot, match=r"^PyYAML was installed without libyaml$"):
        parse_document("a: 1", "f.yaml")


def test_the_rules_of_the_docstring_are_those_that_report() -> None:
    folder = Path(document.__file__).parent
    names = ("document", "yaml/reader", "yaml/complaints", "yaml/suspicion", "yaml/scalars")
    source = "".join((folder / f"{name}.py").read_text() for name in names)
    listed = [
        line.split()[0] for line in (document.__doc__ or "").splitlines() if line[:4] == "    "
    ]
    assert len(listed) == 11
    assert all(f'"{rule}"' in source for rule in listed)


printable = st.text(
    st.characters(exclude_categories=["Cs", "Cc"])
    | st.sampled_from("\n\t -:{}[]#&*!|>'\"%@`,?~0_.<")
)


@settings(max_examples=200, deadline=None)
@given(st.binary() | st.text() | printable)
def test_reading_never_raises(data: bytes | str) -> None:
    read = parse_document(data, "f.yaml")
    source = Source(read.text)
    for finding in read.findings:
        span = finding.location.span
        assert span.line >= 1
        assert span.column >= 1
        assert (span.line, span.column) <= (span.end_line, span.end_column)
        assert source.offset(span.line, span.column) <= len(read.text)
    if read.root is not None:
        to_data(read.root)
    assert read.root is not None or read.findings


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\u2028\u2029"))
)
def test_every_character_of_a_quoted_text_is_found(text: str) -> None:
    read = parse_document("a: '" + text.replace("'", "''") + "'\n", "f.yaml")
    node = read.node(("a",))
    assert isinstance(node, Scalar)
    for index, character in enumerate(node.value):
        if character != " ":
            span = read.in_string(("a",), index, index + 1).span
            assert read.line(span.line)[span.column - 1] == character


def test_a_tab_before_a_comment_is_no_indentation() -> None:
    text = "a:\n\t# a comment\n \t # another\n  b: |\n    x\n    \t# text\n# tab\t\n\t\n\t# last\n"
    document = parse_document(text, "f.yaml")
    assert document.findings == ()
    assert document.root is not None
    assert to_data(document.root) == {"a": {"b": "x\n\t# text\n"}}
    assert document.locate(("a", "b")).span == Span(4, 6, 7, 1)


def test_no_more_tabs_than_a_few_are_passed_over() -> None:
    document = parse_document("a: 1\n" + "\t# a\nb: 1\n" * 30, "f.yaml")
    assert [finding.message for finding in document.findings][-1] == "a tab cannot indent"

"""Comments are told from `#` inside of values, whatever style these are written in."""

import re

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from agentflow.spec.document import parse_document
from agentflow.spec.yaml.comments import comments

MARK = re.compile("# mark")

WRITTEN = """\
agentflow: 1  # mark 1
plain: text # mark 2
folded plain: text that goes
  on#mark not a comment # mark 3
single: 'it''s # mark no'  # mark 4
double: "a \\" # mark no"\t# mark 5
over lines: "first
  # mark no
  last"
# mark 6
literal: |  # mark 7
  # mark no
  text # mark no

   # mark no
# mark 8
folded: >-
  # mark no

  # mark no
  # mark 9 is no comment: the block goes on
list:
  - a # mark 10
  # mark 11
  - "# mark no"
flow: {a: "# mark no", b: [1, # mark 12
  2]}
"key # mark no": 1
? "other key
  # mark no"
: x
empty:  # mark 13
tail: x#mark
"""


def found(text: str) -> list[str]:
    document = parse_document(text, "spec.yaml")
    return [each.text for each in comments(document.root, document.source, MARK)]


def test_every_style() -> None:
    expected = [*range(1, 9), *range(10, 14)]
    assert [text.removeprefix("# mark ") for text in found(WRITTEN)] == [*map(str, expected)]


def test_the_place_of_a_comment() -> None:
    document = parse_document("agentflow: 1\nname: é\U0001f600 # mark it\n  # mark\n", "spec.yaml")
    first, second = comments(document.root, document.source, MARK)
    assert (first.span.line, first.span.column, first.span.end_column) == (2, 10, 19)
    assert (first.alone, second.alone) == (False, True)


TEXTS = st.lists(st.sampled_from([*"# \n'\":\\-a\t{]|", "# mark"]), max_size=12).map("".join)


@given(values=st.lists(TEXTS, min_size=1, max_size=4), style=st.sampled_from([*"'\"|>", None]))
@example(values=["# mark"], style=None)
@example(values=["a\n# mark", " # mark\n"], style="|")
def test_no_value_holds_a_comment(values: list[str], style: str | None) -> None:
    lines = ["agentflow: 1 # mark"]
    for value in values:
        written = yaml.dump([f"{value} # mark {value}"], default_style=style)
        lines += [f"{len(lines)}:", written.rstrip("\n"), "# mark"]
    text = "\n".join(lines) + "\n"
    assert parse_document(text, "spec.yaml").root is not None
    assert found(text) == ["# mark"] * (1 + len(values))


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_line_ends(line_end: str) -> None:
    text = line_end.join(["agentflow: 1 # mark", "a: |", "  # mark", "# mark", "b: 1 # mark", ""])
    assert found(text) == ["# mark"] * 3

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentflow.formats.safe import safe, safe_characters


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, ünïcode, 日本語, ☺", "plain text, ünïcode, 日本語, ☺"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x1b]8;;http://x\x1b\\link", "\\x1b]8;;http://x\\x1b\\link"),
        ("\x9b31m \x9d0;t\x9c \x85", "\\x9b31m \\x9d0;t\\x9c \\x85"),
        ("\x00\x08\x0b\x0c\x7f", "\\x00\\x08\\x0b\\x0c\\x7f"),
        ("over\rwritten", "over\\x0dwritten"),
        ("a\r\nb", "a\nb"),
        ("a\tb\nc", "a\tb\nc"),
        ("\u202eright to left\u202c \u2066isolate\u2069", "\\u202eright to left\\u202c \\u2066isolate\\u2069"),
        ("zero\u200bwidth\ufeff soft\xadhyphen", "zero\\u200bwidth\\ufeff soft\\xadhyphen"),
        ("line\u2028paragraph\u2029", "line\\u2028paragraph\\u2029"),
        ("tag \U000e0041\U000e0100", "tag \\U000e0041\\U000e0100"),
        ("half \ud83d", "half \\ud83d"),
        ("heart ❤️", "heart ❤️"),
        ("[/x] [link=http://x] :smile:", "[/x] [link=http://x] :smile:"),
        ("::error::x", "\\x3a:error::x"),
        ("a\n  ::set-output name=x::y", "a\n  \\x3a:set-output name=x::y"),
        ("std::string", "std::string"),
        ("log ##[error]x", "log \\x23#[error]x"),
        ("##vso[task.setvariable]x ##teamcity[y]", "\\x23#vso[task.setvariable]x \\x23#teamcity[y]"),
        ("## heading", "## heading"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_would_act_is_spelled_out(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\ntwo\tthree\n", "one⏎two three"),
        ("\n\n ::error::x", "\\x3a:error::x"),
        ("a\r\n\r\nb", "a⏎⏎b"),
        ("a\u2028b", "a\\u2028b"),
    ],
)
def test_one_line(text: str, shown: str) -> None:
    assert safe(text, oneline=True) == shown


def test_long_text_is_cut() -> None:
    assert safe("x" * 12, limit=10) == "xxxxxxxxxx… (2 more characters)"
    assert safe("x" * 12_345, limit=5) == "xxxxx… (12,340 more characters)"
    assert safe("x" * 10, limit=10) == "x" * 10
    assert safe("\x1b" * 3, limit=2) == "\\x1b\\x1b… (1 more character)"


@given(st.text(st.characters(), max_size=40))
def test_nothing_that_acts_gets_through(text: str) -> None:
    shown = safe(text)
    assert {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"} <= {"Cc"}
    assert {char for char in shown if unicodedata.category(char) == "Cc"} <= {"\n", "\t"}
    shown.encode()
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in shown.split("\n"))


@given(st.text(st.sampled_from("ab \x1b:#[\u202e日"), max_size=20))
def test_characters_add_up_to_the_text(line: str) -> None:
    shown = safe_characters(line)
    assert len(shown) == len(line)
    assert "".join(shown) == safe(line)

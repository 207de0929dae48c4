"""Fixes: what they do to a text, and what they never do."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agentflow.cli.mending import LATE
from agentflow.findings import Edit, Finding, Fix, Location, Severity, Span
from agentflow.lint.mending import PATIENCE, Mended, Sight, apply, mend
from agentflow.lint.pages import fixable, page_of
from agentflow.lint.rule import Fixable, Rule
from agentflow.lint.rules import RULES
from tests.cli.checking import ADVISED
from tests.lint.linting import findings_of

BAD = sorted((Path(__file__).parents[1] / "cases" / "lint" / "bad").glob("*.yaml"))
FIXABLE = [rule for rule in RULES if fixable(rule) is not None]


LETTERS = """\
agentflow: 1
name: letters  # a comment
agents:
  writer:
    kind: command
    argv: [./write]
    effects: none
    input: {type: object}
    output: {type: string}
steps:
  # another one
  write: {agent: writer}
outputs: {letter: "${{ steps.write.output }}"}
"""
#: Where the page of a rule shows what no program can mend.
ALSO = {
    "syntax": LETTERS.replace("{type: object}", "{type:object}"),
    "anchor-or-tag": LETTERS.replace(
        "{agent: writer}", "\n    agent: writer\n    when: !has(inputs.x)"
    ),
    "duplicate-key": LETTERS.replace("[./write]\n", "[./write]\n    argv: [./write]\n").replace(
        "effects: none", "effects: none\n    effects: none"
    ),
    "invisible-character": LETTERS.replace("writer}", "writer, time\u200bout: 10s}"),
    "expression-syntax": LETTERS.replace(
        "writer}", "writer, assert: [{that: '${{ size(output) > 3 }}', message: short}]}"
    ),
    "wrong-type": LETTERS.replace("writer}", "writer, timeout: 30 sec}"),
    "unsupported-version": LETTERS.removeprefix("agentflow: 1\n"),
    "bad-suppression": LETTERS.replace(
        "agents:",
        "retries:\n  often: {max_attempts: 3}  # agentflow: ignore[unused-defintion] x\nagents:",
    ),
    "unknown-root": LETTERS.replace("steps.write", "step.write"),
    "whole-output": ADVISED,
}


def looked_at(text: str, others: str = "") -> Sight:
    """What is found in a spec that stands alone, or before other files."""
    findings = findings_of(text + others)
    shallow = any(found.rule in ("syntax", "wrong-type", "missing-key") for found in findings)
    return Sight(findings, 0 if shallow else 1, late=LATE)


def mended(text: str, *, unsafe: bool = True, rule: str | None = None) -> Mended:
    """A spec with its fixes applied; files behind the first stay as they are."""
    spec, mark, others = text.partition("--- # ")

    def wanted(finding: Finding) -> bool:
        fix = finding.fix
        return fix is not None and (unsafe or fix.safe) and rule in (None, finding.rule)

    return mend(spec, lambda each: looked_at(each, mark + others), wanted)


def test_eight_rules_and_more_have_a_safe_fix() -> None:
    assert sum(fixable(rule) is Fixable.SAFE for rule in FIXABLE) >= 8


@pytest.mark.parametrize("rule", FIXABLE, ids=lambda rule: rule.NAME)
def test_what_a_page_shows_is_mended(rule: Rule) -> None:
    bad = ALSO.get(rule.NAME, page_of(rule).bad)
    spec, mark, others = bad.partition("--- # ")
    done = mended(bad, rule=rule.NAME)
    assert done.fixed
    assert {found.fix.safe for found in done.fixed if found.fix is not None} == {
        fixable(rule) is Fixable.SAFE
    }
    before, after = (
        [found for found in findings_of(text + mark + others) if found.rule == rule.NAME]
        for text in (spec, done.text)
    )
    assert len(after) == len(before) - len(done.fixed)
    # Comments stay, but for those that are what is wrong.
    if rule.NAME != "unused-suppression":
        assert spec.count("# ") == done.text.count("# ")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.NAME)
def test_a_rule_whose_findings_have_fixes_says_so(rule: Rule) -> None:
    found = [found for found in findings_of(page_of(rule).bad) if found.rule == rule.NAME]
    assert fixable(rule) is not None or all(finding.fix is None for finding in found)


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_mending_only_takes_away_and_is_done_at_once(path: Path, unsafe: bool) -> None:
    text = path.read_text("utf-8")
    done = mended(text, unsafe=unsafe)
    before = [(found.message, _weight(found)) for found in looked_at(text).findings]
    after = [(found.message, _weight(found)) for found in looked_at(done.text).findings]
    if looked_at(text).depth == looked_at(done.text).depth:
        new = Counter(after) - Counter(before)
        assert all(grave < max(map(_weight, done.fixed)) for _, grave in new)
    assert (done.text == text) == (not done.fixed)
    again = mended(done.text, unsafe=unsafe)
    assert (again.text, again.fixed) == (done.text, ())


def _weight(finding: Finding) -> int:
    return -list(Severity).index(finding.severity)


# --- the loop, with findings that are made up ----------------------------------------------------

PLACE = Location("a", Span(1, 1, 1, 1))


def a_finding(name: str, *edits: Edit) -> Finding:
    return Finding(name, Severity.ERROR, name, PLACE, fix=Fix("mend", edits))


def letters(text: str, letter: str, instead: str) -> list[Finding]:
    """A finding for each letter, which is to be another."""
    return [
        a_finding(f"{letter}{number}", Edit(Span(1, at.start() + 1, 1, at.start() + 2), instead))
        for number, at in enumerate(re.finditer(letter, text))
    ]


def test_edits_are_applied_at_their_places_whatever_their_order() -> None:
    edits = [
        Edit(Span(2, 1, 3, 1), ""),
        Edit(Span(1, 2, 1, 2), "\U0001f600"),
        Edit(Span(3, 1, 3, 1), "new\n"),
        Edit(Span(3, 2, 9, 9), "!"),
    ]
    assert apply("ab\ncd\nef", edits) == "a\U0001f600b\nnew\ne!"
    assert apply("ab\r\ncd\r\nef", edits) == "a\U0001f600b\r\nnew\r\ne!"


def test_fixes_that_touch_each_other_are_applied_one_after_the_other() -> None:
    looks = []

    def look(text: str) -> Sight:
        looks.append(text)
        found = []
        if "ab" in text:
            found.append(a_finding("ab", Edit(Span(1, 1, 1, 3), "xb")))
        if "bc" in text:
            at = text.index("bc") + 1
            found.append(a_finding("bc", Edit(Span(1, at, 1, at + 2), "by")))
        return Sight(found, 1)

    done = mend("abc", look, lambda _: True)
    assert done.text == "xby"
    assert looks == ["abc", "xbc", "xby"]


def test_a_fix_that_brings_something_new_is_left_out_and_the_others_are_not() -> None:
    def look(text: str) -> Sight:
        new = [a_finding("new")] if text.count("x") and "c" not in text else []
        return Sight([*letters(text, "a", "x"), *letters(text, "c", "z"), *new], 1)

    done = mend("a" * 20 + "c" + "a" * 20, look, lambda _: True)
    assert done.text == "x" * 20 + "c" + "x" * 20
    assert [(each.finding.rule, each.brings) for each in done.refused] == [("c0", a_finding("new"))]
    assert len(done.fixed) == 40


def test_after_many_fixes_in_a_row_that_bring_something_new_no_more_are_tried() -> None:
    looks: list[str] = []

    def look(text: str) -> Sight:
        looks.append(text)
        return Sight([*letters(text, "a", "x"), *[a_finding("new")] * text.count("x")], 1)

    done = mend("a" * 300, look, lambda _: True)
    assert (done.text, done.fixed) == ("a" * 300, ())
    assert (len(done.refused), done.untried) == (PATIENCE, 300 - PATIENCE)
    # Every second letter touches none before it; their number is halved until one is left.
    assert len(looks) == 1 + len([150, 75, 37, 18, 9, 4, 2]) + PATIENCE


def test_what_an_error_hid_may_show_and_is_mended_after_it() -> None:
    hidden = replace(a_finding("hidden", Edit(Span(1, 2, 1, 3), "y")), severity=Severity.WARNING)

    def look(text: str) -> Sight:
        return Sight(letters(text, "a", "x") or [hidden] * ("b" in text), 1, late=["hidden"])

    assert mend("ab", look, lambda _: True).text == "xy"


def test_what_is_mended_brings_nothing_that_is_as_grave() -> None:
    def look(text: str) -> Sight:
        found = letters(text, "a", "x") or [a_finding("new")]
        return Sight([replace(each, severity=Severity.WARNING) for each in found], 1, late=["new"])

    assert mend("a", look, lambda _: True).text == "a"


def test_a_fix_that_changes_nothing_does_not_go_on_for_ever() -> None:
    done = mend("a", lambda text: Sight(letters("a", "a", "a"), 1), lambda _: True)
    assert (done.text, done.fixed, [each.brings for each in done.refused]) == ("a", (), [None])


def test_what_could_not_be_seen_before_is_not_new() -> None:
    def look(text: str) -> Sight:
        if "a" in text:
            return Sight(letters(text, "a", "x"), 0, ["early"])
        return Sight([a_finding("late" if "b" in text else "early")], 1, ["early"])

    assert mend("ab", look, lambda _: True).text == "xb"
    assert mend("a", look, lambda _: True).text == "a"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_comments_and_layout_of_other_lines_stay(data: st.DataObject) -> None:
    """Comments on lines of their own, at the ends of lines, blanks behind them, and empty lines."""
    rule = data.draw(st.sampled_from(FIXABLE), label="rule")
    text, mark, others = ALSO.get(rule.NAME, page_of(rule).bad).partition("--- # ")
    lines: list[str] = []
    for number, line in enumerate(text.splitlines()):
        extra = data.draw(st.sampled_from(["", "", "", "own", "end", "blank", "empty"]))
        indent = line[: len(line) - len(line.lstrip())]
        if extra == "own":
            lines.append(f"{indent}# \u2603 {number}")
        elif extra == "empty":
            lines.append("")
        behind = {"end": f"  # \u2603 {number}" if "#" not in line else "", "blank": "   "}
        lines.append(line + behind.get(extra, ""))
    decorated = "\n".join(lines) + "\n"
    found = [each for each in findings_of(decorated + mark + others) if each.rule == rule.NAME]
    touched = {
        line
        for each in found
        for edit in (each.fix.edits if each.fix is not None else ())
        for line in range(edit.span.line, edit.span.end_line + 1)
    }
    done = mended(decorated + mark + others, rule=rule.NAME)
    kept = [line for number, line in enumerate(lines, 1) if number not in touched]
    left = iter(done.text.split("\n"))
    assert all(line in left for line in kept), done.text
    assert mended(done.text + mark + others, rule=rule.NAME).text == done.text


OK = sorted((Path(__file__).parents[1] / "cases" / "lint" / "ok").glob("*.yaml"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_slip_of_the_finger_is_undone_or_left_alone(data: st.DataObject) -> None:
    """In specs that are fine a letter of some word gets lost; no fix makes a third thing of it."""
    path = data.draw(st.sampled_from(OK), label="spec")
    text = path.read_text("utf-8")
    words = list(re.finditer(r"[a-z_]{5,}", text))
    word = data.draw(st.sampled_from(words), label="word")
    at = data.draw(st.integers(word.start(), word.end() - 1), label="letter")
    slipped = text[:at] + text[at + 1 :]
    done = mended(slipped, unsafe=False)
    if done.fixed:
        before = {found.message for found in looked_at(slipped).findings}
        after = {found.message for found in looked_at(done.text).findings}
        assert after < before or looked_at(done.text).depth > looked_at(slipped).depth
    assert mended(done.text, unsafe=False).text == done.text

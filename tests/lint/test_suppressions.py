"""Comments that take findings back, and what is said about those that do not."""

import pytest

from agentflow.findings import Severity
from agentflow.lint.linter import Outcome, examine
from agentflow.lint.rule import Context
from agentflow.loading import understand
from tests.lint.linting import lines

SPEC = """\
agentflow: 1
name: letters
retries:
  transient: {max_attempts: 3}
agents:
  writer:
    kind: command
    argv: [./write]
    effects: none
    input: {type: object}
    output: {type: string}
steps:
  write: {agent: writer}
outputs: {letter: "${{ steps.write.output }}"}
"""
REASON = "the next release needs it"
COMMENT = f"# agentflow: ignore[unused-definition] {REASON}"


def outcome(text: str) -> Outcome:
    def read(path: str) -> str:
        raise AssertionError(path)

    return examine(Context(*understand(text, "spec.yaml", read)))


def commented(comment: str, *, line: int, above: bool = False) -> str:
    """The spec with a comment at the end of a line, or above it."""
    written = SPEC.splitlines()
    if above:
        indent = len(written[line - 1]) - len(written[line - 1].lstrip())
        written.insert(line - 1, " " * indent + comment)
    else:
        written[line - 1] += f"  {comment}"
    return "\n".join(written) + "\n"


TAKEN_BACK = {
    "at the end of the line": commented(COMMENT, line=4),
    "above the node": commented(COMMENT, line=4, above=True),
    "above the node around it": commented(COMMENT, line=3, above=True),
    "above another comment and a blank line": commented(COMMENT, line=4, above=True).replace(
        REASON, f"{REASON}\n  # more about it\n"
    ),
    "with other names": commented(COMMENT, line=4).replace(
        "[unused-definition]", "[ cycle,unused-definition ]"
    ),
    "written tightly": commented(f"#agentflow:ignore[unused-definition]: {REASON}", line=4),
}


@pytest.mark.parametrize("text", TAKEN_BACK.values(), ids=TAKEN_BACK)
def test_taken_back(text: str) -> None:
    done = outcome(text)
    (taken,) = done.suppressed
    assert taken.finding.message == "retry policy 'transient' is not used"
    assert taken.reason == REASON
    assert text.splitlines()[taken.comment.span.line - 1].endswith(REASON)
    left = [found for found in lines(done.findings) if "'cycle' finds nothing" not in found]
    assert left == []


FLOWING = SPEC.replace(
    "retries:\n  transient: {max_attempts: 3}\n",
    "retries: {\n  transient: {\n    max_attempts: 3\n  },\n  other: {max_attempts: 2},\n}\n",
)
#: A comment in braces over several lines, by the line above which it stands, and what it takes
#: back.
IN_BRACES = {3: ["transient", "other"], 4: ["transient"], 7: ["other"]}


@pytest.mark.parametrize("line", IN_BRACES)
def test_above_and_in_braces_over_several_lines(line: int) -> None:
    written = FLOWING.splitlines(keepends=True)
    done = outcome("".join([*written[: line - 1], f"  {COMMENT}\n", *written[line - 1 :]]))
    assert [each.finding.message for each in done.suppressed] == [
        f"retry policy '{name}' is not used" for name in IN_BRACES[line]
    ]
    assert len(done.findings) == 2 - len(IN_BRACES[line])


def test_with_carriage_returns() -> None:
    (taken,) = outcome(commented(COMMENT, line=4).replace("\n", "\r\n")).suppressed
    assert (taken.reason, taken.comment.span.end_column) == (REASON, 33 + len(COMMENT))


#: A list of lines in each of whose items something is found.
LISTED = SPEC.replace(
    "write: {agent: writer}\n",
    "write:\n    agent: writer\n    assert:\n"
    '      - {that: "true", message: one}\n      - {that: "1 == 1", message: two}\n',
)


@pytest.mark.parametrize("line", [16, 17])
def test_above_an_item_of_a_list(line: int) -> None:
    written = LISTED.splitlines(keepends=True)
    comment = "      # agentflow: ignore[idle-assert] as usual\n"
    done = outcome("".join([*written[: line - 1], comment, *written[line - 1 :]]))
    assert [each.finding.location.span.line for each in done.suppressed] == [line + 1]


def test_of_two_that_say_the_same_the_second_is_idle() -> None:
    text = commented(COMMENT, line=4).splitlines(keepends=True)
    done = outcome("".join([*text[:3], f"  {COMMENT}\n", *text[3:]]))
    assert [taken.comment.span.line for taken in done.suppressed] == [4]
    assert lines(done.findings) == [
        "5:53 'unused-definition' finds nothing here that could be suppressed"
    ]


NOT_TAKEN_BACK = {
    "above the first line, which is a node like others": commented(COMMENT, line=1, above=True),
    "at the end of the file": SPEC + COMMENT,
    "on another line": commented(COMMENT, line=5),
    "below": commented(COMMENT, line=5, above=True),
    "above the node before it": commented(COMMENT, line=2, above=True),
    "in a text": SPEC.replace("name: letters", f"name: letters\ndescription: '\n  {COMMENT}'"),
    "in a block": SPEC.replace("name: letters", f"name: letters\ndescription: |\n  {COMMENT}"),
}


@pytest.mark.parametrize("text", NOT_TAKEN_BACK.values(), ids=NOT_TAKEN_BACK)
def test_not_taken_back(text: str) -> None:
    done = outcome(text)
    assert done.suppressed == ()
    assert any("'transient' is not used" in line for line in lines(done.findings))
    unused = [found for found in done.findings if found.rule == "unused-suppression"]
    assert len(unused) == ("description" not in text)


@pytest.mark.parametrize(
    "comment",
    [
        "# agentflow: disable[unused-definition] why",
        "# agentflow: disable=unused-definition",
        "# agentflow: disable-next-line unused-definition",
        "# agentflow: noqa",
        "# agentflow: NOQA: unused-definition",
        "# agentflow ignore[unused-definition] why",
        "# agentflow-ignore[unused-definition] why",
        "# agentflow nolint",
    ],
)
def test_what_other_tools_write_is_told(comment: str) -> None:
    done = outcome(commented(comment, line=4))
    assert f"4:33 '{comment}' is no suppression" in lines(done.findings)
    assert done.suppressed == ()


def described(text: str) -> str:
    """The spec with a text above the retry policy that is not used."""
    return SPEC.replace("name: letters\n", f"name: letters\ndescription: {text}\n")


#: Texts above that policy or in it, and where in them something is lost.
LOST = {
    "at the end of a block": (described(f"|\n  Text.\n  {COMMENT}"), "5:3"),
    "at the end of a block with carriage returns": (
        described(f"|\n  Text.\n  {COMMENT}").replace("\n", "\r\n"),
        "5:3",
    ),
    "at the end of a text in quotes": (described(f'"Text.\n  {COMMENT}"'), "4:3"),
}


@pytest.mark.parametrize(("text", "place"), LOST.values(), ids=LOST)
def test_what_is_part_of_a_text_and_may_have_been_meant_is_told(text: str, place: str) -> None:
    done = outcome(text)
    (bad,) = (found for found in done.findings if found.rule == "bad-suppression")
    shown = "# agentflow: ignore[unused-definition] the next release nee…"
    assert lines((bad,)) == [
        f"{place} '{shown}' is a part of the text here, and suppresses nothing"
    ]
    assert bad.help == (
        "put it above the key of the text, or with less indentation above what it is about"
    )
    assert done.suppressed == ()


def test_what_is_part_of_a_text_and_about_nothing_there_is_not_told() -> None:
    inside = described(f"|\n  {COMMENT}\n  As above, so below.")
    assert [found.rule for found in outcome(inside).findings] == ["unused-definition"]
    other = described(f"|\n  Text.\n  {COMMENT.replace('unused-definition', 'cycle')}")
    assert [found.rule for found in outcome(other).findings] == ["unused-definition"]


def test_only_somebody_takes_out_what_may_stand_in_the_wrong_place() -> None:
    findings = outcome(commented(COMMENT, line=8)).findings
    (unused,) = (found for found in findings if found.rule == "unused-suppression")
    assert unused.fix is not None
    assert not unused.fix.safe


BAD = {
    "# agentflow: ignore[unused-definition]": "4:33 the suppression has no reason",
    "# agentflow: ignore[unused-definition] -": "4:33 the suppression has no reason",
    "# agentflow: ignore[] some reason": "4:33 the suppression names no rule",
    "# agentflow: ignore some reason": "4:33 the suppression names no rule",
    "# agentflow: ignroe[cycle] a reason": (
        "4:33 '# agentflow: ignroe[cycle] a reason' is no suppression"
    ),
    "# agentflow ignore[cycle] a reason": (
        "4:33 '# agentflow ignore[cycle] a reason' is no suppression"
    ),
    "# agentflow: ignore[unused-defintion] a reason": "4:53 there is no rule 'unused-defintion'",
    "# agentflow: ignore[unused-definition, x] y": "4:72 there is no rule 'x'",
    "# agentflow: ignore[reference] y": ("4:53 'reference' is a family, and a comment names rules"),
    "# AGENTFLOW: ignore[unused-definition] y": (
        "4:33 '# AGENTFLOW: ignore[unused-definition] y' is no suppression"
    ),
    "# noqa agentflow: ignore[unused-definition] y": (
        "4:33 '# noqa agentflow: ignore[unused-definition] y' is no suppression"
    ),
}


@pytest.mark.parametrize("comment", BAD)
def test_bad_suppressions(comment: str) -> None:
    findings = outcome(commented(comment, line=4)).findings
    bad = tuple(found for found in findings if found.rule == "bad-suppression")
    assert lines(bad) == [BAD[comment]]
    assert bad[0].severity is Severity.WARNING


def test_a_name_that_is_cut_off_is_the_one_that_goes_on_like_it() -> None:
    findings = outcome(commented("# agentflow: ignore[unused-def] later", line=4)).findings
    (bad,) = (found for found in findings if found.rule == "bad-suppression")
    assert (bad.message, bad.help) == (
        "there is no rule 'unused-def'",
        "did you mean 'unused-definition'?",
    )
    assert bad.fix is not None
    assert [edit.text for edit in bad.fix.edits] == ["unused-definition"]


@pytest.mark.parametrize(
    "comment",
    [
        "# agentflow: 1",
        "# agentflow is a command",
        "# see agentflow: notes",
        "# ignore",
        "# agentflow: allow what they ask",
        "# agentflow: steps[0] is one",
    ],
)
def test_other_comments(comment: str) -> None:
    findings = outcome(commented(comment, line=4)).findings
    assert lines(findings) == ["4:3 retry policy 'transient' is not used"]


def test_an_error_that_leaves_nothing_to_run_stays() -> None:
    text = SPEC.replace("agent: writer}", "agent: wrter}  # agentflow: ignore[unknown-agent] why")
    done = outcome(text)
    assert done.suppressed == ()
    assert lines(done.findings)[-2:] == [
        "13:18 unknown agent 'wrter'",
        "13:46 an error of 'unknown-agent' cannot be suppressed: the pipeline could not run",
    ]


def test_an_error_that_can_do_harm_is_taken_back() -> None:
    text = SPEC.replace("effects: none", "effects: irreversible")
    assert [found.rule for found in outcome(text).findings if found.severity == "error"] == [
        "irreversible-without-gate"
    ]
    # The spec is run then, too: the comment is part of it.
    comment = "# agentflow: ignore[irreversible-without-gate] nobody is asked here"
    done = outcome(text.replace("agent: writer}", f"agent: writer}} {comment}"))
    assert [found for found in done.findings if found.severity == "error"] == []
    assert len(done.suppressed) == 1


def test_of_several_names_those_without_use_are_said() -> None:
    comment = f"# agentflow: ignore[cycle, unused-definition, dead-step] {REASON}"
    findings = outcome(commented(comment, line=4)).findings
    assert lines(findings) == [
        "4:53 'cycle' finds nothing here that could be suppressed",
        "4:79 'dead-step' finds nothing here that could be suppressed",
    ]


def test_a_spec_that_cannot_be_understood_has_no_unused_ones() -> None:
    text = commented(COMMENT, line=13).replace("kind: command", "kind: [command]")
    assert {found.rule for found in outcome(text).findings} == {"wrong-type"}


def test_one_is_not_unused_where_an_error_keeps_rules_from_looking() -> None:
    text = commented(f"# agentflow: ignore[dead-step] {REASON}", line=13)
    assert any("'dead-step' finds nothing" in line for line in lines(outcome(text).findings))
    broken = text.replace("agent: writer}", "agent: wrter}")
    assert {found.rule for found in outcome(broken).findings} == {
        "unknown-agent",
        "unused-definition",
    }


def test_those_of_a_pipeline_inside_count_there() -> None:
    parent = "agentflow: 1\nname: p\nsteps: {a: {pipeline: c.yaml}}\noutputs: {x: '${{ steps.a.output.letter }}'}\n"
    child = SPEC.replace("effects: none", "effects: irreversible").replace(
        "retries:\n  transient: {max_attempts: 3}\n", ""
    )
    comment = "  # agentflow: ignore[irreversible-without-gate] nobody is asked here"

    def found(text: str) -> list[str]:
        return lines(examine(Context(*understand(parent, "p.yaml", lambda _: text))).findings)

    assert any("pipeline 'c.yaml' cannot run" in line for line in found(child))
    assert found(child.replace("agent: writer}", f"agent: writer}}{comment}")) == []


def test_a_comment_names_no_more_rules_than_there_are() -> None:
    text = commented(f"# agentflow: ignore[{'cycle, ' * 200}cycle] as usual", line=4)
    found = [(one.rule, one.message) for one in outcome(text).findings]
    assert ("bad-suppression", "the suppression names more than 200 rules") in found


def test_of_very_many_names_some_are_looked_at() -> None:
    found = outcome(SPEC + f"# agentflow: ignore[{'cycel,' * 100}] x\n" * 60)
    findings = [each for each in found.findings if each.rule == "bad-suppression"]
    assert len(findings) == 5_001
    assert lines(tuple(findings[-1:])) == [
        "65:1 more than 5,000 rules are suppressed, and none from here on"
    ]

"""Fixes in whatever way a spec is laid out: what they never do to what stands around them.

The specs are those of `near.txt` and `slips.txt` of which something is said that has a fix, with up to
three changes in each. They are laid out anew: as flow, over lines of carriage returns, without a last line end, with
comments, blanks and tabs wherever they may stand, and with characters of any width before.
"""

import json
import re
from collections import Counter
from functools import cache

import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from agentflow.cli.mending import EARLY, LATE
from agentflow.findings import Finding
from agentflow.lint.mending import Mended, Sight, mend
from agentflow.spec.document import parse_document
from agentflow.spec.yaml.nodes import to_data
from tests.core.world import examples
from tests.lint.linting import findings_of, written
from tests.lint.test_cases import CASES
from tests.lint.test_mending import FIXABLE
from tests.lint.test_near import BLOCKS
from tests.lint.test_slips import BLOCKS as SLIPS

_REMARKS = ("", "", "", "  # {} \u2603\t\U0001f600 'é", "   ", "\t# {}", " #{}")
_ABOVE = ("", "", "", "", "# {} \u202fabove\t", "")


@cache
def _changes() -> dict[str, list[tuple[str, str]]]:
    """What can be changed in each spec so that it has something to mend."""
    names = {rule.NAME for rule in FIXABLE}
    found: dict[str, list[tuple[str, str]]] = {}
    for block in (*BLOCKS, *(f"ok/letters_desk.yaml: {slip}" for slip in SLIPS)):
        head, *said = block.split("\n")
        file, _, change = head.partition(": ")
        old, _, new = change.partition(" → ")
        if file.startswith("ok/") and {word for line in said for word in line.split()} & names:
            found.setdefault(file, []).append((written(old), written(new)))
    return found


@st.composite
def _specs(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A spec with something to mend, and what was written between its lines."""
    file = draw(st.sampled_from([file for file, found in _changes().items() for _ in found]))
    text = (CASES / file).read_text("utf-8")
    for old, new in draw(st.lists(st.sampled_from(_changes()[file]), min_size=1, max_size=3)):
        text = text.replace(old, new, 1)
    layout = draw(st.sampled_from(["as it is", "as it is", "wide", "flow", "json"]))
    if layout == "wide":
        text = re.sub(
            r"(?m)^  (\w+): \{agent:", '  \\1: {description: "\U0001f600\t", agent:', text
        )
    elif layout != "as it is":
        root = parse_document(text, "spec.yaml").root
        assume(root is not None)
        assert root is not None
        data = to_data(root)
        text = (
            json.dumps(data, indent=1, ensure_ascii=False)
            if layout == "json"
            else yaml.safe_dump(data, default_flow_style=True, width=60, allow_unicode=True)
        )
    above: list[str] = []
    if layout != "flow" and "|" not in text and ">" not in text:
        text, above = _remarked(draw, text)
    if draw(st.booleans()):
        text = text.rstrip("\n")
    if draw(st.booleans()):
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return text, above


def _remarked(draw: st.DrawFn, text: str) -> tuple[str, list[str]]:
    lines: list[str] = []
    above: list[str] = []
    for number, line in enumerate(text.split("\n")):
        if line and (remark := draw(st.sampled_from(_ABOVE)).format(number)):
            above.append(remark)
            lines.append(" " * (len(line) - len(line.lstrip())) + remark)
        behind = draw(st.sampled_from(_REMARKS)).format(number) if line and "#" not in line else ""
        lines.append(line + behind)
    return "\n".join(lines), above


def _sight(text: str) -> Sight:
    findings = findings_of(text)
    deep = not any(each.rule in ("syntax", "wrong-type", "missing-key") for each in findings)
    return Sight(findings, int(deep), EARLY, LATE)


def _mended(text: str, *, unsafe: bool) -> Mended:
    def wanted(finding: Finding) -> bool:
        return finding.fix is not None and (unsafe or finding.fix.safe)

    return mend(text, _sight, wanted)


def _said(findings: tuple[Finding, ...]) -> Counter[tuple[str, str]]:
    return Counter((each.rule, each.message) for each in findings)


@examples(25)
@given(_specs(), st.booleans())
def test_whatever_the_layout_only_what_is_wrong_goes(
    spec: tuple[str, list[str]], unsafe: bool
) -> None:
    text, above = spec
    done = _mended(text, unsafe=unsafe)
    before, after = _sight(text), _sight(done.text)
    # What is mended is gone, and nothing is there that was not, but for what could not be seen.
    assert after.depth >= before.depth
    then, now = _said(tuple(before.findings)), _said(tuple(after.findings))
    if after.depth == before.depth:
        assert all(rule in LATE for rule, _ in now - then)
        at_first = {each: count for each, count in _said(done.fixed).items() if each in then}
        assert all(now[each] <= then[each] - count for each, count in at_first.items())
    # Line ends are those of the text, the last one too.
    assert ("\r\n" in text) == ("\r\n" in done.text)
    assert not ("\r\n" in text and re.search(r"(?<!\r)\n", done.text))
    if not unsafe:
        assert text.endswith("\n") == done.text.endswith("\n")
        # What is written between lines stays, and of all others no more go than are mended.
        assert [each for each in above if each not in done.text] == []
        spans = [edit.span for each in done.fixed if each.fix for edit in each.fix.edits]
        lost = Counter(text.splitlines()) - Counter(done.text.splitlines())
        assert lost.total() <= sum(span.end_line - span.line + 1 for span in spans)
    again = _mended(done.text, unsafe=unsafe)
    assert (again.text, again.fixed) == (done.text, ())

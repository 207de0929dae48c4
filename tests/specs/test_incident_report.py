"""What the incident report says, held against what is counted here, straight from the files."""

import importlib
import re

from .night import LABELS, MESSAGES, Night

markdown = importlib.import_module("incidents.markdown")


def test_the_report_counts_what_is_there(night: Night) -> None:
    files = list(MESSAGES.iterdir())
    numbered = [p for p in files if re.search(r"(?m)^Ticket: QS-\d{5}$", p.read_text("utf-8"))]
    counts = night.report["counts"]
    assert counts["files"] == len(files)
    assert counts["handled"] == len(numbered) == len(LABELS)
    assert counts["unhandled"] == len(files) - len(numbered)
    assert f"**{len(files)} messages** from 12 Mar 17:42 to 13 Mar 08:35." in night.text
    by_kind = [kind for kind, _, _ in LABELS.values()]
    for queue, kind in [("Operations", "outage"), ("Billing", "billing"), ("Support", "question")]:
        assert re.search(rf"^\| {queue} +\| +{by_kind.count(kind)} \|", night.text, re.MULTILINE)
        assert f"### {queue} ({by_kind.count(kind)})" in night.text


def test_every_file_is_in_the_report(night: Night) -> None:
    listed = re.findall(r"^- \*\*(QS-\d{5})\*\* P\d", night.section("Every message"), re.MULTILINE)
    assert sorted(listed) == sorted(LABELS)
    unread = re.findall(r"msg-\d{3}\.txt", night.section("For a person to read"))
    assert unread == ["msg-025.txt", "msg-030.txt"]
    assert "Mr. Abernathy" in night.section("For a person to read")


def test_urgent_and_overdue_agree_with_the_list(night: Night) -> None:
    entries = re.findall(r"^- \*\*QS-\d{5}\*\* (P\d) .* due (.*?)  $", night.text, re.MULTILINE)
    urgent = sum(priority == "P1" for priority, _ in entries)
    assert night.report["counts"]["urgent"] == urgent
    assert len(re.findall(r"^\| QS-", night.section("Needs someone now"), re.MULTILINE)) == urgent
    late = sum(due.endswith(", overdue") for _, due in entries)
    assert night.report["counts"]["overdue"] == late


def test_a_repeated_claim_is_paid_once(night: Night) -> None:
    money = night.section("Proposed refunds and credits")
    assert money.count("EUR 1,249.00") == 1
    assert "in QS-40117" in money
    assert "Together EUR 1,561.40, GBP 430.00, USD 89.00. Nothing has been paid." in money


def test_foreign_text_stays_text(night: Night) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", night.text)
    assert r"\<script\>" in night.text
    assert not re.search(r"(?<!\\)<script", night.text)
    assert not re.search(r"(?<!\\)\[(?:/red|bold red)", night.text)
    hostile = "| a |\n# b <i>*c* [d](https://e.example) \u202e\x1b[31m&lt;"
    plain = markdown.safe(hostile)
    assert plain == (r"\| a \| # b \<i\>\*c\* \[d\](https\://e.example) \[31m\&lt;")


def test_a_brief_by_a_model_brings_no_html(night: Night) -> None:
    text = night.compose(security_brief="1. **a**\x1b[2J\n\n<img src=x>")["markdown"]
    assert "1. **a** [2J\n\n\\<img src=x>\n" in text


def test_tables_have_even_rows(night: Night) -> None:
    for block in re.findall(r"(?:^\|.*\n)+", night.text, re.MULTILINE):
        assert len({len(line) for line in block.splitlines()}) == 1


def test_nothing_to_report(night: Night) -> None:
    empty = night.compose(
        handled=[], without_fact=[], resemblances={"checked": 0, "groups": []}, security_brief=""
    )
    assert set(empty["counts"].values()) == {0}
    assert "No message is with a queue." in empty["markdown"]
    assert "The comparison did not run" in empty["markdown"]
    assert "Security brief" not in empty["markdown"]


def test_what_failed_on_the_way_is_listed(night: Night) -> None:
    answer = night.handled[0]
    text = night.compose(
        handled=night.handled[1:],
        without_decision=[{"file": answer["file"], "fact": answer["fact"]}],
        unreadable=[{"file": "scan.png", "reason": "not a .txt file"}],
    )["markdown"]
    rows = text.partition("## For a person to read")[2]
    assert re.search(r"^\| msg-001\.txt \| its desk gave no decision ", rows, re.MULTILINE)
    assert re.search(r"^\| scan\.png +\| not a \.txt file ", rows, re.MULTILINE)

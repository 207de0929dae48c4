"""The agents of the flagship pipeline, called as the plain functions they are, on its real
input."""

import importlib
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from .night import (
    CONTRACTS,
    FOLDER,
    LABELS,
    MESSAGES,
    SPECS,
    Json,
    Night,
    desks,
    facts,
    find_similar,
    inbox,
    report,
    violations,
)

lexicon = importlib.import_module("incidents.lexicon")
delivery = importlib.import_module("incidents.delivery")


# --- the input ------------------------------------------------------------------------------


def test_inbox_keeps_its_contract(night: Night) -> None:
    assert violations("Inbox", night.inbox) == []
    assert [m["file"] for m in night.inbox["messages"]] == sorted(
        p.name for p in MESSAGES.iterdir()
    )
    assert night.inbox["unreadable"] == []


def test_inbox_names_what_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Grüße", encoding="utf-8")
    (tmp_path / "b.txt").write_bytes("Grüße".encode("latin-1"))
    (tmp_path / "c.txt").write_text("x" * 6001)
    (tmp_path / "d.txt").write_text("€" * 6000, encoding="utf-8")
    (tmp_path / "e.png").write_bytes(b"\x89PNG")
    (tmp_path / ".hidden").write_text("no message")
    (tmp_path / "older").mkdir()
    taken = inbox.collect(str(tmp_path))
    assert violations("Inbox", taken) == []
    assert [m["file"] for m in taken["messages"]] == ["a.txt", "d.txt"]
    assert taken["unreadable"] == [
        {"file": "b.txt", "reason": "not UTF-8: byte 0xfc at position 2"},
        {"file": "c.txt", "reason": "longer than 6000 characters"},
        {"file": "e.png", "reason": "not a .txt file"},
    ]


def test_inbox_refuses_a_missing_folder_and_too_many_files(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="no folder"):
        inbox.collect(str(tmp_path / "none"))
    for number in range(51):
        (tmp_path / f"{number}.txt").touch()
    with pytest.raises(ValueError, match=r"51 files in .* one run takes 50 at most"):
        inbox.collect(str(tmp_path))


# --- facts ----------------------------------------------------------------------------------


def test_facts_are_what_a_person_would_say(night: Night) -> None:
    found = {f["id"]: (f["kind"], f["service"], f["severity"]) for f in night.facts.values()}
    assert found == LABELS


def test_every_message_with_a_number_becomes_a_fact(night: Night) -> None:
    numbered = {
        path.name: number[1]
        for path in MESSAGES.iterdir()
        if (number := re.search(r"^Ticket: (QS-\d{5})$", path.read_text("utf-8"), re.MULTILINE))
    }
    assert {file: fact["id"] for file, fact in night.facts.items()} == numbered


def test_a_message_without_a_number_breaks_the_contract() -> None:
    fact = facts.extract("Subject: help\n\nIt is broken, see QS-40101, please help us.")
    assert fact["id"] == ""
    assert violations("Fact", fact) != []


def test_facts_hold_no_control_characters(night: Night) -> None:
    assert "\x1b" in (MESSAGES / "msg-024.txt").read_text(encoding="utf-8")
    for fact in night.facts.values():
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", "".join(fact["summary"] + fact["subject"]))


def test_german_is_recognised(night: Night) -> None:
    assert {f["id"] for f in night.facts.values() if f["language"] == "de"} == {"QS-40127"}


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("paid EUR 1,249.00 twice", ("EUR", 124900)),
        ("on 02 Mar 2026 EUR 1,249.00 was taken", ("EUR", 124900)),
        ("bezahlt 1.249,00 € heute", ("EUR", 124900)),
        ("took $89 away", ("USD", 8900)),
        ("the fee is £4,300.00.", ("GBP", 430000)),
        ("costs 12.50 USD", ("USD", 1250)),
        ("$999,999,999,999", ("USD", 100_000_000)),
        ("340 orders an hour", None),
    ],
)
def test_amounts(text: str, money: tuple[str, int] | None) -> None:
    amount = facts.amount_of(text)
    assert (amount and (amount["currency"], amount["cents"])) == money


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-12T17:42:00Z", "2026-03-12T17:42:00Z"),
        ("2026-03-12T18:42:00+01:00", "2026-03-12T17:42:00Z"),
        ("Thu, 12 Mar 2026 17:49:00 +0000", "2026-03-12T17:49:00Z"),
        ("12.03.2026 21:25", "2026-03-12T21:25:00Z"),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_instants(text: str, expected: str) -> None:
    assert facts.instant(text) == expected


# --- desks ----------------------------------------------------------------------------------


def test_a_shared_cause_raises_and_a_workaround_lowers() -> None:
    def rank(service: str, reports: int, *signals: str) -> str:
        answer = desks.operations(service, "medium", list(signals), reports)
        return str(answer["decision"]["priority"])

    assert rank("dns", 1) == "P3"
    assert rank("dns", 3) == "P2"
    assert rank("unknown", 3) == "P3"
    assert rank("dns", 1, "workaround") == "P4"


def test_a_message_cannot_order_its_own_refund(night: Night) -> None:
    case = next(answer for answer in night.handled if answer["fact"]["id"] == "QS-40160")
    assert "9,999.00" in (MESSAGES / case["file"]).read_text(encoding="utf-8")
    assert case["refund"]["cents"] == 0
    assert case["decision"]["owner"] == "billing lead"
    assert case["decision"]["priority"] == "P2"
    assert "9,999" not in night.text


def test_an_sla_credit_is_a_share_of_the_fee() -> None:
    answer = desks.billing(["sla_credit"], {"currency": "GBP", "cents": 430000})
    assert answer["refund"] == {"currency": "GBP", "cents": 43000}


def test_data_of_others_wakes_the_officer(night: Night) -> None:
    woken = {a["fact"]["id"] for a in night.handled if a.get("escalate", False)}
    assert woken == {"QS-40138", "QS-40146", "QS-40168"}
    assert violations("Brief", night.brief) == []
    assert "end 15 Mar 23:40, in 62 hours" in night.brief["text"]


def test_questions_get_the_article_that_answers(night: Night) -> None:
    articles = {a["fact"]["id"]: a["article"] for a in night.handled if "article" in a}
    assert articles == {
        "QS-40124": "Rate limits and bulk imports",
        "QS-40143": "Exporting the audit log",
        "QS-40166": "Backups: restoring a database or one table",
        "QS-40171": "",
        "QS-40178": "Compliance reports and penetration tests",
    }


# --- resemblances ---------------------------------------------------------------------------


def test_forwarded_copies_are_found(night: Night) -> None:
    assert violations("Resemblances", night.similar) == []
    assert night.similar["checked"] == len(night.inbox["messages"])
    assert [group["files"] for group in night.similar["groups"]] == [
        ["msg-001.txt", "msg-003.txt"],
        ["msg-006.txt", "msg-011.txt"],
    ]


def test_copies_of_copies_are_one_group() -> None:
    words = [f"word{number}" for number in range(60)]
    texts = [words[:40], words[10:50], words[20:]]
    documents = [
        {"file": f"{index}.txt", "text": "\n\n" + " ".join(text)}
        for index, text in enumerate(texts)
    ]
    answer = json.loads(find_similar(documents, "--threshold", "0.7").stdout)
    assert answer["groups"] == [{"files": ["0.txt", "1.txt", "2.txt"], "similarity": 0.73}]


def test_the_program_refuses_what_is_no_input() -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "similar.py")], input="[", capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("similar.py: not the expected input: ")


# --- delivery -------------------------------------------------------------------------------


def test_delivery_replaces_a_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "new" / "report.md"
    first = delivery.deliver(str(target), "one")
    second = delivery.deliver(str(target), "zwei ü")
    assert violations("Delivery", first) == violations("Delivery", second) == []
    assert target.read_text(encoding="utf-8") == "zwei ü"
    assert second["bytes"] == len("zwei ü".encode())
    assert delivery.deliver(str(target), "zwei ü") == second
    assert list(target.parent.iterdir()) == [target]


def test_a_failed_delivery_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):  # noqa: PT011 - the message is the system's
        delivery.deliver(str(tmp_path / "taken"), "text")
    assert list(tmp_path.iterdir()) == [tmp_path / "taken"]


# --- what has to agree ----------------------------------------------------------------------


def test_words_and_contracts_agree() -> None:
    assert set(lexicon.SIGNALS) == set(CONTRACTS["Signal"]["enum"])
    assert {*lexicon.SERVICES, "unknown"} == set(CONTRACTS["Service"]["enum"])
    assert set(lexicon.KIND_ORDER) == set(lexicon.KINDS)
    assert {*lexicon.KINDS, "other"} == set(CONTRACTS["Kind"]["enum"])
    assert set(desks.FIRST_CHECKS) == set(CONTRACTS["Service"]["enum"])
    assert set(report.QUEUES) == set(CONTRACTS["Handled"]["properties"]["queue"]["enum"])
    assert CONTRACTS["Message"]["properties"]["text"]["maxLength"] == inbox.MOST_CHARACTERS
    assert CONTRACTS["Messages"]["maxItems"] == inbox.MOST_FILES
    titles = [article["title"] for article in json.loads((FOLDER / "articles.json").read_text())]
    prompt = (FOLDER / "prompts" / "support.md").read_text(encoding="utf-8")
    assert re.findall(r"^- (.*)$", prompt, re.MULTILINE) == titles


@pytest.mark.parametrize("name", ["incidents.yaml", "incidents_llm.yaml"])
def test_functions_take_what_their_contracts_give(name: str) -> None:
    spec = yaml.safe_load((SPECS / name).read_text(encoding="utf-8"))
    for agent in spec["agents"].values():
        if agent["kind"] != "python":
            continue
        module, _, function = agent["call"].partition(":")
        signature = inspect.signature(getattr(importlib.import_module(module), function))
        contract = agent["input"]
        if isinstance(contract, str):
            contract = CONTRACTS[contract]
        required = {p.name for p in signature.parameters.values() if p.default is p.empty}
        assert required <= set(contract["required"]) <= set(signature.parameters)
        assert set(contract["properties"]) == set(signature.parameters)


def test_contracts_are_closed_and_bounded() -> None:
    def check(schema: Json, path: str) -> None:
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False, path
        if schema.get("type") == "array":
            assert "maxItems" in schema, path
        if schema.get("type") == "string":
            assert "maxLength" in schema, path
        assert "$ref" in schema or "description" in schema, path
        for key, inner in schema.get("properties", {}).items():
            check(inner, f"{path}.{key}")

    for name, contract in CONTRACTS.items():
        jsonschema.Draft202012Validator.check_schema(contract)
        check(contract, name)

"""One night at the incident desk: its agents called one after the other, on the real messages."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema

from ..processes import WATCHDOG

SPECS = Path(__file__).parents[2] / "specs"
FOLDER = SPECS / "incidents"
MESSAGES = FOLDER / "messages"
AS_OF = "2026-03-13T09:00:00Z"
CONTRACTS = json.loads((FOLDER / "contracts.json").read_text(encoding="utf-8"))["$defs"]

sys.path.insert(0, str(SPECS))
inbox = importlib.import_module("incidents.inbox")
facts = importlib.import_module("incidents.facts")
desks = importlib.import_module("incidents.desks")
brief = importlib.import_module("incidents.brief")
report = importlib.import_module("incidents.report")

Json = dict[str, Any]

#: What a person says about each message: kind, service, severity.
LABELS = {
    "QS-40101": ("outage", "checkout", "critical"),
    "QS-40102": ("outage", "checkout", "critical"),
    "QS-40105": ("outage", "checkout", "critical"),
    "QS-40108": ("outage", "checkout", "high"),
    "QS-40113": ("outage", "database", "high"),
    "QS-40117": ("billing", "unknown", "medium"),
    "QS-40119": ("billing", "unknown", "medium"),
    "QS-40122": ("security", "api", "high"),
    "QS-40124": ("question", "api", "low"),
    "QS-40127": ("outage", "login", "critical"),
    "QS-40129": ("billing", "unknown", "medium"),
    "QS-40131": ("outage", "mail", "medium"),
    "QS-40136": ("billing", "checkout", "medium"),
    "QS-40138": ("security", "login", "critical"),
    "QS-40140": ("outage", "storage", "low"),
    "QS-40143": ("question", "dashboard", "low"),
    "QS-40144": ("billing", "unknown", "high"),
    "QS-40146": ("security", "api", "critical"),
    "QS-40149": ("outage", "storage", "medium"),
    "QS-40151": ("billing", "unknown", "medium"),
    "QS-40155": ("security", "login", "high"),
    "QS-40158": ("outage", "dns", "high"),
    "QS-40160": ("billing", "unknown", "medium"),
    "QS-40163": ("outage", "api", "medium"),
    "QS-40166": ("question", "database", "low"),
    "QS-40168": ("security", "storage", "critical"),
    "QS-40169": ("outage", "storage", "critical"),
    "QS-40171": ("question", "dashboard", "low"),
    "QS-40174": ("other", "unknown", "low"),
    "QS-40176": ("billing", "unknown", "medium"),
    "QS-40178": ("question", "unknown", "low"),
    "QS-40180": ("outage", "checkout", "high"),
    "QS-40181": ("other", "unknown", "low"),
}


def violations(contract: str, value: object) -> list[str]:
    schema = {"$ref": f"#/$defs/{contract}", "$defs": CONTRACTS}
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value)]


def find_similar(documents: list[Json], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(FOLDER / "similar.py"), *options],
        input=json.dumps({"documents": documents}),
        capture_output=True,
        text=True,
        timeout=WATCHDOG,
    )


def ask_desk(fact: Json, outages: list[Json]) -> tuple[str, Json]:
    """The queue of a fact and what its desk says, as the switch of the spec has it."""
    match fact["kind"]:
        case "outage":
            reports = sum(other["service"] == fact["service"] for other in outages)
            answer = desks.operations(fact["service"], fact["severity"], fact["signals"], reports)
            assert violations("OperationsAnswer", answer) == []
            return "operations", answer
        case "billing":
            nothing = {"currency": "EUR", "cents": 0}
            answer = desks.billing(fact["signals"], fact.get("amount", nothing))
            assert violations("BillingAnswer", answer) == []
            return "billing", answer
        case "security":
            answer = desks.security(fact["severity"], fact["signals"])
            assert violations("SecurityAnswer", answer) == []
            return "security", answer
        case "question":
            answer = desks.support(fact["subject"], fact["summary"])
            assert violations("SupportAnswer", answer) == []
            return "support", answer
    action = "Read it and file it; nobody waits for an answer."
    decision = desks.decision("P4", "support agent", 72, action, "no desk is responsible")
    return "triage", {"decision": decision}


class Night:
    """The whole night, agent by agent."""

    def __init__(self) -> None:
        self.inbox = inbox.collect(str(MESSAGES))
        read = {m["file"]: facts.extract(m["text"]) for m in self.inbox["messages"]}
        self.facts = {file: fact for file, fact in read.items() if not violations("Fact", fact)}
        outages = [fact for fact in self.facts.values() if fact["kind"] == "outage"]
        self.handled = []
        for file, fact in self.facts.items():
            queue, answer = ask_desk(fact, outages)
            self.handled.append({"queue": queue, "file": file, "fact": fact, **answer})
        self.similar = json.loads(find_similar(self.inbox["messages"]).stdout)
        security = [answer for answer in self.handled if answer["queue"] == "security"]
        self.brief = brief.brief(security, AS_OF)
        self.report = self.compose()
        self.text: str = self.report["markdown"]

    def compose(self, **changes: Any) -> Json:
        """The report, with some of what goes into it changed."""
        unread = [m for m in self.inbox["messages"] if m["file"] not in self.facts]
        request = {
            "as_of": AS_OF,
            "handled": self.handled,
            "without_decision": [],
            "without_fact": unread,
            "unreadable": [],
            "resemblances": self.similar,
            "security_brief": self.brief["text"],
        } | changes
        assert violations("ReportRequest", request) == []
        composed: Json = report.compose(**request)
        assert violations("Report", composed) == []
        return composed

    def section(self, title: str) -> str:
        """The text below a heading of the second level."""
        return self.text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]

"""Builds the report that a duty manager reads at the start of a shift.

What cannot wait comes first, then the numbers, then every message with its next action, and last
what no queue has. Every number is counted here from what the agents answered. Text of customers is
escaped before it gets into the document.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from incidents.markdown import harmless, moment, moment_text, money, plural, safe, table

Json = dict[str, Any]

QUEUES = ("operations", "security", "billing", "support", "triage")
PRIORITIES = ("P1", "P2", "P3", "P4")
EXCERPT_LENGTH = 160


@dataclass(frozen=True)
class Case:
    """A handled message with what follows from it."""

    answer: Json
    due: datetime
    overdue: bool
    repeats: str | None
    """The ticket of the earlier message that says the same, if there is one."""

    @property
    def fact(self) -> Json:
        """What the message says."""
        fact: Json = self.answer["fact"]
        return fact

    @property
    def decision(self) -> Json:
        """What its desk wants done."""
        decision: Json = self.answer["decision"]
        return decision


@dataclass(frozen=True)
class Desk:
    """Everything that the sections are written from."""

    as_of: datetime
    cases: list[Case]
    unhandled: list[dict[str, str]]
    checked: int
    brief: str


def compose(
    as_of: str,
    handled: list[Json],
    without_decision: list[Json],
    without_fact: list[Json],
    unreadable: list[Json],
    resemblances: Json,
    security_brief: str = "",
    lead: str = "",
) -> Json:
    """The report and its counts."""
    now = moment(as_of)
    earlier = _repeats(handled, resemblances["groups"])
    cases = [_case(answer, now, earlier) for answer in handled]
    cases.sort(key=lambda case: (case.decision["priority"], case.due, case.fact["id"]))
    unhandled = [
        *(
            _unhandled(r["file"], "its desk gave no decision", r["fact"]["summary"])
            for r in without_decision
        ),
        *(
            _unhandled(m["file"], "no complete fact could be extracted", m["text"])
            for m in without_fact
        ),
        *(_unhandled(u["file"], u["reason"], "") for u in unreadable),
    ]
    unhandled.sort(key=lambda entry: entry["file"])
    desk = Desk(now, cases, unhandled, resemblances["checked"], security_brief)
    counts = {
        "files": len(cases) + len(unhandled),
        "handled": len(cases),
        "unhandled": len(unhandled),
        "urgent": sum(case.decision["priority"] == "P1" for case in cases),
        "overdue": sum(case.overdue for case in cases),
        "repeats": sum(case.repeats is not None for case in cases),
    }
    title = f"# Incident desk, {now:%A} {now.day} {now:%B %Y}, {now:%H:%M} UTC"
    written = (section(desk) for section in SECTIONS)
    parts = [title, lead and safe(lead), _opening(desk, counts), *written]
    return {"markdown": "\n\n".join(part for part in parts if part) + "\n", "counts": counts}


def _case(answer: Json, now: datetime, earlier: dict[str, str]) -> Case:
    patience = timedelta(hours=answer["decision"]["answer_within_hours"])
    due = moment(answer["fact"]["reported_at"]) + patience
    return Case(answer, due, due < now, earlier.get(answer["file"]))


def _repeats(handled: list[Json], groups: list[Json]) -> dict[str, str]:
    """For each file that repeats an earlier one, the ticket of the earliest."""
    facts = {answer["file"]: answer["fact"] for answer in handled}
    earlier: dict[str, str] = {}
    for group in groups:
        same = sorted(
            (facts[file]["reported_at"], file) for file in group["files"] if file in facts
        )
        earlier |= {file: facts[same[0][1]]["id"] for _, file in same[1:]}
    return earlier


def _unhandled(file: str, reason: str, text: str) -> dict[str, str]:
    """A file that no queue has, with its first words below the headers for a person."""
    body = text.partition("\n\n")[2].strip() or text.strip()
    start = body if len(body) <= EXCERPT_LENGTH else f"{body[:EXCERPT_LENGTH].rstrip()} …"
    return {"file": safe(file), "reason": safe(reason), "start": safe(start)}


def _opening(desk: Desk, counts: Json) -> str:
    """The state of things in one paragraph."""
    if not desk.cases:
        return f"No message is with a queue. Files for a person to read: {counts['unhandled']}."
    times = sorted(case.fact["reported_at"] for case in desk.cases)
    waiting = counts["unhandled"]
    return (
        f"**{plural(counts['files'], 'message', 'messages')}** from {moment_text(moment(times[0]))}"
        f" to {moment_text(moment(times[-1]))}. **{counts['urgent']}** cannot wait, the answer to"
        f" **{counts['overdue']}** is overdue, **{counts['repeats']}** only"
        f" {'repeats' if counts['repeats'] == 1 else 'repeat'} another."
        f" {counts['handled']} are with a queue; **{waiting}** could not be understood and"
        f" {'needs' if waiting == 1 else 'need'} a person"
        " ([last section](#for-a-person-to-read))."
    )


def _now(desk: Desk) -> str:
    """What cannot wait, the longest overdue first."""
    rows = [
        [
            case.fact["id"],
            safe(case.fact["customer"]),
            _service(case.fact),
            safe(case.fact["subject"]) + (f" (repeats {case.repeats})" if case.repeats else ""),
            case.decision["owner"],
            _due(case),
        ]
        for case in desk.cases
        if case.decision["priority"] == "P1"
    ]
    if not rows:
        return "## Needs someone now\n\nNothing."
    head = ["Ticket", "Customer", "Service", "Subject", "Owner", "Answer due"]
    return f"## Needs someone now\n\n{table(head, rows)}"


def _due(case: Case) -> str:
    return f"{moment_text(case.due)}{', overdue' if case.overdue else ''}"


def _service(fact: Json) -> str:
    return "no service" if fact["service"] == "unknown" else str(fact["service"])


def _queues(desk: Desk) -> str:
    """How much each queue has, by priority."""
    rows = []
    for queue in QUEUES:
        cases = [case for case in desk.cases if case.answer["queue"] == queue]
        if cases:
            rows.append([queue.capitalize(), *_tally(cases)])
    rows.append(["**All**", *_tally(desk.cases)])
    head = ["Queue", "Messages", *PRIORITIES, "Overdue", "First answer due"]
    return f"## Queues\n\n{table(head, rows, numbers=range(1, 7))}"


def _tally(cases: list[Case]) -> list[str]:
    by_priority = Counter(case.decision["priority"] for case in cases)
    return [
        str(len(cases)),
        *(str(by_priority[priority] or "") for priority in PRIORITIES),
        str(sum(case.overdue for case in cases) or ""),
        moment_text(min(case.due for case in cases)) if cases else "",
    ]


def _services(desk: Desk) -> str:
    """Which parts of the product the messages are about, and where several share a cause."""
    named = [case for case in desk.cases if case.fact["service"] != "unknown"]
    if not named:
        return ""
    by_service = Counter(case.fact["service"] for case in named)
    outages = Counter(case.fact["service"] for case in named if case.fact["kind"] == "outage")
    rows = [
        [service, str(count), str(outages[service] or ""), "■" * count]
        for service, count in sorted(by_service.items(), key=lambda item: (-item[1], item[0]))
    ]
    text = f"## Services\n\n{table(['Service', 'Messages', 'Outages', ''], rows, numbers=(1, 2))}"
    shared = [
        f"- **{service}**: {', '.join(_tickets(named, service))}"
        for service, count in sorted(outages.items(), key=lambda item: (-item[1], item[0]))
        if count > 1
    ]
    if shared:
        text += "\n\nOutage messages that may have one cause:\n\n" + "\n".join(shared)
    return text


def _tickets(cases: list[Case], service: str) -> list[str]:
    facts = (case.fact for case in cases)
    return sorted(f["id"] for f in facts if f["service"] == service and f["kind"] == "outage")


def _repeated(desk: Desk) -> str:
    """Messages that say what an earlier one said."""
    if desk.checked == 0:
        return "## Repeats\n\nThe comparison did not run, so repeats are counted as messages."
    copies = defaultdict(list)
    for case in desk.cases:
        if case.repeats:
            copies[case.repeats].append(case.fact["id"])
    if not copies:
        return ""
    lines = [
        f"- {', '.join(sorted(later))} {'says' if len(later) == 1 else 'say'} what {first} said:"
        " answer once."
        for first, later in sorted(copies.items())
    ]
    return "## Repeats\n\n" + "\n".join(lines)


def _refunds(desk: Desk) -> str:
    """What the billing desk proposes to pay back; a repeat is not paid twice."""
    total: Counter[str] = Counter()
    rows = []
    for case in desk.cases:
        refund = case.answer.get("refund")
        if refund is None or refund["cents"] == 0:
            continue
        amount = money(refund["currency"], refund["cents"])
        if case.repeats:
            amount = f"in {case.repeats}"
        else:
            total[refund["currency"]] += refund["cents"]
        words = [case.fact["id"], safe(case.fact["customer"]), safe(case.decision["reason"])]
        rows.append([*words, case.decision["owner"], amount])
    if not rows:
        return ""
    sums = ", ".join(money(currency, cents) for currency, cents in sorted(total.items()))
    return (
        "## Proposed refunds and credits\n\n"
        + table(["Ticket", "Customer", "Why", "Approves", "Amount"], rows, numbers=(4,))
        + f"\n\nTogether {sums}. Nothing has been paid."
    )


def _security(desk: Desk) -> str:
    """The brief as its writer laid it out, which may have been a model."""
    return f"## Security brief\n\n{harmless(desk.brief)}" if desk.brief else ""


def _in_full(desk: Desk) -> str:
    """Every message with its next action, queue by queue."""
    parts = ["## Every message"]
    for queue in QUEUES:
        cases = [case for case in desk.cases if case.answer["queue"] == queue]
        if cases:
            parts += [f"### {queue.capitalize()} ({len(cases)})", *map(_entry, cases)]
    return "\n\n".join(parts)


def _entry(case: Case) -> str:
    fact = case.fact
    marks = [signal.replace("_", " ") for signal in fact["signals"]]
    if case.repeats:
        marks.append(f"repeats {case.repeats}")
    if fact["language"] != "en":
        marks.append(f"language: {fact['language']}")
    if fact["related"]:
        marks.append(f"see {', '.join(fact['related'])}")
    head = [case.decision["priority"], safe(fact["customer"]), _service(fact), f"due {_due(case)}"]
    lines = [
        f"- **{fact['id']}** {' · '.join(head)}",
        f"  “{safe(fact['summary'])}”",
        f"  *Next:* {safe(case.decision['action'])} ({case.decision['owner']})",
        f"  *Why:* {safe(case.decision['reason'])}.",
    ]
    if marks:
        lines.append(f"  *Noted:* {', '.join(marks)}.")
    return "  \n".join(lines)


def _for_a_person(desk: Desk) -> str:
    """What no queue has: the report must not make it look as if it did not exist."""
    if not desk.unhandled:
        return "## For a person to read\n\nNothing: every file became a message in a queue."
    rows = [[entry["file"], entry["reason"], entry["start"]] for entry in desk.unhandled]
    return f"## For a person to read\n\n{table(['File', 'Reason', 'It begins'], rows)}"


#: The report from top to bottom. A section that has nothing to say is left out.
SECTIONS: Iterable[Callable[[Desk], str]] = (
    _now, _queues, _services, _refunds, _security, _repeated, _in_full, _for_a_person,
)  # fmt: skip

"""The desks that a message can be sent to. Each knows its own rules and sees only what it needs.

All answer with a decision (priority, owner, next action, reason, time to answer) and with what
only that desk can add. No desk acts: a refund is a proposal, an escalation a request.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

#: How many messages about one service make a shared cause likely.
SHARED_CAUSE = 3
#: Above this many cents a refund needs the billing lead.
CLERK_LIMIT = 100_000
#: What the contracts promise for an SLA credit, in percent of the monthly fee.
SLA_CREDIT_PERCENT = 10

FIRST_CHECKS = {
    "api": "compare upstream timeouts by region and take the slow upstream out of the pool",
    "checkout": "check certificates and error rate of every payment edge node",
    "dashboard": "compare what the dashboard shows with what the API answers",
    "database": "look for long queries and write bursts that hold the replica back",
    "dns": "compare the zone serials of both name servers with the editor",
    "login": "check the session store and the clocks of the token issuers",
    "mail": "drain the relay's queue and move the customer to another relay",
    "storage": "check the health of the shelf and the checksums of recent writes",
    "unknown": "ask which service is meant",
}


def decision(priority: str, owner: str, hours: int, action: str, reason: str) -> Json:
    """What a desk wants done, in the fields of the contract `Decision`."""
    return {
        "priority": priority,
        "owner": owner,
        "action": action,
        "reason": reason,
        "answer_within_hours": hours,
    }


def operations(service: str, severity: str, signals: list[str], reports: int) -> Json:
    """Rank an outage by its severity and by how many others report the same service."""
    rank = {"critical": 1, "high": 2, "medium": 3, "low": 4}[severity]
    reason = f"severity {severity}"
    if service != "unknown" and reports >= SHARED_CAUSE:
        rank = max(1, rank - 1)
        reason += f"; {reports} messages about {service} make a shared cause likely"
    if "workaround" in signals and rank > 1:
        rank = min(4, rank + 1)
        reason += "; there is a workaround"
    action = f"{FIRST_CHECKS[service]}."
    if "data_loss" in signals:
        action = "stop all deletions on the bucket and look for the files among old versions."
        reason += "; data may be lost"
    if rank == 1:
        action = f"Call back, then {action}"
    return {
        "decision": decision(
            f"P{rank}",
            "on-call engineer" if rank <= 2 else "service team",
            {1: 1, 2: 4, 3: 24, 4: 72}[rank],
            action[0].upper() + action[1:],
            reason,
        ),
        "reports": reports,
    }


def billing(signals: list[str], amount: Json) -> Json:
    """Propose a refund where the terms allow one. Nothing is paid before a person approves."""
    cents = 0
    priority, hours, reason = "P3", 48, "an ordinary question about an invoice"
    action = "Read the invoice and answer; the rules see nothing to pay back."
    if "embedded_instructions" in signals:
        priority, hours = "P2", 24
        action = "Check the sender by a known phone number before anything else. Pay nothing."
        reason = "the message gives orders to the software that reads it"
    elif "overdue_refund" in signals:
        cents, priority, hours = amount["cents"], "P2", 8
        action = "Find the promised refund, send it today, and call the customer to say so."
        reason = "a refund was promised and did not arrive"
    elif "duplicate_charge" in signals:
        cents = amount["cents"]
        action = "Compare both payment references and refund the later charge."
        reason = "the same invoice was charged twice"
    elif "cancelled_before_charge" in signals:
        cents = amount["cents"]
        action = "Look up the date of the cancellation and refund the charge that followed it."
        reason = "charged after the plan had been cancelled"
    elif "sla_credit" in signals:
        cents = amount["cents"] * SLA_CREDIT_PERCENT // 100
        action = "Compare the downtime with our own record and credit the next invoice."
        reason = f"{SLA_CREDIT_PERCENT} % of the monthly fee is due above 30 minutes of downtime"
    elif "wrong_tax" in signals:
        action = "Check the customer's VAT number, cancel the invoice and issue a corrected one."
        reason = "reverse charge may apply; the invoice is unpaid, so there is nothing to refund"
    elif "proration" in signals:
        priority, hours = "P4", 72
        action = "Explain how a plan change is invoiced and name the credit of the next invoice."
        reason = "a change of plan within the month"
    if "legal_threat" in signals:
        priority, hours, reason = "P1", 4, f"{reason}; the customer speaks of a lawyer"
    elif "deadline" in signals and priority == "P3":
        priority, hours, reason = "P2", 24, f"{reason}; the customer named a date"
    lead = priority == "P1" or cents > CLERK_LIMIT or "embedded_instructions" in signals
    return {
        "decision": decision(
            priority, "billing lead" if lead else "billing clerk", hours, action, reason
        ),
        "refund": {"currency": amount["currency"], "cents": cents},
    }


#: What to do first about a security message, by the signal that weighs most.
SECURITY_ACTIONS = (
    (
        "intrusion",
        "End all sessions and tokens of the workspace, keep its audit log, and call the customer.",
        "somebody got into an account",
    ),
    (
        "vulnerability_report",
        "Reproduce it with two accounts of our own, close the gap, and thank the finder.",
        "a finder reports that data can be read by others",
    ),
    (
        "data_exposure",
        "Cut off the shared files, keep the access log, and speak to both customers.",
        "a customer sees data of another one",
    ),
    (
        "phishing",
        "Have the copied page taken down, reset what was entered there, and warn all customers.",
        "somebody collects passwords in our name",
    ),
    (
        "credential_leak",
        "Issue a second key, list what the leaked one did and from where, then revoke it.",
        "a secret became public",
    ),
)


def security(severity: str, signals: list[str]) -> Json:
    """Say what to do first, and whether the security officer has to be woken for it."""
    action = "Read the message and decide whether it is about security at all."
    reason = "the wording speaks of security, none of the known cases fits"
    for signal, first, why in SECURITY_ACTIONS:
        if signal in signals:
            action, reason = first, why
            break
    escalate = severity == "critical" or bool({"intrusion", "data_exposure"} & set(signals))
    return {
        "decision": decision(
            "P1" if escalate else "P2",
            "security officer",
            1 if escalate else 4,
            action,
            reason,
        ),
        "escalate": escalate,
    }


@cache
def _articles() -> list[Json]:
    """The help articles and the words that lead to them."""
    articles: list[Json] = json.loads(
        Path(__file__).with_name("articles.json").read_text(encoding="utf-8")
    )
    return articles


def support(subject: str, summary: str) -> Json:
    """Find the help article that most of the question's words lead to."""
    question = f"{subject} {summary}".lower()
    hits = {a["title"]: sum(word in question for word in a["words"]) for a in _articles()}
    article = max(hits, key=lambda title: hits[title])
    if "feature request" in question:
        article = ""
        answer = decision(
            "P4",
            "support agent",
            72,
            "Thank the customer, add the wish to the product list, and name no date.",
            "a wish, not a question",
        )
    elif hits[article] >= 2:
        answer = decision(
            "P4",
            "support agent",
            24,
            f"Answer with the article “{article}” and ask whether anything is left open.",
            "a help article covers the question",
        )
    else:
        article = ""
        answer = decision(
            "P3",
            "support agent",
            24,
            "Answer in person; afterwards consider whether an article is missing.",
            "no help article covers the question",
        )
    return {"decision": answer, "article": article}

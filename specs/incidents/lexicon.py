"""The words by which a message is understood: English and German, lower case.

Every entry is a regular expression without nested repetition, so that matching is linear in the
length of the message.
"""

import re
from collections.abc import Mapping


def _any(*patterns: str) -> re.Pattern[str]:
    """A pattern that matches any of these, at the start of a word."""
    return re.compile(r"\b(?:" + "|".join(patterns) + ")", re.IGNORECASE)


#: What names a service in free text. The header `Service:` has precedence.
SERVICES: Mapping[str, re.Pattern[str]] = {
    "api": _any(r"API\b", r"endpoint\b", r"rate limit"),
    "checkout": _any(r"checkout\b", r"payment page", r"payment attempt", r"hosted payment"),
    "dashboard": _any(r"dashboard\b", r"audit log\b"),
    "database": _any(r"database\b", r"replica\b", r"Datenbank"),
    "dns": _any(r"DNS\b", r"name ?server", r"MX record", r"zone change"),
    "login": _any(
        r"log ?in\b", r"sign[- ]in\b", r"anmeld", r"session\b", r"Sitzung\b", r"password"
    ),
    "mail": _any(r"mail relay", r"relay\b", r"mail queue", r"order confirmation"),
    "storage": _any(r"object storage", r"bucket", r"upload", r"storage\b"),
}

#: What speaks for a kind. A match in the subject weighs three times one in the body.
KINDS: Mapping[str, re.Pattern[str]] = {
    "security": _any(
        r"vulnerabilit", r"phishing", r"leaked", r"public (?:GitHub )?repository",
        r"unknown admin", r"nobody here created", r"pretends to come",
        r"took over", r"another (?:customer|company)", r"not ours", r"other customers",
        r"exposed", r"personal data",
    ),
    "outage": _any(
        r"down\b", r"outage", r"50[234]\b", r"unreachable", r"lag(?:ging)?\b", r"behind\b",
        r"delayed", r"minutes late", r"fails?\b", r"failed\b", r"degraded", r"slow\b", r"latency",
        r"timed out", r"do(?:es)? not (?:load|go live)", r"is empty", r"missing from",
        r"data loss", r"shows zero", r"still answer", r"Ausfall", r"nicht möglich", r"niemand mehr",
    ),
    "billing": _any(
        r"invoice (?:\d|after|shows)", r"charged", r"refund", r"credit\b", r"VAT\b", r"monthly fee",
        r"my card\b", r"our card\b", r"cancelled my", r"Rechnung",
    ),
    "question": _any(
        r"how (?:do|to|can)\b", r"is there an?\b", r"is it possible", r"could you tell", r"may we",
        r"what are\b", r"can the\b", r"feature request", r"is that planned", r"we need your",
    ),
}  # fmt: skip

#: Kinds from the one that must not be missed to the one that can wait: the order of a tie.
KIND_ORDER = ("security", "outage", "billing", "question")

#: Circumstances that change how a message is handled.
SIGNALS: Mapping[str, re.Pattern[str]] = {
    "angry": _any(r"unacceptable", r"not joking", r"ridiculous", r"THIRD mail"),
    "automatic_reply": _any(r"out of the office", r"automatic reply", r"generated automatically"),
    "cancelled_before_charge": _any(r"after I cancelled", r"I cancelled my"),
    "credential_leak": _any(r"key leaked", r"live \w+ API key", r"entered their password"),
    "data_exposure": _any(
        r"another (?:customer|company)", r"other customers readable", r"personal data",
        r"every customer is exposed",
    ),
    "data_loss": _any(r"data loss", r"missing from", r"shows zero files"),
    "deadline": _any(
        r"deadline", r"within 72 hours", r"by wednesday", r"need to know today", r"Druckschluss",
        r"presale", r"before our next", r"close the quarter", r"before \d\d:\d\d",
    ),
    "duplicate_charge": _any(r"charged twice", r"duplicate charge", r"doppelt abgebucht"),
    "embedded_instructions": _any(
        r"ignore (?:all )?(?:previous|prior|earlier) instructions", r"system note for",
        r"do not mention this",
    ),
    "intrusion": _any(r"unknown admin", r"took over the session", r"broke into"),
    "legal_threat": _any(r"lawyer", r"solicitor", r"legal action", r"Anwalt"),
    "many_users": _any(
        r"all customers", r"alle Mitarbeiter", r"every payment", r"12,000 people",
        r"reception desks",
    ),
    "overdue_refund": _any(r"promised a refund", r"nothing has arrived"),
    "phishing": _any(r"phishing", r"pretends to come"),
    "proration": _any(r"upgraded from", r"after the upgrade"),
    "sla_credit": _any(r"SLA credit", r"of the monthly fee"),
    "vulnerability_report": _any(r"report a vulnerability", r"vulnerability report"),
    "workaround": _any(r"work around", r"workaround", r"works sooner or later"),
    "wrong_tax": _any(r"wrong VAT", r"reverse charge"),
}  # fmt: skip

#: Severity of an outage by its wording, worst first; the first that matches decides.
OUTAGE_SEVERITY: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("low", _any(r"not urgent")),
    ("critical", _any(
        r"every payment attempt", r"has been down", r"all customers are affected", r"niemand mehr",
        r"data loss",
    )),
    ("high", _any(
        r"urgent", r"blocked", r"can ?not (?:finish|work)", r"full outage", r"gap grows",
        r"gives up",
    )),
    ("medium", _any(r"degraded", r"slow", r"late", r"delayed", r"fails?\b")),
)  # fmt: skip

#: Words that only German has; three different ones make a message German.
GERMAN = re.compile(r"\b(?:und|nicht|seit|bitte|sich|ist|wir|unserem|kein|mit)\b", re.IGNORECASE)

"""Turns the text of one message into a fact: who wrote when, about what, how bad, with what signals.

The rules are plain and few on purpose. A message whose ticket number cannot be found gets an empty
`id`, which the contract refuses: better unread and listed for a person than filed under a guess.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from incidents import lexicon

TICKET = re.compile(r"\bQS-[0-9]{5}\b")
HEADER = re.compile(r"^([A-Z][A-Za-z-]{1,20}):[ \t]*(.*)$")
#: Headers that mean the same under another name.
SAME_HEADER = {"kunde": "customer", "betreff": "subject", "date": "received", "account": "customer"}
CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
AMOUNT = re.compile(
    r"(?P<before>EUR|USD|GBP|[€$£])[ \t]?(?P<number>[0-9][0-9.,]{0,14}[0-9]|[0-9])"
    r"|(?P<alone>[0-9][0-9.,]{0,14}[0-9])[ \t]?(?P<after>EUR|USD|GBP|€)(?![ \t]?[0-9])"
)
CURRENCY = {"€": "EUR", "$": "USD", "£": "GBP"}
SENTENCE = re.compile(r"[^.!?]+(?:[.!?](?!\s)[^.!?]*)*[.!?]*")
GREETING = re.compile(
    r"^(?:hi|hello|hei|good (?:morning|evening)|guten tag)\b[,!]?[ ]?|^(?:dear|hello)\b[^,]{0,40},$",
    re.IGNORECASE,
)
#: Rows of a table, separators and commands: lines that are no sentences.
NO_PROSE = re.compile(r"\S[ ]{2,}\S|^-----|^(?:curl|->) ")
SUMMARY_LENGTH = 240


def extract(text: str) -> dict[str, Any]:
    """The fact in one message."""
    headers, body = split(plain(text))
    subject = headers.get("subject", "")[:200]
    whole = " ".join(f"{subject} {body}".split())
    kind = kind_of(subject, body)
    signals = [name for name, words in lexicon.SIGNALS.items() if words.search(whole)]
    own = TICKET.match(headers.get("ticket", ""))
    ticket = own.group() if own else ""
    fact: dict[str, Any] = {
        "id": ticket,
        "reported_at": instant(headers.get("received", "")),
        "customer": customer_of(headers)[:120],
        "subject": subject,
        "service": service_of(headers.get("service", ""), subject, body),
        "kind": kind,
        "severity": severity_of(kind, signals, whole),
        "language": "de" if len({w.lower() for w in lexicon.GERMAN.findall(body)}) >= 3 else "en",
        "summary": summary_of(kind, subject, body),
        "signals": signals,
        "related": sorted(set(TICKET.findall(whole)) - {ticket})[:10],
    }
    amount = amount_of(whole)
    return fact if amount is None else fact | {"amount": amount}


def plain(text: str) -> str:
    """The text without terminal sequences and other control characters."""
    return CONTROL.sub("", text.replace("\r\n", "\n"))


def split(text: str) -> tuple[dict[str, str], str]:
    """The headers, by their name in lower case, and the body."""
    headers: dict[str, str] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines):
        header = HEADER.match(line)
        if header is None:
            return headers, "\n".join(lines[number:]).strip()
        name = header[1].lower()
        headers.setdefault(SAME_HEADER.get(name, name), header[2].strip())
    return headers, ""


def instant(value: str) -> str:
    """A date as the gateways write it, in UTC to the second; a time without zone is UTC."""
    for read in (
        datetime.fromisoformat,
        parsedate_to_datetime,
        lambda text: datetime.strptime(text, "%d.%m.%Y %H:%M").replace(tzinfo=UTC),
    ):
        try:
            moment = read(value)
        except ValueError:
            continue
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return zoned.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ""


def customer_of(headers: Mapping[str, str]) -> str:
    """The company: as the header says, or else the sender's domain."""
    domain = re.search(r"@([a-z0-9-]+)", headers.get("from", ""), re.IGNORECASE)
    return headers.get("customer") or (f"unknown ({domain[1]})" if domain else "unknown")


def service_of(named: str, subject: str, body: str) -> str:
    """The service that the header names, or the one that the text speaks of most."""
    if named.lower() in lexicon.SERVICES:
        return named.lower()
    return _best(lexicon.SERVICES, subject, body, tuple(lexicon.SERVICES)) or "unknown"


def kind_of(subject: str, body: str) -> str:
    """The kind that most words speak for."""
    if lexicon.SIGNALS["automatic_reply"].search(f"{subject}\n{body}"):
        return "other"
    return _best(lexicon.KINDS, subject, body, lexicon.KIND_ORDER) or "other"


def _best(
    words: Mapping[str, re.Pattern[str]], subject: str, body: str, order: tuple[str, ...]
) -> str | None:
    """The name with the most matches, the subject's counted three times; ties go by `order`."""
    scores = {
        name: 3 * len(words[name].findall(subject)) + len(words[name].findall(body))
        for name in order
    }
    best = max(order, key=lambda name: scores[name])
    return best if scores[best] else None


def severity_of(kind: str, signals: list[str], text: str) -> str:
    """How bad it is for those who wrote."""
    if kind == "security":
        grave = {"data_exposure", "intrusion"} & set(signals)
        return "critical" if grave else "high"
    if kind == "outage":
        if "data_loss" in signals:
            return "critical"
        found = (name for name, words in lexicon.OUTAGE_SEVERITY if words.search(text))
        return next(found, "medium")
    if kind == "billing":
        pressing = {"legal_threat", "overdue_refund"} & set(signals)
        return "high" if pressing else "medium"
    return "low"


def amount_of(text: str) -> dict[str, Any] | None:
    """The first amount of money in a text."""
    for match in AMOUNT.finditer(text):
        currency = match["before"] or match["after"]
        return {
            "currency": CURRENCY.get(currency, currency),
            "cents": min(cents(match["number"] or match["alone"]), 100_000_000),
        }
    return None


def cents(number: str) -> int:
    """`1,249.00`, `1.249,00` and `89` in cents: two digits after the last mark are a fraction."""
    whole, fraction = re.fullmatch(r"(.*?)(?:[.,]([0-9]{2}))?", number, re.DOTALL).groups()  # type: ignore[union-attr]
    return int(re.sub(r"[.,]", "", whole) or "0") * 100 + int(fraction or "0")


def summary_of(kind: str, subject: str, body: str) -> str:
    """The first sentence that speaks for the kind, or else the first of all, or the subject."""
    lines = (line.removeprefix(">").strip() for line in body.split("\n"))
    prose = "\n".join("" if NO_PROSE.search(line) else GREETING.sub("", line) for line in lines)
    sentences = [
        " ".join(sentence.split()).rstrip(":")
        for paragraph in re.split(r"\n\s*\n", prose)
        for sentence in SENTENCE.findall(paragraph)
    ]
    sentences = [sentence for sentence in sentences if len(sentence) > 20]
    words = lexicon.KINDS.get(kind)
    telling = (sentence for sentence in sentences if words and words.search(sentence))
    first = next(telling, sentences[0] if sentences else subject)
    first = first[:1].upper() + first[1:]
    if len(first) <= SUMMARY_LENGTH:
        return first
    return first[: SUMMARY_LENGTH - 1].rsplit(" ", 1)[0] + "…"

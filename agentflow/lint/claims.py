"""Sentences of a message that claim something has happened, and the words for such deeds.

English is assumed. A claim is in the past tense or the passive, in any person: "your booking has
been cancelled", "we've emailed the invoice", "Refunded: 12". Wishes, questions, conditions, the
future and negations claim nothing.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from agentflow.lint.stems import stem, stems

#: What deeds are told with, wherever it stands in a sentence.
_DONE = (
    "activated|added|alerted|archived|assigned|blocked|booked|cancell?ed|charged|closed|completed|confirmed|created|"
    "credited|deactivated|debited|deleted|delivered|deployed|disabled|dispatched|emailed|enabled|enrolled|erased|"
    "escalated|exported|filed|forwarded|granted|imported|informed|installed|invited|issued|launched|locked|logged|made|"
    "merged|moved|notified|opened|ordered|paid|placed|posted|processed|published|purged|recorded|refunded|registered|"
    "reimbursed|removed|renewed|replaced|reserved|reset|restarted|reversed|revoked|saved|scheduled|sent|shared|"
    "shipped|stored|submitted|subscribed|suspended|synced|transferred|triggered|unlocked|unsubscribed|updated|"
    "upgraded|uploaded|withdrawn|written"
)
_SURE = re.compile(_DONE, re.IGNORECASE)
#: What makes any verb one that tells of a deed.
_AUXILIARY = (
    r"(?:(?:has|have|had|was|were|is|are|been|we|i|they|you|it|and|now|just|already|successfully)(?:['\u2019]ve)?"
    r"|['\u2019]s|['\u2019]ve)"
)
_TOLD = re.compile(
    rf"\b(?P<done>{_DONE})\b|(?:^\W*|{_AUXILIARY}\s+(?:\w+ly\s+)?)(?P<verb>\w{{2,}}ed|made)\b",
    re.IGNORECASE,
)
#: What takes back what follows it in a sentence, or leaves it open.
_OPEN = re.compile(
    r"\b(?:not|never|no|none|nothing|neither|cannot|will|shall|would|should|could|can|may|might|must|be|being"
    r"|until|once|when|before|please|wants?|needs?|about to|as soon as)\b|n['\u2019]t\b|['\u2019]ll\b",
    re.IGNORECASE,
)
#: How a model is told what to claim.
_TELL = re.compile(
    r"\b(?:tell|say|inform|write|confirm|mention|state|assure|let\s+\w+(?:\s+\w+)?\s+know)\b",
    re.IGNORECASE,
)
#: What leaves a whole sentence open, wherever it stands.
_PROVIDED = re.compile(r"\b(?:if|unless|as far as|in case|provided|whether)\b", re.IGNORECASE)
_QUESTION = re.compile(
    r"^\W*(?:is|are|was|were|has|have|had|did|does|do|shall|should|may|can|could|will|would|wh\w+|how)\b.*\?$",
    re.IGNORECASE | re.DOTALL,
)
#: Characters beyond which a sentence is no sentence; each verb in it looks back at what is before.
_LONGEST = 2_000
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n\s*\n")


class Claim(Struct, frozen=True):
    """A sentence that says that something has happened: the stems of its words, and of its verbs.

    `sure` is whether one of the verbs is one that deeds are told with; `tells` is whether somebody
    is asked to say it.
    """

    words: frozenset[str]
    verbs: frozenset[str]
    sure: bool
    tells: bool


def claims(text: str) -> Iterator[Claim]:
    """The sentences of a text that claim a deed."""
    for whole in _SENTENCES.split(text):
        sentence = whole[:_LONGEST]
        if _QUESTION.match(sentence.strip()) or _PROVIDED.search(sentence):
            continue
        told = [
            found for found in _TOLD.finditer(sentence) if not _is_open(sentence[: found.start()])
        ]
        if told:
            verbs = frozenset(stem(found["done"] or found["verb"]) for found in told)
            sure = any(_SURE.fullmatch(found["done"] or found["verb"]) for found in told)
            tells = _TELL.search(sentence[: told[0].start()]) is not None
            yield Claim(stems(sentence), verbs, sure, tells)


def _is_open(before: str) -> bool:
    """Does what stands before a verb take it back? A clause of its own does not."""
    return _OPEN.search(re.split(r"[,:\u2013\u2014]\s|\bbut\b", before)[-1]) is not None

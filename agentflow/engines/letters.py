"""Answers as files: what they look like, and the facts that they become.

    {"format": 1, "run": …, "step": …, "question": …, "payload": …,
     "answer": "approve" | "replace" | "retry" | "abort",
     "value": …, "by": …, "reason": …, "via": …, "refused": …}

`run`, `step`, `question` and `payload` are copied from the question. `refused` is why whoever hands
the answer on does not vouch for it: then it does not count, whatever it says. What cannot be read
becomes a fact as well, so that the log says that it came and why it did not count.
"""

import json
from collections.abc import Mapping

from agentflow.channels.protocol import Response
from agentflow.contracts.strict import NotJson, loads
from agentflow.core.events import PersonAnswered
from agentflow.eventlog.mailbox import Letter
from agentflow.spec.model import Json

FORMAT = 1
#: What of a question is in each answer to it.
BINDING = ("run", "step", "question", "payload")
_REMARKS = ("by", "reason", "via", "refused")
_KEYS = frozenset({"format", "answer", "value", *BINDING, *_REMARKS})


def write_letter(question: Mapping[str, Json], said: Response) -> bytes:
    """What is said to a question as the bytes of a file; of the question, `BINDING` is copied."""
    document = {
        "format": FORMAT,
        **{key: question[key] for key in BINDING},
        "answer": said.answer,
        "via": said.via,
    }
    if said.answer == "replace":
        document["value"] = said.value
    document.update({key: text for key, text in (("by", said.by), ("reason", said.why)) if text})
    return json.dumps(document).encode()


def read_letter(letter: Letter, run_id: str, now: float) -> PersonAnswered:
    """The fact that an answer has come in."""
    document: Mapping[str, Json] = {}
    problem = letter.problem
    if problem is None:
        try:
            document = _document(letter.data)
            problem = _problem(document, run_id)
        except UnicodeDecodeError:
            problem = "it is not UTF-8 text"
        except NotJson as error:
            problem = str(error)

    def text(key: str) -> str:
        found = document.get(key)
        return found if isinstance(found, str) else ""

    return PersonAnswered(
        at=now,
        ticket=letter.ticket,
        step=text("step"),
        question=text("question"),
        payload=text("payload"),
        given=round(letter.given, 6),
        answer=text("answer"),
        value=document.get("value"),
        by=text("by") or None,
        why=text("reason") or None,
        via=text("via") or None,
        problem=problem,
    )


def _document(data: bytes) -> Mapping[str, Json]:
    document = loads(data.decode())
    if not isinstance(document, dict):
        raise NotJson("not an object")
    return document


def _problem(document: Mapping[str, Json], run_id: str) -> str | None:
    if document.get("format") != FORMAT:
        return f"its 'format' is not {FORMAT}"
    unknown = next((key for key in document if key not in _KEYS), None)
    if unknown is not None:
        return f"an answer has no field '{unknown[:40]}'"
    for key in (*BINDING, "answer", *_REMARKS):
        if not isinstance(document.get(key, "" if key in _REMARKS else None), str):
            return f"its '{key}' is not text"
    if document["run"] != run_id:
        return f"it is an answer to run '{document['run'][:80]}'"
    if document.get("refused"):
        return str(document["refused"])
    if document["answer"] == "replace" and "value" not in document:
        return "'replace' needs a 'value'"
    return None

"""`agentflow answer`: say something to a question of a run."""

from pathlib import Path

from agentflow.channels.protocol import Response
from agentflow.cli.inputs import read_value
from agentflow.cli.report import emit
from agentflow.cli.stores import existing_store, store_option, user_name
from agentflow.core.events import AnswerKind
from agentflow.errors import ExitCode, UsageError
from agentflow.formats import answer_json, answer_text
from agentflow.spec.model import Json
from agentflow.waiting import answer


def answer_question(
    run_id: str,
    step: str,
    said: AnswerKind,
    *,
    value: str | None,
    file: Path | None,
    question: str | None,
    by: str | None,
    reason: str | None,
    store: Path | None,
    json: bool,
) -> int:
    """Answer a question and print what became of the answer; gives the exit code."""
    given = _value(said, value, file)
    response = Response(said, given, by or user_name(), reason, via="agentflow answer")
    answered = answer(existing_store(store), run_id, step, response, question=question)
    if json:
        emit(answer_json.render(answered))
    else:
        emit(answer_text.render(answered, store_option(store)))
    return ExitCode.OK if answered.taken else ExitCode.FINDINGS


def _value(said: AnswerKind, text: str | None, file: Path | None) -> Json:
    """The value that goes with `replace`."""
    given = text is not None or file is not None
    if said != "replace":
        if given:
            raise UsageError(f"'{said}' takes no value", help="'replace' does")
        return None
    if not given or (text is not None and file is not None):
        raise UsageError(
            "'replace' needs a value", help="give one of '--value JSON' and '--file FILE'"
        )
    return read_value(text, file)

"""A question as it leaves the run: plain data for people and programs, with all they need.

Format 1; the schema is `schemas/question.v1.schema.json`.
"""

from agentflow.core.events import AskPerson
from agentflow.core.state import State
from agentflow.plan.steps import step_at
from agentflow.spec.model import Json

FORMAT = 1


def question_document(state: State, question: AskPerson) -> dict[str, Json]:
    """One JSON object. Whoever answers copies `run`, `step`, `question` and `payload`."""
    contract = step_at(state.plan, question.step)[1].contract
    return {
        "format": FORMAT,
        "run": state.run_id,
        "pipeline": state.plan.pipeline.name,
        "step": question.step,
        "question": question.question,
        "payload": question.payload,
        "ask": question.ask,
        "who": question.who,
        "shown": question.input,
        "answers": list(question.answers),
        "contract": dict(contract.schema) if contract is not None else {},
        "asked": question.asked,
        "due": question.due,
    }

"""What became of an answer to a question of a run."""

from msgspec import Struct

from agentflow.core.events import AskPerson


class Answered(Struct, frozen=True):
    """What became of an answer. `taken` is None if it has not been judged yet.

    In that case `busy` says which process works on the run. `status` is that of the run. `changed`
    says what of the spec is not what it was, so that `resume` will ask about it.
    """

    run_id: str
    status: str
    question: AskPerson
    taken: bool | None
    reason: str
    busy: str | None
    changed: tuple[str, ...]

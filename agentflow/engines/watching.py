"""What a model is answering, for those who look on.

An answer in the making is not in the log, and nothing reads it but people's eyes. Only its end is
kept, and secrets are taken out of that as they are taken out of facts.
"""

from collections.abc import Callable
from typing import TypeAlias

from agentflow.agents.protocol import Ear

#: Is told the end of what the agent of a step has answered so far.
Onlooker: TypeAlias = Callable[[str, str], None]
#: Characters of an answer that are kept.
KEPT = 400


def watcher(onlooker: Onlooker, redact: Callable[[str], str]) -> Callable[[str], Ear]:
    """Makes the ear for a call of a step. `redact` takes secrets out of a text that may be cut."""

    def ear(step: str) -> Ear:
        end = ""

        def hear(piece: str) -> None:
            nonlocal end
            end = (end + piece)[-KEPT:]
            onlooker(step, redact(end))

        return hear

    return ear

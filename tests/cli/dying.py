"""`agentflow` in a process that is killed as soon as a decision is stored, before it is performed.

python -P dying.py DECISION STEP ARGUMENTS...
"""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from agentflow.__main__ import main
from agentflow.eventlog.writer import Writer


def _die_after(kind: str, step: str) -> None:
    append = Writer.append

    def last(writer: Writer, records: Sequence[Mapping[str, Any]]) -> None:
        append(writer, records)
        decisions = [decision for record in records for decision in record["decisions"]]
        if any((one["kind"], one.get("step")) == (kind, step) for one in decisions):
            os.kill(os.getpid(), signal.SIGKILL)

    Writer.append = last  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    _, decision, address, *rest = sys.argv
    _die_after(decision, address)
    sys.argv = ["agentflow", *rest]
    main()

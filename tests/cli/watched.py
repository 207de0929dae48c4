"""A run that is shown as `agentflow run` shows it; the tests look at it through a terminal.

    python -m tests.cli.watched SCENE [ENTRIES] [FILE] [STEP…]

After ENTRIES entries it waits until FILE exists, so that one can look at it in the middle; before
the first, servers are waited for. Of each STEP a hostile text is what its agent is saying then.
"""

import os
import sys
import time
from pathlib import Path

from agentflow.cli.display import choose_display
from agentflow.trace import Trace
from tests.formats.scenes import HOSTILE, SCENES


def main() -> None:
    """Tell the scene to the display that fits standard output."""
    run = SCENES[sys.argv[1]]()
    pause = int(sys.argv[2]) if len(sys.argv) > 2 else len(run.entries)
    trace = Trace(run.plan)
    display = choose_display(trace, now=lambda: trace.now)
    display.start(("orders", "mail") if pause == 0 else ())
    for number, entry in enumerate(run.entries):
        if number == pause:
            sys.stdout.write("said by a library\n")
            for step in sys.argv[4:]:
                display.look_on(step, HOSTILE)
            while not Path(sys.argv[3]).exists():
                time.sleep(0.01)
        trace.apply(entry)
        display.entry(entry)
    display.stop()
    sys.stderr.write(f"run went on to the end: {trace.status}\n")
    # Standard output may be gone by now, which Python would complain about at its end.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

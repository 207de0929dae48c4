"""`python -m agentflow`, and the entry point of the command."""

import gc
import os
import signal
import sys
from typing import NoReturn

from agentflow.errors import AgentflowError, CouldNot


def main() -> NoReturn:
    """Run the command line; the one place where errors become text and exit codes."""
    # A start makes tens of thousands of objects to keep, and the collector would walk them again and
    # again.
    gc.set_threshold(50_000)
    _fill_in_streams()
    try:
        from agentflow.cli.main import app  # Ctrl-C may come already while this is loaded

        app(prog_name="agentflow")
    except AgentflowError as error:
        _fail(error)
    except OSError as error:
        _fail(CouldNot(str(error)))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    sys.exit(0)


def _fail(error: AgentflowError) -> NoReturn:
    from agentflow.cli.report import report_error

    report_error(error, sys.stderr)
    sys.exit(error.exit_code)


def _fill_in_streams() -> None:
    """Open those of the standard streams that we were started without.

    The files of a run would take their numbers otherwise, and get what others print.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (to the end)


if __name__ == "__main__":
    if not sys.flags.safe_path:
        # `python -m` looks for modules in the working folder first, and a `yaml.py` of whoever
        # wrote the spec must not be ours.
        sys.path.pop(0)
    main()

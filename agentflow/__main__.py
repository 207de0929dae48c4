"""`python -m agentflow`, and the entry point of the command."""

import atexit
import gc
import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

from agentflow.errors import AgentflowError, CouldNot


def process() -> NoReturn:
    """`main` as a process of its own, which ends without being taken apart.

    Python would free all that it has made piece by piece, for a quarter of the time that a small
    spec takes. Threads are waited for all the same, and what is registered for the end is called.
    """
    code = 1

    def end() -> None:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            return  # Python tries once more, and says so
        os._exit(code)

    atexit.register(end)  # what is registered first is called last
    try:
        main()
    except SystemExit as ended:
        code = int(ended.code or 0)
        raise


def main() -> NoReturn:
    """Run the command line; the one place where errors become text and exit codes."""
    # A start makes eighty thousand objects to keep, and the collector would walk them for nothing.
    gc.set_threshold(100_000)
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
    from agentflow.cli.report import emit, report_error

    report_error(error, sys.stderr)
    if "--json" in sys.argv and not error.in_document:
        from agentflow.formats import error_json

        with suppress(CouldNot):  # it is told on stderr in any case
            emit(error_json.render(error))
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
    process()

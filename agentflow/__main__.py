"""`python -m agentflow`, and the entry point of the command."""

import sys
from typing import NoReturn

from agentflow.cli.main import app
from agentflow.errors import AgentflowError


def main() -> NoReturn:
    """Run the command line; the one place where errors become text and exit codes."""
    try:
        app(prog_name="agentflow")
    except AgentflowError as error:
        from agentflow.cli.report import report_error

        report_error(error, sys.stderr)
        sys.exit(error.exit_code)
    sys.exit(0)


if __name__ == "__main__":
    main()

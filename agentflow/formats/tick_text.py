"""The runs that a tick has picked up, for people."""

from collections.abc import Sequence

from agentflow.formats.safe import safe

#: The id of a run, what it came to, and why it could not be taken up, or what is to be done.
Ticked = tuple[str, str | None, str | None]


def render(done: Sequence[Ticked]) -> str:
    """A line for each run."""
    if not done:
        return "nothing is due"
    return "\n".join(
        f"{run_id}  {status or 'not taken up'}{_why(problem)}" for run_id, status, problem in done
    )


def _why(problem: str | None) -> str:
    return f": {safe(problem, oneline=True)}" if problem else ""

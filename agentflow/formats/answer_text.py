"""What became of an answer, for people."""

from collections.abc import Sequence

from agentflow.formats.safe import safe


def render(
    run_id: str,
    status: str,
    taken: bool | None,
    reason: str,
    changed: Sequence[str] = (),
    option: str = "",
) -> str:
    """One line on the answer, and one on how the run goes on, where somebody has to see to that.

    Where something of the spec has `changed`, only `--as-started` goes on.
    """
    named = f"{run_id} {option}".rstrip()
    if taken is None:
        lines = ["handed over; whoever works on the run next takes it in"]
    else:
        lines = [f"{'taken' if taken else 'refused'}: {safe(reason, oneline=True)}"]
    at_work = status not in ("waiting", "interrupted") and taken is not None
    if taken is not False and not at_work:
        if changed:
            told = "; ".join(safe(one, oneline=True) for one in changed)
            lines.append(f"the spec is not what it was: {told}")
            named += " --as-started"
        lines.append(f"go on with: agentflow resume {named}")
    return "\n".join(lines)

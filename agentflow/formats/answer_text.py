"""What became of an answer, for people."""

from collections.abc import Sequence

from agentflow.formats.safe import safe


def render(
    run_id: str,
    status: str,
    taken: bool | None,
    reason: str,
    busy: str | None = None,
    changed: Sequence[str] = (),
    option: str = "",
) -> str:
    """One line on the answer, and one on how the run goes on, where somebody has to see to that.

    `busy` says which process works on the run if it has not taken the answer in. Where something of
    the spec has `changed`, only `--as-started` goes on.
    """
    named = f"{run_id} {option}".rstrip()
    if taken is None:
        lines = ["not taken in yet; the process that works on the run takes it in when it can"]
        return "\n".join([*lines, safe(busy or "", oneline=True)])
    lines = [f"{'taken' if taken else 'refused'}: {safe(reason, oneline=True)}"]
    if taken and status in ("waiting", "interrupted", "crashed"):
        if changed:
            told = "; ".join(safe(one, oneline=True) for one in changed)
            lines.append(f"the spec is not what it was: {told}")
            named += " --as-started"
        lines.append(f"go on with: agentflow resume {named}")
    return "\n".join(lines)

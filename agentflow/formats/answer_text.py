"""What became of an answer, for people."""

from agentflow.formats.answered import Answered
from agentflow.formats.safe import safe


def render(answered: Answered, option: str = "") -> str:
    """One line on the answer, and one on how the run goes on, if somebody has to see to that.

    `option` goes with the command that resumes the run. If the spec has changed, that takes
    `--as-started` as well.
    """
    if answered.taken is None:
        lines = ["not taken in yet; the process that works on the run takes it in when it can"]
        return "\n".join([*lines, safe(answered.busy or "", oneline=True)])
    verdict = "taken" if answered.taken else "refused"
    lines = [f"{verdict}: {safe(answered.reason, oneline=True)}"]
    if answered.taken and answered.status in ("waiting", "interrupted", "crashed"):
        named = f"{answered.run_id} {option}".rstrip()
        if answered.changed:
            told = "; ".join(safe(one, oneline=True) for one in answered.changed)
            lines.append(f"the spec is not what it was: {told}")
            named += " --as-started"
        lines.append(f"go on with: agentflow resume {named}")
    return "\n".join(lines)

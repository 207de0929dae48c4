"""What the log keeps of an answer that cannot be taken: its beginning, its size and its digest."""

from agentflow.agents.protocol import Reply
from agentflow.core.events import Excess

#: Bytes of the beginning.
_HEAD = 16 * 1024


def evidence(read: bytes, size: int, digest: str, *, whole: bool) -> Reply:
    """The beginning of `read`, of an answer of which `size` bytes came, all of them if it is `whole`."""
    head = read[:_HEAD].decode(errors="backslashreplace")
    return Reply(text=head, excess=Excess(size, digest, whole))

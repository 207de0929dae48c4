"""What the log keeps of an answer that cannot be accepted: its beginning, its size and its digest."""

from collections.abc import Sequence
from hashlib import sha256

from agentflow.agents.protocol import Reply
from agentflow.agents.worker import BEGINNING
from agentflow.core.events import Excess


def evidence(read: bytes, size: int, digest: str, *, whole: bool) -> Reply:
    """The beginning of an answer. `size` bytes of it came; if it is `whole`, those are all."""
    head = read[:BEGINNING].decode(errors="backslashreplace")
    return Reply(text=head, excess=Excess(size, digest, whole))


def evidence_in(pieces: Sequence[bytes], *, whole: bool) -> Reply:
    """The same of an answer of which these pieces came."""
    read = b"".join(pieces)
    return evidence(read, len(read), sha256(read).hexdigest(), whole=whole)

"""What the expressions of a pipeline refer to, and where these references stand."""

from msgspec import Struct

from agentflow.spec.document import Path
from agentflow.spec.expressions import Reference


class Use(Struct, frozen=True):
    """A reference and where it stands: characters `start` to `end` of the text at `path`.

    `reader` is the step that reads, `""` for the pipeline's outputs; `target` is the address of
    the step that is read, if the reference is to one and there is such a step in reach.
    `locals` are the roots that exist here besides those that exist everywhere.
    """

    path: Path
    start: int
    end: int
    reference: Reference
    reader: str
    scope: str
    locals: frozenset[str]
    target: str | None

"""Puts a report where it is wanted: the one effect of the pipeline."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any


def deliver(path: str, text: str) -> dict[str, Any]:
    """Write `text` to `path` so that a reader sees the old file or the new one, never a part.

    Doing it again has the same result, so a repeat after an unknown outcome does no harm.
    """
    target = Path(path).resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode("utf-8")
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return {
        "path": str(target),
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }

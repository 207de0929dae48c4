"""Files that agents write, into the folder `out` beside the specs."""

import os
import re
import tempfile
from pathlib import Path

FOLDER = Path("out")


def save(name: str, text: str) -> dict[str, str]:
    """Write a file as a whole or not at all, and say where it is; an older one is replaced."""
    if re.fullmatch(r"[A-Za-z0-9_.-]+", name) is None or name.startswith("."):
        raise ValueError(f"not a file name: {name!r}")
    FOLDER.mkdir(exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=FOLDER, prefix=".unfinished-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(unfinished, FOLDER / name)
    return {"path": str(FOLDER / name)}

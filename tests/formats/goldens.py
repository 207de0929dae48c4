"""Expected outputs as files. `AGENTFLOW_WRITE_GOLDENS=1 pytest` writes them anew; read the diff."""

import os
from pathlib import Path

CASES = Path(__file__).parent.parent / "cases" / "formats"
SCHEMAS = Path(__file__).parent.parent.parent / "schemas"


def assert_golden(path: Path, text: str) -> None:
    """The text is what the file holds, but for the newline at its end."""
    if os.environ.get("AGENTFLOW_WRITE_GOLDENS"):
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")

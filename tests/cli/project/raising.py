import sys
from pathlib import Path


def refuse() -> None:
    raise ValueError("no such ticket")


def leave() -> None:
    sys.exit(4)


def busy_at_first(name: str) -> dict[str, str]:
    with open("calls", "a") as calls:
        calls.write(f"{name}\n")
    if Path("calls").read_text() == f"{name}\n":
        raise OSError("the line is busy")
    return {"text": name}

import sys


def refuse() -> None:
    raise ValueError("no such ticket")


def leave() -> None:
    sys.exit(4)

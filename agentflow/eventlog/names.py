"""The names of runs: a fixed alphabet, so that no name is ever a path."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from agentflow.errors import UnknownRun, UsageError

_RUN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

_ALPHABET = "a run id is 1 to 64 of a-z, 0-9 and '-', and does not begin with '-'"
_SHOWN = 3
#: How alike names are that one slip or two tell apart: runs of one day share half of their ids.
_NEAR = 0.85


def is_run_id(text: str) -> bool:
    """May a run have this name?"""
    return _RUN_ID.fullmatch(text) is not None


def check_run_id(text: str) -> None:
    """Raise `UsageError` if no run may have this name."""
    if not is_run_id(text):
        raise UsageError(f"{_shown(text)} is not a run id", help=_ALPHABET)


def resolve(text: str, runs: Sequence[str], store: str) -> str:
    """The one of `runs` that `text` names, whole or by a beginning that only it has.

    Raises `UnknownRun`, with the `store` that was searched and the nearest names in it.
    """
    if not is_run_id(text):
        raise UnknownRun(f"{_shown(text)} is not a run id", help=_ALPHABET)
    if text in runs:
        return text
    matches = [run for run in runs if run.startswith(text)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UnknownRun(
            f"'{text}' is the beginning of {len(matches)} run ids in '{store}'",
            help=f"one of {_list(matches)}",
        )
    near = _alike(text, runs)
    if near:
        advice = f"did you mean {_list(near)}?"
    else:
        advice = (
            f"the newest are {_list(runs)}"
            if runs
            else "there are no runs in it; another store is named with --store"
        )
    raise UnknownRun(f"there is no run '{text}' in '{store}'", help=advice)


def _alike(text: str, runs: Sequence[str]) -> list[str]:
    """The runs whose names, or beginnings of the same length, are what `text` may have meant."""
    beginnings = {run[: len(text)]: run for run in reversed(runs)}  # the newest of each
    near = get_close_matches(text, runs, _SHOWN, _NEAR)
    return near or [beginnings[one] for one in get_close_matches(text, beginnings, _SHOWN, _NEAR)]


def _list(runs: Sequence[str]) -> str:
    names = ", ".join(f"'{run}'" for run in runs[:_SHOWN])
    return names if len(runs) <= _SHOWN else f"{names} and {len(runs) - _SHOWN} more"


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 80 else text[:80] + "...")

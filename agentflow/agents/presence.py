"""Whether what agents run is there, as far as that can be seen without running or importing it."""

import importlib.machinery
import importlib.util
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

_FIND = importlib.machinery.PathFinder.find_spec


def has_program(program: str, folder: Path) -> bool:
    """Can a program be started, for a spec in a folder? One with a slash lies there."""
    return shutil.which(str(folder / program) if "/" in program else program) is not None


def has_module(name: str, roots: Sequence[Path]) -> bool:
    """Is there a module, in one of the folders or where Python looks? Packages are not imported."""
    top, *inner = name.split(".")
    found = _FIND(top, [*map(str, roots), *sys.path])
    if found is None:
        return not inner and importlib.util.find_spec(top) is not None  # it is built in
    for part in inner:
        if found is None or found.submodule_search_locations is None:
            return False
        # By its last name: under its whole one, Python would look for the packages around it.
        found = _FIND(part, list(found.submodule_search_locations))
    return found is not None

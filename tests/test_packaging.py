"""What is installed: bounds in pyproject.toml, and the locks that hold to them."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements.lock", "requirements-dev.lock")
#: Releases of March 2026 with malicious code in them.
BAD_LITELLM = ("1.82.7", "1.82.8")


def locked(name: str) -> dict[str, Version]:
    """The versions of a lock by canonical name; each has to have a hash."""
    text = (ROOT / name).read_text()
    entries = re.findall(
        r"^([A-Za-z0-9_.-]+)==([^\s;]+).*\\\n\s+--hash=sha256:", text, re.MULTILINE
    )
    assert len(entries) == len(re.findall(r"^[A-Za-z0-9_.-]+==", text, re.MULTILINE))
    return {canonicalize_name(package): Version(version) for package, version in entries}


@pytest.mark.parametrize("lock", LOCKS)
def test_the_locks_hold_to_the_bounds(lock: str) -> None:
    wanted = list(PROJECT["project"]["dependencies"])
    if lock == "requirements-dev.lock":
        wanted += PROJECT["dependency-groups"]["dev"]
    versions = locked(lock)
    for text in wanted:
        requirement = Requirement(text)
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier, text


def test_litellm_is_above_its_bad_releases() -> None:
    (bound,) = (
        Requirement(text) for text in requires("agentflow-cli") or () if text.startswith("litellm")
    )
    assert not any(Version(bad) in bound.specifier for bad in BAD_LITELLM)
    assert all(locked(lock)["litellm"] >= Version("1.84") for lock in LOCKS)

"""Packages of npm for tests, installed once for this environment; no other test uses the
network."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

needs_node = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="there is no node and npm"
)

#: What npm says where there is no network, or where it is down.
AWAY = ("EAI_AGAIN", "ENOTFOUND", "ENETUNREACH", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "E503")


def installed(home: Path, fresh: Path) -> Path:
    """A folder with the packages of the `package-lock.json` in `home`; `fresh` is an empty one."""
    lock = (home / "package-lock.json").read_bytes()
    folder = Path(sys.prefix) / f"npm-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not folder.exists():
        staged = Path(f"{folder}.{os.getpid()}")
        for name in ("package.json", "package-lock.json"):
            shutil.copy(home / name, fresh)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=fresh, capture_output=True, text=True)
        if away := [code for code in AWAY if code in done.stderr]:
            pytest.skip(f"the registry of npm cannot be reached: {away[0]}")
        assert done.returncode == 0, done.stderr
        shutil.copytree(fresh, staged, symlinks=True)
        try:
            staged.rename(folder)
        except OSError:  # another worker was faster
            shutil.rmtree(staged)
    return folder

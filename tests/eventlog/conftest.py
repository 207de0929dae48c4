from pathlib import Path

import pytest

from agentflow.eventlog import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / ".agentflow")

"""What the tests of the shipped specs share."""

import pytest

from .night import Night


@pytest.fixture(scope="session")
def night() -> Night:
    """The flagship pipeline's agents, run once by hand."""
    return Night()

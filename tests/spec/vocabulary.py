"""The words the tests of this folder use: two agent kinds, whatever else is built."""

from agentflow.agents import command, python
from agentflow.spec.model import Vocabulary

VOCABULARY = Vocabulary((python.Options, command.Options))

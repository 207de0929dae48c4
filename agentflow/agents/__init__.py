"""The agent kinds: everything that does the work of a step. `protocol` is the seam to the engine.

A kind is one module and one line here. Importing this package is cheap, because the linter does it;
the `connect` of a kind imports what its calls need.
"""

from typing import TYPE_CHECKING

from agentflow.agents import a2a, command, http, llm, mcp, python
from agentflow.spec.model import Vocabulary

if TYPE_CHECKING:
    from agentflow.agents.protocol import AgentKind

#: Every kind by the name that specs use.
AGENT_KINDS: "dict[str, AgentKind]" = {
    "python": python,
    "command": command,
    "llm": llm,
    "http": http,
    "mcp": mcp,
    "a2a": a2a,
}

#: The agent kinds as the language sees them: only their names and keys.
VOCABULARY = Vocabulary(tuple(kind.Options for kind in AGENT_KINDS.values()))

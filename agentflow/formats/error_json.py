"""Why a command could not do its work, for programs. Format 1; `schemas/error.v1.schema.json`."""

from agentflow.errors import AgentflowError
from agentflow.formats.values import document

FORMAT = 1


def render(error: AgentflowError) -> str:
    """One JSON object in the place of the one that the command would have printed."""
    about = {"message": error.message, "help": error.help, "exit_code": int(error.exit_code)}
    return document({"format": FORMAT, "error": about})

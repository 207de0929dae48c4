"""The console: the terminal of the process that works on the run.

Where there is no terminal, or nobody sits before it, a message cannot be delivered, and whatever
the spec says about that follows at once.
"""

from agentflow.channels.protocol import DeliveryError, Host, Message
from agentflow.spec.model import ConsoleChannel


async def deliver(_options: ConsoleChannel, message: Message, host: Host) -> str:
    """Have the question put, or the notice shown, on the terminal."""
    if host.terminal is None:
        raise DeliveryError("this process has no terminal to ask at")
    if message.answers:
        host.terminal.ask(message, host.answering(message))
    else:
        host.terminal.tell(message)
    return host.terminal.name

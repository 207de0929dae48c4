"""The inbox: a file in the folder of the run, for people and programs to find. The default.

`agentflow inbox` lists what waits, and `agentflow answer` answers. A program may do both by itself:
read `questions/QUESTION.json` and write `answers/ANYTHING.json`.
"""

import json

from agentflow.channels.protocol import DeliveryError, Host, Message
from agentflow.errors import StoreError
from agentflow.spec.model import InboxChannel


async def deliver(_options: InboxChannel, message: Message, host: Host) -> str:
    """Put the message into the folder of the run."""
    text = json.dumps(message.document, ensure_ascii=False, indent=2) + "\n"
    try:
        data = text.encode(errors="backslashreplace")
        return str(host.post(message.id, data, answerable=bool(message.answers)))
    except StoreError as error:
        raise DeliveryError(error.message) from error

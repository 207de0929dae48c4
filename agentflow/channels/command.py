"""Commands: a program is given each message as JSON on stdin.

The program is started without a shell, in a process group of its own, and ended with all it started
when its time is up. Exit code 0 says that the message is delivered. What it prints then is an
answer, if it prints anything: `{"answer": "approve", "by": "kim", "reason": "…"}`, to `replace`
with a `value`. It goes into the mailbox like any other.
"""

import json

from agentflow.channels.protocol import DeliveryError, Host, Message, Response
from agentflow.contracts.strict import NotJson, loads
from agentflow.spec.model import CommandChannel, Json, seconds

#: Characters of stderr that are told.
_MOST_WORDS = 1_000
_KEYS = frozenset({"answer", "value", "by", "reason"})


async def deliver(options: CommandChannel, message: Message, host: Host) -> str:
    """Run the program with the message, and hand in what it answers."""
    from agentflow.agents.programs import run_once
    from agentflow.agents.protocol import AttemptError
    from agentflow.agents.secrets import resolve

    patience = seconds(options.timeout)
    data = json.dumps(message.document).encode() + b"\n"
    variables = {"AGENTFLOW_RUN_ID": message.document["run"], "AGENTFLOW_STEP": message.step}
    name = f"program '{options.argv[0]}'"
    try:
        env = {name: resolve(value) for name, value in options.env.items()} | variables
        printed = await run_once(options.argv, env, host.folder, data, patience)
    except AttemptError as error:
        # Its last line of stderr is in the message; what stood before it is told too, if anything.
        said = (error.detail or "").strip()
        more = f"; it said: {' '.join(said.split())[-_MOST_WORDS:]}" if "\n" in said else ""
        raise DeliveryError(f"{error.message}{more}") from error
    if printed.strip() and message.answers:
        host.answering(message)(_response(printed, name))
    return name


def _response(printed: str, name: str) -> Response:
    """What a program says. Raises `DeliveryError` if that is no answer."""
    try:
        said: Json = loads(printed)
    except NotJson as error:
        raise DeliveryError(f"{name} printed what is no answer: {error}") from None
    if not isinstance(said, dict) or not isinstance(said.get("answer"), str):
        raise DeliveryError(f"{name} printed what is no answer: an object with 'answer' is one")
    unknown = next((key for key in said if key not in _KEYS), None)
    if unknown is not None:
        raise DeliveryError(f"{name} printed what is no answer: it has no field '{unknown[:40]}'")
    by, why = said.get("by"), said.get("reason")
    return Response(
        said["answer"],
        said.get("value"),
        by if isinstance(by, str) else None,
        why if isinstance(why, str) else None,
        via="command",
    )

"""The agents of the pipelines in this folder. They work in the folder of the spec."""

import asyncio
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any


def greet(name: str) -> dict[str, Any]:
    return {"text": f"Hello, {name}!"}


def greet_loudly(name: str) -> dict[str, Any]:
    sys.stdout.write(f"{name}?\n")
    return {"text": f"{name}!"}


def note(name: str, after: str = "") -> dict[str, Any]:
    """Notes in `calls` that it was called; then waits as long as there is a file `hold-NAME`."""
    with open("calls", "a") as calls:
        calls.write(f"{name}\n")
    while Path(f"hold-{name}").exists():
        time.sleep(0.005)
    return {"text": f"{after}{name} "}


def book(order: str, idempotency_key: str) -> dict[str, Any]:
    """Notes the order with its key, and does not come back as long as there is a file
    `hold-book`."""
    with open("bookings", "a") as bookings:
        bookings.write(f"{idempotency_key} {order}\n")
    note("book")
    return {"text": order}


def chatter() -> dict[str, Any]:
    sys.stdout.write('{"text": "not the answer"}\n')
    subprocess.run(["echo", "nor is this"], check=True)
    return {"text": "the answer"}


def bare_object() -> dict[str, Any]:
    return {"text": object()}


def wrong_shape() -> dict[str, Any]:
    return {"texts": ["a"]}


def sleep() -> dict[str, Any]:
    subprocess.Popen(["sleep", "1000"])
    time.sleep(1000)
    return {"text": "awake"}


def spin() -> dict[str, Any]:
    while True:
        pass


async def ignore_cancellation() -> dict[str, Any]:
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(1000)

"""A chat server that is fast enough to measure against: `python -m benchmarks.chat_server
MILLISECONDS`.

It speaks just enough HTTP and of OpenAI's protocol, answers every request after so many
milliseconds, and prints its port, and later when its first request came, by `time.monotonic`.
"""

import asyncio
import json
import sys
import time

_BODY = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": '{"text": "hello"}'},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 200, "completion_tokens": 7, "total_tokens": 207},
    }
).encode()
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


async def serve(seconds: float) -> None:
    """Answer until the process is killed."""

    told = False

    def tell() -> None:
        nonlocal told
        if not told:
            told = True
            sys.stdout.write(f"{time.monotonic()}\n")
            sys.stdout.flush()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                tell()
                await asyncio.sleep(seconds)
                writer.write(_HEAD % len(_BODY) + _BODY)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) / 1e3))

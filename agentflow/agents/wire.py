"""What lies below the clients of SDKs: requests go to addresses that were looked at, answers have a
bound.

Every address is checked before it is connected to (`http_addresses`), and one that was public at
first stays so. No connection is used twice, no proxy is used, nothing is decompressed, and no
redirect is followed here. A failure is an `AttemptError` with its class.

`httpx`, which some SDKs use, and its successor `httpx2` have the same classes, so the module is a
parameter.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

from agentflow.agents.evidence import evidence_in
from agentflow.agents.http_addresses import Address, Refused, addresses_of
from agentflow.agents.http_failures import broken, refused
from agentflow.agents.protocol import AttemptError
from agentflow.agents.worker import ANSWER_LIMIT
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import FailureClass

#: Seconds to find a host and connect to it.
CONNECT = 10.0
#: Seconds for goodbye, and to hear what a failure says besides its status.
GOODBYE = 1.0
#: Bytes of the body of a failure that are read.
MOST_OF_FAILURE = 64_000
#: The schemes of addresses that can be reached.
PORTS = {"http": 80, "https": 443}


def transport(library: Any) -> Any:
    """What connects, for any number of wires; whoever has it closes it."""
    return library.AsyncHTTPTransport(
        trust_env=True,  # for the certificates that the operator trusts
        retries=0,
        limits=library.Limits(max_connections=None, max_keepalive_connections=0),
    )


class Wire:
    """Requests to one other side, called `name` in messages, over a `below` of the `library`.

    `public` says that it was reached at a public address, and from then on it has to be.
    """

    def __init__(self, library: Any, below: Any, name: str, *, public: bool = False) -> None:
        self._library = library
        self._below = below
        self._name = name
        self.public = public

    async def send(self, request: Any, *, read: float | None = None) -> Any:
        """Send a request to the first of its host's addresses that can be connected to.

        `read` is in seconds for each piece of the answer. Raises `AttemptError`.
        """
        url = request.url
        if url.scheme not in PORTS:
            raise self.failed(FailureClass.REJECTED, "is reached by http or https")
        addresses = await addresses_for(self._name, url, CONNECT, only_public=self.public)
        for index, address in enumerate(addresses):
            try:
                answer = await self._below.handle_async_request(
                    self._library.Request(
                        request.method,
                        url.copy_with(host=address.ip),
                        headers=request.headers,
                        stream=request.stream,
                        extensions={
                            "sni_hostname": url.raw_host.decode(),
                            "timeout": {"connect": CONNECT, "read": read},
                        },
                    )
                )
            except (self._library.ConnectError, self._library.ConnectTimeout) as error:
                if index == len(addresses) - 1:
                    raise self.broken(request, error) from error
            except self._library.TransportError as error:
                raise self.broken(request, error) from error
            else:
                self.public |= address.public
                return answer
        raise AssertionError("a host without addresses is refused")

    def check_encoding(self, answer: Any) -> None:
        """Raise `AttemptError` if an answer would have to be decompressed."""
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            what = "answered in an encoding that it was not asked for"
            raise self.failed(FailureClass.INVALID_OUTPUT, what)

    async def body(self, answer: Any) -> bytes:
        """The whole answer. Raises `AttemptError` beyond `ANSWER_LIMIT`, and the library's own."""
        body = bytearray()
        async for piece in pieces(answer):
            body += piece
            if len(body) > ANSWER_LIMIT:
                what = f"answered more than {ANSWER_LIMIT // 10**6} MB"
                error = self.failed(FailureClass.INVALID_OUTPUT, what)
                error.reply = evidence_in([bytes(body)], whole=False)
                raise error
        await answer.aclose()
        return bytes(body)

    async def beginning(self, answer: Any) -> bytes:
        """What an answer that is a failure says, as far as it says it soon."""
        said = b""
        with suppress(self._library.TransportError, TimeoutError):  # the status says enough
            async with asyncio.timeout(GOODBYE):
                async for piece in pieces(answer):
                    said += piece
                    if len(said) > MOST_OF_FAILURE:
                        break
        await answer.aclose()
        return said

    def refused(self, answer: Any, said: bytes) -> AttemptError:
        """What an answer that is a failure comes to."""
        return refused(self._name, answer, said)

    def broken(self, request: Any, error: Exception) -> AttemptError:
        """What an error of the library comes to."""
        where = f"{request.url.scheme}://{request.url.netloc.decode()}"
        return broken(self._name, error, where=where)

    def failed(self, failure: FailureClass, what: str) -> AttemptError:
        """A failure of the other side, in words."""
        return AttemptError(failure, f"{self._name} {what}")


async def addresses_for(
    shown: str, url: Any, within: float, *, only_public: bool
) -> Sequence[Address]:
    """The addresses of the host of a url, which is one of httpx, within so many seconds.

    Raises `AttemptError`, whose message begins with what is `shown`: not_sent if the host is not
    found, and rejected if no request may go there.
    """
    port = url.port or PORTS[url.scheme]
    try:
        async with asyncio.timeout(within):
            return await addresses_of(url.raw_host.decode(), port, only_public=only_public)
    except Refused as error:
        message = f"{shown} {url.host} {error}"
        raise AttemptError(FailureClass.REJECTED, message) from error
    except TimeoutError as error:
        message = f"{shown} {url.host} was not found within {time_in_words(within)}"
        raise AttemptError(FailureClass.NOT_SENT, message) from error
    except (OSError, UnicodeError) as error:
        words = getattr(error, "strerror", None) or error
        message = f"{shown} {url.host} was not found: {words}"
        raise AttemptError(FailureClass.NOT_SENT, message) from error


async def pieces(answer: Any) -> AsyncIterator[bytes]:
    """The body of an answer as it comes, undecoded."""
    async for piece in answer.stream:
        yield piece


def says_an_error(said: bytes) -> bool:
    """Whether a failure is one in the words of JSON-RPC, which an SDK can read."""
    return b'"jsonrpc"' in said and b'"error"' in said and len(said) <= MOST_OF_FAILURE


def without_length(answer: Any) -> list[tuple[str, str]]:
    """The headers of an answer without those about its framing, which another body has not."""
    framing = ("content-length", "transfer-encoding")
    return [(name, value) for name, value in answer.headers.items() if name not in framing]

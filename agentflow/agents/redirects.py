"""No redirect of a model's server is followed.

A prompt goes to the address that was checked, and to no other that a response names; and what
another server says is no answer of the model. LiteLLM creates clients in many places, and lets the
caller set those of a few providers only. So redirects are switched off where all of them pass: in
the classes of the clients.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import httpx

_STATUSES = frozenset({301, 302, 303, 307, 308})


class Redirected(httpx.RequestError):
    """A server has answered with the address of another one, which has not been asked."""


def follow_none() -> None:
    """Have every client that would follow a redirect raise `Redirected` from now on.

    A client that was told to follow none gets the answer as before.
    """
    send, send_waiting, request = (
        httpx.AsyncClient.send,
        httpx.Client.send,
        aiohttp.ClientSession._request,
    )

    async def send_once(client: httpx.AsyncClient, sent: httpx.Request, **how: Any) -> Any:
        follows = _follows(client, how)
        with _told():
            answer = await send(client, sent, **{**how, "follow_redirects": False})
        if follows and answer.has_redirect_location:
            await answer.aclose()
            raise _redirected(answer.status_code, str(answer.url), answer.headers["location"])
        return answer

    def send_once_waiting(client: httpx.Client, sent: httpx.Request, **how: Any) -> Any:
        follows = _follows(client, how)
        with _told():
            answer = send_waiting(client, sent, **{**how, "follow_redirects": False})
        if follows and answer.has_redirect_location:
            answer.close()
            raise _redirected(answer.status_code, str(answer.url), answer.headers["location"])
        return answer

    async def request_once(session: aiohttp.ClientSession, *what: Any, **how: Any) -> Any:
        follows = how.get("allow_redirects", True)
        answer = await request(session, *what, **{**how, "allow_redirects": False})
        where = answer.headers.get("location")
        if follows and answer.status in _STATUSES and where is not None:
            answer.close()
            raise _redirected(answer.status, str(answer.url), where)
        return answer

    httpx.AsyncClient.send = send_once  # type: ignore[method-assign, assignment]
    httpx.Client.send = send_once_waiting  # type: ignore[method-assign, assignment]
    aiohttp.ClientSession._request = request_once  # type: ignore[method-assign, assignment]


@contextmanager
def _told() -> Iterator[None]:
    """httpx looks at where a redirect leads, also if it does not follow it."""
    try:
        yield
    except httpx.RemoteProtocolError as error:
        if not str(error).startswith("Invalid URL in location header"):
            raise
        raise _nowhere(str(error.request.url)) from error


def _follows(client: httpx.Client | httpx.AsyncClient, how: dict[str, Any]) -> bool:
    told = how.get("follow_redirects", httpx.USE_CLIENT_DEFAULT)
    return client.follow_redirects if told is httpx.USE_CLIENT_DEFAULT else bool(told)


def _redirected(status: int, here: str, where: str) -> Redirected:
    try:
        there = shown(str(httpx.URL(here).join(where)))
    except httpx.InvalidURL:
        return _nowhere(here)
    return Redirected(
        f"'{shown(here)}' answered {status} to '{there}', and no redirect of a model's server is followed;"
        " if that is the right address, name it instead"
    )


def _nowhere(here: str) -> Redirected:
    return Redirected(f"'{shown(here)}' answered with a redirect to what is no address")


def shown(url: str) -> str:
    """A url without what may be a key: some providers take theirs in the query."""
    shown = httpx.URL(url).copy_with(userinfo=b"", query=None, fragment=None)
    return str(shown)[:200]

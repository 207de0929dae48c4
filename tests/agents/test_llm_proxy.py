"""LiteLLM's proxy as a second, independent server between the client and the chat server."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from agentflow.agents.credentials import ALLOWED_HOSTS
from agentflow.spec.model import Model

from ..processes import WATCHDOG
from .calls import HOST, attempt, failure
from .openai_server import Answer, OpenAIServer, completion, refusal

MASTER = "sk-master-of-the-proxy"
CONTENT = '{"greeting": "hello"}'


@pytest.fixture
def proxy(server: OpenAIServer, tmp_path: Path) -> Iterator[str]:
    """Where the proxy is. It asks the chat server, once."""
    config = {
        "model_list": [
            {
                "model_name": "ours",
                "litellm_params": {
                    "model": "openai/gpt-4o-mini",
                    "api_base": server.url,
                    "api_key": "sk-of-the-proxy",
                    "max_retries": 0,
                },
            }
        ],
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    }
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        number = listening.fileno()
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "uvicorn",
                "litellm.proxy.proxy_server:app",
                "--fd",
                str(number),
            ],
            pass_fds=[number],
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "CONFIG_FILE_PATH": "config.yaml",
                "LITELLM_MASTER_KEY": MASTER,
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    try:
        # The socket listens already, so this is answered as soon as the proxy is there.
        httpx.get(f"{address}/health/liveliness", timeout=WATCHDOG).raise_for_status()
        yield f"{address}/v1"
    finally:
        process.kill()
        process.wait()


def test_a_call_through_the_proxy(
    proxy: str, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", MASTER)
    whole = Model(model="openai/ours", api_base=proxy)
    host = replace(HOST, models={"whole": whole, "pieces": replace(whole, stream=True)})

    server.answer = Answer(body=completion(CONTENT))
    monkeypatch.setenv(ALLOWED_HOSTS, "127.0.0.1")
    for alias in ("whole", "pieces"):
        reply = attempt("llm", {"model": alias}, host)
        assert (reply.text, reply.usage.tokens_in if reply.usage else None) == (CONTENT, 2011)
    assert [request.get("stream", False) for request in server.requests] == [False, True]

    server.answer = Answer(429, refusal("slow", "rate_limit_error"), {"Retry-After": "7"})
    assert failure("llm", {"model": "whole"}, host)[0] == "rate_limited"
    server.answer = Answer(500, refusal("oh", "server_error"))
    assert failure("llm", {"model": "whole"}, host)[0] == "server_error"
    server.answer = Answer(body=completion(CONTENT, "length"))
    assert failure("llm", {"model": "pieces"}, host)[0] == "truncated"
    assert len(server.requests) == 5

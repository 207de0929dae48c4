"""LiteLLM's proxy as a second, independent server between the client and the chat server."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

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
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run = "from litellm import run_server; run_server()"
    command = [sys.executable, "-c", run, "--config", "config.yaml", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1"],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LITELLM_MASTER_KEY": MASTER,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health/liveliness", process)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    limit = time.monotonic() + WATCHDOG
    while True:
        assert process.poll() is None
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            assert time.monotonic() < limit
        time.sleep(0.1)


def test_a_call_through_the_proxy(
    proxy: str, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", MASTER)
    whole = Model(model="openai/ours", api_base=proxy)
    host = replace(
        HOST, models={"whole": whole, "pieces": whole.model_copy(update={"stream": True})}
    )

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

"""The page on model servers of one's own: its commands are run against a server, and its table is
true."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentflow.spec.model import Model

from ..agents.calls import HOST, failure
from ..agents.openai_server import Answer, OpenAIServer, completion, refusal
from ..cli.inprocess import agentflow
from .pages import ROOT, blocks
from .sessions import WITH_A_MODEL, commands

PAGE = ROOT / WITH_A_MODEL
#: Where the page says that the server is, and where nobody is.
HERE, NOBODY = "localhost:8000", "127.0.0.1:9"
ROWS = re.findall(
    r"^\| [^|]+ \| `([\w/]+)` \| `http://localhost:8000(\S*)` \| `(\S+)` \|$",
    PAGE.read_text(),
    re.M,
)


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        server.answer = Answer(body=completion('{"kind": "praise"}', model="qwen3"))
        yield server


def test_every_command_does_what_the_page_says(own: OpenAIServer, tmp_path: Path) -> None:
    (tmp_path / "agentflow.toml").touch()
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin"}
    played = 0
    for block in blocks(PAGE):
        if block.language == "yaml":
            (tmp_path / block.words[1]).write_text(block.text.replace(HERE, own.host))
            (tmp_path / "nobody.yaml").write_text(block.text.replace(HERE, NOBODY))
            continue
        for command in commands(block):
            line, _, wanted = command.line.replace(HERE, own.host).partition(" | grep ")
            program, *arguments = shlex.split(line)
            if program == "export":
                environment |= dict([arguments[0].split("=")])
                continue
            done = agentflow(*arguments, folder=tmp_path, env=environment)
            printed = [text for text in (done.out + done.err).splitlines() if wanted in text]
            assert tuple("\n".join(printed).replace(own.host, HERE).splitlines()) == command.printed
            played += 1
    assert played == 6
    keys = [headers.get("authorization") for headers in own.headers]
    assert keys == [None, "Bearer sk-of-our-server"]


@pytest.mark.parametrize(("model", "path", "asked_at"), ROWS)
def test_where_each_server_is_asked(
    model: str, path: str, asked_at: str, own: OpenAIServer
) -> None:
    own.answer = Answer(404, refusal("no such model"))
    address = f"http://{own.host}{path}"
    host = replace(HOST, models={"m": Model(model=model, api_base=address)})
    failed, message = failure("llm", {"model": "m"}, host)
    assert failed == "rejected"
    assert message.endswith(f"; asked for 'NAME' at 'http://{own.host}{asked_at}'")
    assert own.paths == [asked_at]


def test_the_table_is_read() -> None:
    assert len(ROWS) == 5

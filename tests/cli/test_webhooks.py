"""The channel `webhook` with a real server at the other end, and `agentflow receive` for the way
back."""

import contextlib
import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError

import pytest

from agentflow.channels.signing import signed, verify
from tests.agents.web_server import Answer, Received, WebServer

from .shell import Project, later, wait_until
from .test_people import questions, step

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSBjaGF0IHJvb20gb2Ygc3VwcG9ydA=="
ENV = {"CHAT_SECRET": SECRET}
SPEC = """
agentflow: 1
name: hooked
budget: {wall: 3d}
channels:
  chat:
    kind: webhook
    url: URL/hook?room=7
    signing_secret: {secret: CHAT_SECRET}
    headers: {X-Team: support}
steps:
  approve:
    human: {ask: "Refund order 7?", answer: {type: boolean}, channel: chat}
    with: {order: "7"}
    timeout: 2d
    catch: {timeout: fail}
outputs: {ok: "${{ steps.approve.output }}"}
"""


def hooked(project: Project, url: str, **more: str) -> None:
    text = SPEC.replace("URL", url)
    for key, value in more.items():
        text = text.replace("headers:", f"{key}: {value}\n    headers:")
    project.write("hooked.yaml", text)


def waiting(project: Project) -> str:
    return str(project.json("run", "hooked.yaml", code=4, env=ENV)["run"])


def failure(project: Project, env: dict[str, str] = ENV) -> str:
    return str(project.json("run", "hooked.yaml", code=1, env=env)["failure"]["message"])


def answers(*statuses: int) -> Any:
    """Answers with these, one after the other."""
    left = iter(statuses)
    return lambda _request: Answer(next(left))


@pytest.fixture
def other_side(project: Project) -> Iterator[WebServer]:
    with WebServer(Answer(204)) as server:
        hooked(project, server.url)
        yield server


# --- there ---------------------------------------------------------------------------------


def test_a_question_is_sent_signed(project: Project, other_side: WebServer) -> None:
    run_id = waiting(project)
    (request,) = other_side.requests
    assert (request.method, request.path) == ("POST", "/hook?room=7")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-team"] == "support"
    (asked,) = questions(project)
    message = verify(SECRET, request.headers, time.time(), request.body)
    assert message == f"{run_id}-{asked['question']}"
    sent = json.loads(request.body)
    assert sent["type"] == "agentflow.question"
    assert sent["data"]["run"] == run_id
    assert sent["data"]["question"] == asked["question"]
    assert sent["data"]["shown"] == {"order": "7"}
    (shown,) = step(project, run_id)["asked"]
    assert shown["delivered"] == f"{other_side.url}/hook"
    # The secret is nowhere, and neither is its key.
    for path in (project.folder / ".agentflow").rglob("*"):
        if path.is_file():
            assert SECRET.encode()[6:] not in path.read_bytes()


def test_whoever_is_asked_next_is_shown_the_same(project: Project, other_side: WebServer) -> None:
    """The first says no, the second cannot be reached, the third approves of what the first saw."""
    other_side.answer = answers(410)
    text = (project.folder / "hooked.yaml").read_text()
    text = text.replace(", channel: chat}", "}").replace("timeout: fail", "any: {escalate: up}")
    levels = '{ask: "${{ input.order }}?", channel: chat}', '{ask: "Well?", who: boss}'
    human = "".join(f"      - {{human: {each}, within: 1d}}\n" for each in levels)
    ladder = f"escalations:\n  up:\n    levels:\n{human}    on_exhausted: fail\nsteps:"
    project.write("hooked.yaml", text.replace("steps:", ladder, 1))
    run_id = waiting(project)
    project.json("answer", run_id, "approve", "abort")
    project.json("resume", run_id, code=4, env=ENV)
    (request,) = other_side.requests
    sent = json.loads(request.body)["data"]
    assert (sent["ask"], sent["shown"]) == ("7?", {"order": "7"})
    (asked,) = questions(project)
    assert (asked["who"], asked["shown"]) == ("boss", {"order": "7"})
    assert '    order: "7"\n' in project.agentflow("inbox").out
    project.json("answer", run_id, "approve", "approve", "--by", "boss")
    assert project.json("resume", run_id, env=ENV)["outputs"] == {"ok": True}
    trace = project.agentflow("show", run_id, "--step", "approve").out
    assert trace.count('shown: {"order": "7"}') == 3
    tree = [line.strip() for line in project.agentflow("show", run_id).out.splitlines()]
    at = tree.index("asked a person: not delivered")
    assert tree[at : at + 2] == ["asked a person: not delivered", "answered: 'approve' by boss"]
    assert project.agentflow("replay", run_id, "--quiet").code == 0


def test_it_is_sent_again_with_the_same_id(project: Project, other_side: WebServer) -> None:
    other_side.answer = answers(503, 200)
    waiting(project)
    first, second = other_side.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    for request in (first, second):
        verify(SECRET, request.headers, time.time(), request.body)


@pytest.mark.parametrize(
    ("answer", "times", "said"),
    [
        (Answer(410), 1, "POST URL/hook answered 410"),
        (
            Answer(302, headers={"Location": "/other"}),
            1,
            "POST URL/hook answered 302: a redirect is not followed",
        ),
        (Answer(500), 2, "POST URL/hook answered 500, 2 times"),
        (
            Answer(silent=True, cut="reset"),
            2,
            "POST URL/hook broke off before its answer was complete, 2 times",
        ),
    ],
    ids=["gone", "redirect", "broken", "reset"],
)
def test_what_cannot_be_delivered(
    project: Project, other_side: WebServer, answer: Answer, times: int, said: str
) -> None:
    other_side.answer = answer
    hooked(project, other_side.url, attempts="2")
    undelivered = "step 'approve' failed: the question could not be delivered: "
    assert failure(project) == undelivered + said.replace("URL", other_side.url)
    assert len(other_side.requests) == times


def test_an_answer_that_does_not_come(project: Project, other_side: WebServer) -> None:
    waiting = project.folder / "waiting"

    def hang(_request: Received) -> Answer:
        waiting.write_bytes(b"x")
        return Answer(hang=True)

    other_side.answer = hang
    hooked(project, other_side.url, attempts="1", timeout="60s")
    by = later(61, with_each=waiting)
    message = project.json("run", "hooked.yaml", code=1, env=ENV, by=by)["failure"]["message"]
    assert message.endswith(f"POST {other_side.url}/hook was not answered within 1m")


def test_where_machines_keep_their_credentials_nothing_is_sent(project: Project) -> None:
    hooked(project, "http://169.254.169.254")
    assert failure(project).endswith(
        "169.254.169.254 leads to 169.254.169.254, which is refused: "
        "credentials of machines are handed out at such addresses"
    )


def test_without_its_secret_the_run_does_not_start(project: Project, other_side: WebServer) -> None:
    done = project.agentflow("run", "hooked.yaml")
    assert (done.code, done.out) == (3, "")
    assert done.err == (
        "error: the environment variable 'CHAT_SECRET' is not set, and channel 'chat' needs it\n"
        "help: set it, or try the pipeline with '--simulate'\n"
    )
    assert project.agentflow("run", "hooked.yaml", "--simulate", "--quiet").code == 0


# --- and back ------------------------------------------------------------------------------


class Receiver:
    """`agentflow receive` in a process, and the other side that posts to it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._exit = contextlib.ExitStack()

    def __enter__(self) -> "Receiver":
        self.process = self._exit.enter_context(
            self.project.start("receive", "--port", "0", env=ENV)
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().split()
        assert line[:3] == ["receiving", "answers", "at"]
        self.url = line[3]
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        assert self.process.wait() == 0
        self._exit.close()

    def post(self, body: bytes, headers: dict[str, str], path: str = "") -> tuple[int, Any]:
        request = urllib.request.Request(self.url + path, body, headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.loads(answer.read())
        except HTTPError as error:
            return error.code, json.loads(error.read())

    def say(
        self,
        letter: dict[str, Any],
        message: str,
        *,
        secret: str = SECRET,
        at: float | None = None,
        after: bytes = b"",
    ) -> tuple[int, bool | None, str]:
        """Post a letter that is signed, then changed to end with `after`."""
        body = json.dumps(letter).encode()
        headers = signed(secret, message, int(at or time.time()), body)
        status, told = self.post(body + after, headers)
        return status, told["taken"], told["reason"]


def letter(request: Received, answer: str = "approve", **more: Any) -> dict[str, Any]:
    asked = json.loads(request.body)["data"]
    bound = {key: asked[key] for key in ("run", "step", "question", "payload")}
    return {"format": 1, **bound, "answer": answer, "by": "kim", **more}


def test_answers_are_received_and_those_that_are_not_sound_refused(
    project: Project, other_side: WebServer
) -> None:
    run_id, other = waiting(project), waiting(project)
    first, second = other_side.requests
    with Receiver(project) as receiver:
        # Forged, stale, early, modified: nobody vouches for these.
        assert receiver.say(letter(first), "m1", secret="whsec_" + "QUFB" * 8) == (
            401,
            False,
            "its signature is not right",
        )
        status, _, reason = receiver.say(letter(first), "m2", at=time.time() - 1000)
        assert (status, reason[:17]) == (401, "it was signed 16m")
        status, _, reason = receiver.say(letter(first), "m3", at=time.time() + 1000)
        assert (status, reason.endswith("from now, and 5m are allowed")) == (401, True)
        assert receiver.say(letter(first), "m4", after=b" ") == (
            401,
            False,
            "its signature is not right",
        )
        # Signed, and yet not an answer to what was asked.
        foreign = {**letter(second), "run": run_id}
        question = foreign["question"]
        assert receiver.say(foreign, "m5") == (
            409,
            False,
            f"the run has asked no question '{question}'",
        )
        assert receiver.say({**letter(first), "payload": "0"}, "m6") == (
            409,
            False,
            "it answers something else than what was asked",
        )
        status, _, reason = receiver.say(letter(first, "replace", value="yes"), "m7")
        assert (status, reason[:31]) == (409, "the value breaks its contract: ")
        # It counts once, whatever comes under its id later.
        assert receiver.say(letter(first), "m8") == (200, True, "'approve' by kim")
        assert receiver.say(letter(first), "m8") == (409, False, "it was received before")
        assert receiver.say(letter(first), "m9") == (
            409,
            False,
            "the question is no longer open: it was answered by kim",
        )
        # What names no run is nowhere to be recorded.
        assert receiver.say({**letter(first), "run": "20200101-000000-000000"}, "m10") == (
            404,
            False,
            "there is no such run",
        )
        assert receiver.post(b"{", {}) == (
            400,
            {"format": 1, "taken": False, "reason": "it is not JSON"},
        )
        assert receiver.post(b"{}", {}, "x")[0] == 404
    shown = project.json("show", run_id)
    assert len(shown["refused"]) == 9
    assert {one["by"] for one in shown["refused"]} == {"kim"}
    assert project.json("resume", run_id, env=ENV)["outputs"] == {"ok": True}
    assert project.agentflow("replay", run_id, "--quiet").code == 0
    assert project.json("show", other)["refused"] == []


def test_a_question_that_went_elsewhere_takes_no_answer_over_http(
    project: Project, other_side: WebServer
) -> None:
    waiting(project)
    project.edit("hooked.yaml", "channel: chat", "channel: inbox")
    inbox = str(project.json("run", "hooked.yaml", code=4, env=ENV)["run"])
    asked = next(one for one in questions(project) if one["run"] == inbox)
    (request,) = other_side.requests
    with Receiver(project) as receiver:
        said = {**letter(request), **{k: asked[k] for k in ("run", "step", "question")}}
        assert receiver.say(said, "m1") == (403, False, "its question went over no webhook")
    assert [one["why"] for one in project.json("show", inbox)["refused"]] == [
        "its question went over no webhook"
    ]


def test_an_answer_to_a_run_whose_process_died_is_judged_at_once(
    project: Project, other_side: WebServer
) -> None:
    with project.start("run", "hooked.yaml", "--wait", env=ENV) as process:
        wait_until(lambda: bool(other_side.requests))
        process.kill()
        process.wait()
    (request,) = other_side.requests
    with Receiver(project) as receiver:
        status, taken, reason = receiver.say(letter(request, "replace", value="yes"), "m1")
        assert (status, taken, reason[:31]) == (409, False, "the value breaks its contract: ")
        assert receiver.say(letter(request), "m2") == (200, True, "'approve' by kim")
    assert questions(project) == []
    (run_id,) = project.run_ids()
    assert project.json("resume", run_id, env=ENV)["outputs"] == {"ok": True}


def test_a_process_that_stays_picks_it_up(project: Project, other_side: WebServer) -> None:
    with project.start("run", "hooked.yaml", "--wait", "--json", env=ENV) as process:
        with Receiver(project) as receiver:
            wait_until(lambda: bool(other_side.requests))
            (request,) = other_side.requests
            assert receiver.say(letter(request), "m1") == (200, True, "'approve' by kim")
        out, _ = process.communicate()
    assert process.returncode == 0
    assert json.loads(out)["outputs"] == {"ok": True}

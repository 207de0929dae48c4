import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agentflow.cli.display import PlainDisplay, QuietDisplay, choose_display
from agentflow.cli.outlet import Outlet, standard_output
from agentflow.cli.tracing import print_trace
from agentflow.formats import trace_text
from agentflow.trace import Trace
from tests.cli.terminal import ROOT, Terminal
from tests.formats.goldens import CASES
from tests.formats.scenes import SCENES
from tests.formats.stage import Run

TRACES = CASES / "traces"
WATCHED = [sys.executable, "-m", "tests.cli.watched"]
WENT_ON = "run went on to the end: failed\n"


def tell(run: Run, outlet: Outlet) -> None:
    """Show a run in this process."""
    trace = Trace(run.plan)
    display = choose_display(trace, outlet=outlet, now=lambda: trace.now)
    display.start(())
    for entry in run.entries:
        trace.apply(entry)
        display.entry(entry)
    display.stop()


# --- on a terminal -------------------------------------------------------------------------


def test_the_tree_stays_on_the_screen() -> None:
    with Terminal([*WATCHED, "mixed"], columns=120, rows=40) as terminal:
        assert terminal.read_to_end() == WENT_ON
        assert terminal.text() == trace_text.render(SCENES["mixed"]().trace, width=119)
        assert not terminal.screen.cursor.hidden


def test_a_tree_taller_than_the_screen_is_cropped_while_it_grows(tmp_path: Path) -> None:
    go = tmp_path / "go"
    # After eighteen entries, seventeen of thirty items are done.
    with Terminal([*WATCHED, "mixed", "18", str(go)], columns=80, rows=12) as terminal:
        # What comes last in a frame: before that, only a part of it may have come.
        terminal.read_until(lambda: "cost unknown" in terminal.text())
        frame = terminal.text().split("\n")
        assert frame[0] == "said by a library"
        assert frame[1] == "incidents  run 20261120-133000-4f2a91"
        assert frame[2][1:] == " extract  reader  ━━━━━━━───── 17/30 items  0.7s  17,170 tokens"
        assert frame[3] == "  … 30 more: 17 ok, 13 running"
        assert frame[-1] == "running for 0.7s · 30 calls · 17,170 tokens · cost unknown"
        assert not terminal.screen.history.top
        go.touch()
        assert terminal.read_to_end() == WENT_ON
        shown = terminal.text().split("\n")
        assert shown[:2] == ["said by a library", "incidents  run 20261120-133000-4f2a91"]
        assert [line for line in shown if line.startswith("incidents")] == shown[1:2]


def test_what_is_waited_for_before_anything_happens(tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    with Terminal([*WATCHED, "chain", "0", str(go_on)], columns=80, rows=24) as terminal:
        waits = "waiting for servers 'orders' and 'mail' to get ready"
        terminal.read_until(lambda: waits in terminal.text())
        go_on.touch()
        terminal.read_to_end()
        assert waits not in terminal.text()


def test_hostile_text_is_only_text() -> None:
    with Terminal([*WATCHED, "hostile"], columns=200, rows=20) as terminal:
        assert terminal.read_to_end() == WENT_ON
        assert terminal.text() == trace_text.render(SCENES["hostile"]().trace, width=199)
        assert terminal.screen.title == ""
        assert b"\x1b]" not in terminal.raw
        assert "\u202e".encode() not in terminal.raw
        assert b"\xc2\x9b" not in terminal.raw


def test_what_a_model_is_saying(tmp_path: Path) -> None:
    go = tmp_path / "go"
    with Terminal([*WATCHED, "chain", "2", str(go), "report"], columns=120, rows=20) as terminal:
        terminal.read_until(lambda: "\\ud800\n" in terminal.text())
        frame = terminal.text().split("\n")
        below = next(number for number, line in enumerate(frame) if " report  writer" in line) + 1
        assert frame[below] == (
            "    … \\x1b]0;owned\\x07\\x9b31m\\u202e[/x] [link=http://x]⏎::error::x \\x23#[debug]\\ud800"
        )
        assert b"\x1b]" not in terminal.raw
        go.touch()
        assert terminal.read_to_end() == "run went on to the end: succeeded\n"
        assert terminal.text().split("\n")[1:] == trace_text.render(
            SCENES["chain"]().trace, width=119
        ).split("\n")


def test_a_terminal_without_unicode() -> None:
    env = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    with Terminal([*WATCHED, "mixed"], columns=120, rows=40, **env) as terminal:
        assert terminal.read_to_end() == WENT_ON
        expected = trace_text.render(SCENES["mixed"]().trace, width=119, unicode=False)
        assert terminal.text() == expected
        assert terminal.raw.isascii()


def test_no_color() -> None:
    with Terminal([*WATCHED, "chain"], columns=80, rows=20, NO_COLOR="1") as terminal:
        terminal.read_to_end()
        assert b"\x1b[1m" in terminal.raw  # bold is no colour
        assert not re.search(rb"\x1b\[[0-9;]*\b[34][0-7]\b[0-9;]*m", terminal.raw)
        assert terminal.text() == trace_text.render(SCENES["chain"]().trace, width=79)


def test_a_dumb_terminal_gets_lines() -> None:
    with Terminal([*WATCHED, "mixed"], columns=160, rows=40, TERM="dumb") as terminal:
        terminal.read_to_end()
        assert b"\x1b" not in terminal.raw
        assert terminal.text() + "\n" == (TRACES / "mixed.events.txt").read_text()


def test_a_run_outlives_its_terminal(tmp_path: Path) -> None:
    go = tmp_path / "go"
    with Terminal([*WATCHED, "mixed", "18", str(go)], columns=80, rows=12) as terminal:
        terminal.read_until(lambda: "running for" in terminal.text())
        terminal.hang_up()
        go.touch()
        assert terminal.errors() == WENT_ON


# --- elsewhere -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCENES)
def test_a_pipe_gets_lines(name: str) -> None:
    stream = io.StringIO()
    tell(SCENES[name](), Outlet(stream))
    assert stream.getvalue() == (TRACES / f"{name}.events.txt").read_text()


def test_a_pipe_is_told_what_is_waited_for() -> None:
    for servers, told in (
        (("a",), "waiting for server 'a' to get ready\n"),
        (("a", "b"), "waiting for servers 'a' and 'b' to get ready\n"),
    ):
        stream = io.StringIO()
        choose_display(SCENES["chain"]().trace, outlet=Outlet(stream)).start(servers)
        assert stream.getvalue() == told


def test_a_pipe_without_unicode_gets_escapes() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    tell(SCENES["hostile"](), Outlet(stream))
    stream.seek(0)
    expected = (TRACES / "hostile.events.txt").read_text()
    assert stream.read() == expected.replace("⏎", "\\u23ce").replace("…", "\\u2026")


def test_a_run_outlives_its_reader() -> None:
    process = subprocess.Popen(
        [*WATCHED, "mixed"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process, process.stderr:
        assert process.stderr.read().decode() == WENT_ON


def test_a_closed_stream_is_written_to_in_vain() -> None:
    stream = io.StringIO()
    outlet = Outlet(stream)
    stream.close()
    tell_closed = PlainDisplay(SCENES["chain"]().trace, outlet)
    tell_closed.start(())
    tell_closed.entry(SCENES["chain"]().entries[0])
    tell_closed.stop()
    outlet.flush()
    assert not outlet.isatty()


@pytest.mark.parametrize(("quiet", "json"), [(True, False), (False, True)])
def test_silence(quiet: bool, json: bool) -> None:
    run = SCENES["chain"]()
    stream = io.StringIO()
    display = choose_display(run.trace, outlet=Outlet(stream), quiet=quiet, json=json)
    assert isinstance(display, QuietDisplay)
    display.start(())
    display.entry(run.entries[0])
    display.stop()
    assert stream.getvalue() == ""


def test_without_a_standard_output_there_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert standard_output() is None
    assert isinstance(choose_display(SCENES["chain"]().trace), QuietDisplay)


def test_lines_need_no_rich() -> None:
    code = (
        "import io, sys; from agentflow.cli.display import *; from tests.formats.scenes import SCENES;"
        "choose_display(SCENES['chain']().trace, outlet=Outlet(io.StringIO())).start(());"
        "assert 'rich' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# --- after the fact ------------------------------------------------------------------------


def test_a_trace_is_printed_as_plain_text() -> None:
    stream = io.StringIO()
    trace = SCENES["mixed"]().trace
    print_trace(trace, stream)
    assert stream.getvalue() == trace_text.render(trace) + "\n"


def test_a_trace_is_printed_in_colour() -> None:
    code = (
        "import sys; from agentflow.cli.tracing import print_trace;"
        "from tests.formats.scenes import SCENES; print_trace(SCENES['mixed']().trace, sys.stdout)"
    )
    with Terminal([sys.executable, "-c", code], columns=110, rows=40) as terminal:
        assert terminal.read_to_end() == ""
        assert terminal.text() == trace_text.render(SCENES["mixed"]().trace, width=109)
        assert b"\x1b[1;31m\xe2\x9c\x97\x1b[0m" in terminal.raw

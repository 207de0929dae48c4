"""Older formats come up to the present one, step by step, and the stored bytes stay as they are."""

from typing import Any

import pytest

from agentflow.eventlog import Store
from agentflow.eventlog.upcast import FORMAT, UPCASTERS, upcast

from .logs import contents, make_run


def rename(record: dict[str, Any]) -> dict[str, Any]:
    return {"happened": record["fact"], "seq": record["seq"]}


def count(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "steps": record.get("steps", 0) + 1}


def test_the_present_format_is_counted() -> None:
    assert len(UPCASTERS) + 1 == FORMAT == 1


@pytest.mark.parametrize(
    ("written_as", "expected"),
    [(1, {"happened": 0, "seq": 0, "steps": 1}), (2, {"fact": 0, "seq": 0, "steps": 1})],
)
def test_a_record_passes_the_steps_it_has_not_seen(
    written_as: int, expected: dict[str, Any]
) -> None:
    assert upcast({"fact": 0, "seq": 0}, written_as, (rename, count)) == expected


def test_the_present_format_is_left_alone() -> None:
    assert upcast({"fact": 0}, 3, (rename, count)) == {"fact": 0}


def test_an_old_log_opens_and_goes_on_in_the_new_format(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_run(store, entries=2)
    before = contents(path)
    monkeypatch.setattr("agentflow.eventlog.chain.FORMAT", 2)
    monkeypatch.setattr(
        "agentflow.eventlog.chain.upcast",
        lambda record, written_as: upcast(record, written_as, (rename,)),
    )
    fact = {"kind": "Counted", "number": 1}
    assert list(store.read("run").records(1)) == [{"happened": fact, "seq": 1}]
    assert contents(path) == before
    with store.resume("run") as writer:
        writer.append([{"happened": "new"}])
    assert list(store.read("run").records(2)) == [{"happened": "new", "seq": 2}]

"""What those who look on are told of answers in the making."""

from agentflow.agents.secrets import Redactor
from agentflow.engines.watching import KEPT, watcher


def test_only_the_end_of_each_call_is_kept() -> None:
    seen: list[tuple[str, str]] = []
    ears = watcher(lambda step, text: seen.append((step, text)), str)
    first, other = ears("one"), ears("two")
    first("a" * KEPT)
    first("bc")
    other("x")
    ears("one")("again")
    assert seen == [
        ("one", "a" * KEPT),
        ("one", "a" * (KEPT - 2) + "bc"),
        ("two", "x"),
        ("one", "again"),
    ]


def test_secrets_are_not_shown_either_whole_or_in_part() -> None:
    seen: list[str] = []
    redact = Redactor({"TOKEN": "tok-1234567890"}).excerpt
    ear = watcher(lambda _, text: seen.append(text), redact)("step")
    for piece in ("it is tok-12", "34567890", ", they said"):
        ear(piece)
    assert seen == [
        "it is [secret TOKEN]",
        "it is [secret TOKEN]",
        "it is [secret TOKEN], they said",
    ]

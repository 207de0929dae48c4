"""The command line of the benchmarks; what they measure is no test."""

import pytest

from benchmarks.__main__ import PARTS, main


def test_help_names_every_part_and_measures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "| what |" not in out
    for part, (_, about) in PARTS.items():
        assert f"\n  {part:<11} {about}\n" in out


def test_a_part_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["growht"])
    assert ended.value.code == 2
    said = "there is no part 'growht': choose from linters, growth, memory, durability, chats, contracts"
    assert said in " ".join(capsys.readouterr().err.split())


def test_only_what_is_named_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = {part: (lambda _folder, part=part: [(part, "1 s", "", "")], "") for part in PARTS}
    monkeypatch.setattr("benchmarks.__main__.PARTS", measured)
    main(["memory", "growth"])
    assert capsys.readouterr().out == (
        "| what | measured | beside | ratio |\n|---|---|---|---|\n"
        "| growth | 1 s |  |  |\n| memory | 1 s |  |  |\n"
    )
    main([])
    assert capsys.readouterr().out.count("| 1 s |") == len(PARTS)

"""What a provider counts at least of a text, held against tokenizers of models."""

import json
from pathlib import Path

import pytest

from agentflow.agents.estimates import least_now
from agentflow.agents.tokens import count_now

OURS = "o200k_base"
#: Texts by their kind, with the tokens of that tokenizer which takes the fewest: those of Gemma 3,
#: Qwen 3, Llama 3, DeepSeek V3 and Claude 2 were asked.
FEWEST: dict[str, tuple[int, str]] = {
    row["kind"]: (row["fewest"], row["text"] * row["times"])
    for row in json.loads(Path(__file__).with_name("tokens.json").read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("kind", FEWEST)
def test_nobody_counts_fewer(kind: str) -> None:
    fewest, text = FEWEST[kind]
    ours = count_now([text], OURS)
    assert ours is not None
    assert 0 < least_now([text], ours, OURS) <= fewest


@pytest.mark.parametrize(
    "kind", ["german", "russian", "korean", "greek", "vietnamese", "base64", "code", "english"]
)
def test_of_most_texts_seven_tenths_are_there(kind: str) -> None:
    text = FEWEST[kind][1] * 10
    ours = count_now([text], OURS)
    assert ours is not None
    assert least_now([text], ours, OURS) >= 0.65 * ours


@pytest.mark.parametrize(("kind", "share"), [("chinese", 0.5), ("japanese", 0.5), ("thai", 0.25)])
def test_of_other_texts_a_share_is_there(kind: str, share: float) -> None:
    text = FEWEST[kind][1] * 10
    ours = count_now([text], OURS)
    assert ours is not None
    assert least_now([text], ours, OURS) >= 0.95 * share * ours


def test_a_text_of_several_kinds_is_the_sum_of_them() -> None:
    texts = [FEWEST[kind][1] for kind in ("english", "chinese", "thai")]
    alone = sum(least_now([text], count_now([text], OURS) or 0, OURS) for text in texts)
    assert abs(least_now(texts, count_now(texts, OURS) or 0, OURS) - alone) <= len(texts)

"""How much of all that models are told is read for its words."""

from agentflow.lint.texts import MOST_READ, Written, up_to


def test_texts_are_read_up_to_a_number_of_characters_in_all() -> None:
    texts = [Written("x" * 300_000, ("agents", name, "instructions")) for name in ("a", "b", "c")]
    found, left = up_to(texts, MOST_READ)
    assert [len(each.text) for each in found] == [300_000, 100_000, 0]
    assert [each.path for each in found] == [each.path for each in texts]
    assert left == 0


def test_what_is_short_is_read_as_it_is() -> None:
    text = Written("Answer the letter.", ("agents", "a", "instructions"))
    assert up_to([text], MOST_READ) == ((text,), MOST_READ - 18)

"""Reading outputs, for any value in any wrapping: it is the author's value, or it is refused."""

import json
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agentflow.contracts.check import Accepted, Rejected, read_output
from agentflow.spec.model import Json

bounded = settings(max_examples=200, deadline=None)

SCALARS: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(["{", "]", '"', "\\", "```", "a: [1]", '{"a": 1}', "// no", "…", "line\nline"]),
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
WHOLES = VALUES.filter(lambda value: isinstance(value, dict | list))
#: Prose without brackets, quotes, commas at its end and digits: nothing that could be data.
PROSE = st.sampled_from(
    ["", "Sure!", "Here is the answer:", "I looked at the file. It says:", "Let me think.\nDone.", "✅ ok"]
)  # fmt: skip
FENCES = st.sampled_from(
    [("", ""), ("```json\n", "\n```"), ("```\n", "\n```"), ("````\n", "\n````"), ("~~~json\n", "\n~~~"),
     ("~~~\n", "\n~~~"), ("<answer>", "</answer>"), ("<output>\n", "\n</output>"),
     ("/* the plan */ ", " // the end"), ("```JSON\n", "\n```"), ("   ```json\n", "\n   ```")]
)  # fmt: skip
TEXTS = st.sampled_from([{"ensure_ascii": False}, {"indent": 2}, {"separators": (",", ":")}, {}])


def asked(value: Json) -> dict[str, Json]:
    """A contract for values of this type."""
    return {"type": "object" if isinstance(value, dict) else "array"}


@bounded
@given(VALUES, TEXTS, st.sampled_from(["", "\ufeff", " \n", "\t"]))
def test_a_bare_value_is_taken_whatever_the_contract(
    value: Json, style: dict[str, Any], before: str
) -> None:
    answer = read_output(before + json.dumps(value, **style) + "\n", {})
    assert isinstance(answer, Accepted)
    assert exactly(answer.value) == exactly(value)


@bounded
@given(st.text(max_size=30), st.booleans(), st.data())
def test_a_string_that_was_cut_is_never_taken_for_words(
    text: str, ascii_only: bool, data: st.DataObject
) -> None:
    whole = json.dumps(text, ensure_ascii=ascii_only)
    cut = whole[: data.draw(st.integers(1, len(whole) - 1))]
    assert isinstance(read_output(cut, {"type": "string"}), Rejected)


@bounded
@given(WHOLES, TEXTS, FENCES, PROSE, PROSE, st.sampled_from(["", "\ufeff"]))
def test_a_wrapped_value_is_taken_unchanged(
    value: Json, style: dict[str, Any], fence: tuple[str, str], before: str, after: str, mark: str
) -> None:
    text = f"{mark}{before}\n{fence[0]}{json.dumps(value, **style)}{fence[1]}\n{after}"
    answer = read_output(text, asked(value))
    assert isinstance(answer, Accepted), (text, answer)
    assert exactly(answer.value) == exactly(value)


@bounded
@given(WHOLES, TEXTS, FENCES, PROSE, st.data())
def test_a_cut_text_is_never_read_as_another_value(
    value: Json, style: dict[str, Any], fence: tuple[str, str], before: str, data: st.DataObject
) -> None:
    text = f"{before}\n{fence[0]}{json.dumps(value, **style)}{fence[1]}"
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    for contract in (asked(value), {}, {"type": ["object", "array"]}):
        answer = read_output(cut, contract)
        if isinstance(answer, Accepted):
            assert exactly(answer.value) == exactly(value)


@bounded
@given(WHOLES, WHOLES, FENCES, PROSE)
def test_two_candidates_are_refused(
    one: Json, other: Json, fence: tuple[str, str], between: str
) -> None:
    first, second = (f"{fence[0]}{json.dumps(value)}{fence[1]}" for value in (one, other))
    text = f"{first}\n{between}\n{second}"
    assert isinstance(read_output(text, {"type": ["object", "array"]}), Rejected)


@bounded
@given(VALUES, st.sampled_from(["a", "key"]), FENCES, PROSE)
def test_what_is_nearly_json_is_refused(
    value: Json, key: str, fence: tuple[str, str], before: str
) -> None:
    part = json.dumps(value)
    assume(part != "1")
    damaged = [
        f'{{"{key}": {part},}}',
        f"[{part},]",
        f"{{'{key}': {part}}}",
        f"{{{key}: {part}}}",
        f'{{"{key}": NaN, "b": {part}}}',
        f"[Infinity, {part}]",
        f'{{"{key}": 1, "{key}": {part}}}',
        f'{{"{key}": {part} "b": 1}}',
        f'{{"{key}": {part}, ...}}',
        f'{{"{key}": {part}, "b": True}}',
    ]
    for text in damaged:
        for whole in (text, f"{before}\n{fence[0]}{text}{fence[1]}"):
            answer = read_output(whole, {"type": ["object", "array"]})
            assert isinstance(answer, Rejected), whole


def exactly(value: Json) -> str:
    """The value as text; 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)

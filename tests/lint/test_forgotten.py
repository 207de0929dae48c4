"""What nobody names: whom it may belong to, and when it is left to a person."""

import pytest

from tests.lint.linting import findings_of
from tests.lint.test_mending import LETTERS

POLICY = "retries:\n  transient: {max_attempts: 3}\nagents:"
EDITOR = """\
agents:
  reviewer:
    kind: command
    argv: [./review]
    effects: none
    input: {type: object}
    output: {type: string}
"""


@pytest.mark.parametrize(
    ("text", "advice", "has_fix"),
    [
        (
            LETTERS.replace("agents:", POLICY),
            "write 'retry: transient' where it belongs, as in agent 'writer', or take it out",
            True,
        ),
        (
            LETTERS.replace("agents:", POLICY).replace("# another one", "# a transient one"),
            "use it, or take it out; line 13 has its name",
            False,
        ),
        (
            LETTERS.replace("agents:\n", EDITOR),
            "use it, or take it out",
            True,
        ),
        (
            LETTERS.replace("agents:\n", EDITOR).replace(" write: ", " review_it: "),
            "use it, or take it out; step 'review_it' may have been meant to name it",
            False,
        ),
        (
            LETTERS.replace("agents:", "contracts:\n  Writing: {type: string}\nagents:"),
            "use it, or take it out; step 'write' may have been meant to name it",
            False,
        ),
        (
            LETTERS.replace(
                "agents:",
                "inputs: {type: object, required: [text], properties: {text: {type: string}}}\nagents:",
            ),
            "use it, or take it out",
            True,
        ),
    ],
    ids=[
        "a place for it",
        "spoken of",
        "alone",
        "a step like it",
        "letters",
        "in its own contract",
    ],
)
def test_what_nobody_names(text: str, advice: str, has_fix: bool) -> None:
    text = text.replace("steps.write.", "steps.review_it.") if "review_it" in text else text
    (found,) = (each for each in findings_of(text) if each.rule == "unused-definition")
    assert (found.help, found.fix is not None) == (advice, has_fix)

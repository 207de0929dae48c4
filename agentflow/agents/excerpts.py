"""What messages show, and the log keeps, of what the other side says when something goes wrong."""

#: Characters that a message shows of it, and those that the log keeps.
EXCERPT, DETAIL = 300, 4_000


def line(said: str) -> str:
    """The beginning of a text, on one line; empty if there is nothing in it."""
    return " ".join(said.split())[:EXCERPT]


def line_of(error: BaseException) -> str:
    """What an error says, on one line, or else what it is."""
    return line(str(error)) or type(error).__name__


def last_line(said: str) -> str:
    """The last line of a text that is not blank; empty if there is none."""
    return next((line(each) for each in reversed(said.splitlines()) if each.strip()), "")


def detail(*said: str | None) -> str | None:
    """The beginning of each of these texts, one below the other; None if they say nothing."""
    kept = (text.strip()[:DETAIL] for text in said if text is not None)
    return "\n".join(text for text in kept if text) or None

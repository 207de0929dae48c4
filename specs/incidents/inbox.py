"""Takes in a folder of messages. What cannot be read is named, with the reason."""

from pathlib import Path
from typing import Any

#: The bounds that `contracts.json` sets on an inbox and a message.
MOST_FILES = 50
MOST_CHARACTERS = 6000


def collect(folder: str) -> dict[str, list[dict[str, Any]]]:
    """Read the text files of a folder, in the order of their names.

    Hidden files and subfolders are no messages. Raises `NotADirectoryError` if there is no such
    folder, and `ValueError` if it holds more files than one run can take.
    """
    place = Path(folder)
    if not place.is_dir():
        raise NotADirectoryError(f"no folder {folder!r} in {Path.cwd()}")
    files = sorted(
        path for path in place.iterdir() if path.is_file() and not path.name.startswith(".")
    )
    if len(files) > MOST_FILES:
        raise ValueError(f"{len(files)} files in {folder!r}, one run takes {MOST_FILES} at most")
    messages: list[dict[str, Any]] = []
    unreadable: list[dict[str, Any]] = []
    for path in files:
        try:
            messages.append({"file": path.name, "text": _text_of(path)})
        except (OSError, ValueError) as error:
            unreadable.append({"file": path.name, "reason": _reason(error)})
    return {"messages": messages, "unreadable": unreadable}


def _text_of(path: Path) -> str:
    """The text of a message. Raises `ValueError` for what is none, or is too long."""
    if path.suffix != ".txt":
        raise ValueError("not a .txt file")
    with path.open("rb") as stream:
        data = stream.read(MOST_CHARACTERS * 4 + 1)
    text = data.decode("utf-8") if len(data) <= MOST_CHARACTERS * 4 else None
    if text is None or len(text) > MOST_CHARACTERS:
        raise ValueError(f"longer than {MOST_CHARACTERS} characters")
    return text


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8: byte {error.object[error.start]:#04x} at position {error.start}"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)

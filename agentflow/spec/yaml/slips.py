"""Slips that libyaml notices too late, or takes for something else: guessed, and tried.

A guess says what one line was meant to be. The text is read with that line in its place: where
reading gets further than the line at which it stopped, the guess was right. So nothing is said that
does not mend the file, at least as far as one can see.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice

import yaml
from msgspec import Struct

from agentflow.findings import Span
from agentflow.spec.lookalikes import (
    BLANKS,
    BULLETS,
    COLONS,
    DASHES,
    DOUBLE_QUOTES,
    NOTHINGS,
    PLAINLY,
    SINGLE_QUOTES,
    named,
    written_as,
)
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar
from agentflow.spec.yaml.source import Source

#: Texts beyond this are not read again, and no text more often than this.
_MOST_TRIED = 100_000
_MOST_TRIES = 12
#: Lines above the one where reading stopped that are looked at.
_LINES_ABOVE = 4
#: What is longer is not written out in a message.
_SHOWN = 60
#: The longest line that a guess is made about.
_LONGEST = 500

_KEY = r"""(?:[A-Za-z_][\w-]*|"[^"]*"|'[^']*')"""
_SEEMS_BLANK = rf"[ \t{BLANKS}{NOTHINGS}]"
#: A line of a mapping or a list as it looks, whatever its blanks, its colon and its dash are.
_LOOKS = re.compile(
    rf"(?P<indent>{_SEEMS_BLANK}*)(?P<dash>[{DASHES}{BULLETS}-]{_SEEMS_BLANK}+)?"
    rf"(?:(?P<key>{_KEY})(?P<colon>{_SEEMS_BLANK}*[:{COLONS}]{_SEEMS_BLANK}*))?(?P<rest>.*)"
)
#: Quotes, brackets, commas and such that are not those of ASCII.
_LIKE_SIGNS = re.compile(
    rf"[{DOUBLE_QUOTES}{SINGLE_QUOTES}{COLONS}\uff03\uff0c\uff3b\uff3d\uff5b\uff5d]"
)
_NO_BLANK = re.compile(rf"([ \t]*(?:- +)*)({_KEY}):(?=[^\s:])(?!//)(.*)")
_NO_COLON = re.compile(r"([ \t]*(?:- +)*)([A-Za-z_][\w-]*)( *(?:=>|:=|=|->)(?!=) *| +|$)(.*)")
_COMMENT = re.compile(r"(?:(?<=[ \t,])|^)[ \t]*(//|/\*|<!--|;)")
_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?= |$)")
_ITEM = re.compile(r"([ \t]*)- ")
_NO_ITEM = re.compile(rf"{_KEY}[ \t]*:(?:[ \t]|$)|[-#]")
_NARROW_ITEM = re.compile(r"([ \t]*)-(?![\s-])(.+)")
#: A value that is one word, or begins as no sentence does.
_NO_SENTENCE = re.compile(r"\S*|[\[{\"'|>$].*")
_PLAIN_VALUE = re.compile(rf"([ \t]*){_KEY}: +[\w(].*")


class Slip(Struct, frozen=True):
    """One line as it stands, from `column` to `end_column`, and as it was meant to be."""

    line: int
    column: int
    end_column: int
    message: str
    help: str
    meant: str
    also: tuple[str, Span] | None = None

    @property
    def span(self) -> Span:
        """Where it is."""
        return Span(self.line, self.column, self.line, max(self.end_column, self.column + 1))


def find_slip(
    text: str, source: Source, lines: tuple[int, int], last: Scalar | None
) -> Slip | None:
    """What was meant, if reading stopped for one of the known slips.

    `lines` are the line where reading stopped and the one where the thing started that it was in;
    `last` is the value that was read last.
    """
    if len(text) > _MOST_TRIED:
        return None
    stopped = lines[0]
    guesses = _guesses(source, _window(source, *lines), last)
    for slip, meant in islice(guesses, _MOST_TRIES):
        reached = _reached(text, source, meant)
        if reached is None or reached > stopped:
            return slip
    return None


def _window(source: Source, stopped: int, started: int) -> list[int]:
    """The lines that a slip may be on, the likeliest first."""
    lines = [stopped, *([started] if started != stopped else [])]
    above, number = 0, stopped - 1
    while number and above < _LINES_ABOVE:
        text = source.line(number).strip()
        if text and not text.startswith("#"):
            lines.append(number)
            above += 1
        number -= 1
    return list(dict.fromkeys(lines))


def _guesses(
    source: Source, window: list[int], last: Scalar | None
) -> Iterator[tuple[Slip, dict[int, str]]]:
    """Slips with the lines as they were meant to be, by their numbers."""
    if last is not None and (slip := _open_quote(source, last)) is not None:
        yield slip, {slip.line: slip.meant}
    window = [number for number in window if len(source.line(number)) <= _LONGEST]
    for plainly in (_as_it_looks, _in_ascii):
        slips = [each for number in sorted(window) if (each := plainly(number, source)) is not None]
        if slips:
            yield slips[0], {slip.line: slip.meant for slip in slips}
    for number in window:
        for guess in _ON_A_LINE:
            if (slip := guess(number, source)) is not None:
                yield slip, {number: slip.meant}


def _reached(text: str, source: Source, meant: dict[int, str]) -> int | None:
    """The line at which reading stops if some lines are as they were meant; None at the end."""
    parts: list[str] = []
    done = 0
    for number, line in sorted(meant.items()):
        start = source.offset(number, 1)
        parts += (text[done:start], line)
        done = start + len(source.line(number))
    next_event = yaml.CSafeLoader("".join((*parts, text[done:]))).get_event
    try:
        while next_event() is not None:
            pass
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return mark.line + 1 if mark is not None else 0
    return None


def _write(line: str, otherwise: str) -> str:
    """The line to write, if it is short enough to be read in a message."""
    written = line.strip()
    return f"write {quoted(written)}" if len(written) <= _SHOWN else otherwise


def _open_quote(source: Source, last: Scalar) -> Slip | None:
    """A text in quotes that ends lines below, where the next text was to begin."""
    quote = last.style
    if quote not in ('"', "'") or last.line == last.end_line:
        return None
    line = source.line(last.line)
    before = line[: last.column - 1]
    opened = max(sum(before.count(sign) for sign in "[{") - sum(map(before.count, "]}")), 0)
    closing = re.search(rf"(?:[ \t]*[\]}}]){{0,{opened}}},?[ \t]*$", line)
    text = line[: closing.start()] if closing else line
    meant = text + quote + line[len(text) :]
    if text.endswith({'"': "'", "'": '"'}[quote]):  # closed by the other one
        meant = text[:-1] + quote + line[len(text) :]
    return Slip(
        last.line,
        last.column,
        last.column + 1,
        f"the quote {quote} is not closed on its line, and goes on to line {last.end_line}",
        _write(meant, f"add the missing {quote}"),
        meant,
        ("closed here", Span(last.end_line, last.end_column - 1, last.end_line, last.end_column)),
    )


def _as_it_looks(number: int, source: Source) -> Slip | None:
    """Blanks, a dash and a colon that are none, where those of YAML would have to be."""
    line = source.line(number)
    looks = _LOOKS.fullmatch(line)
    if line.isascii() or looks is None:
        return None
    indent, dash, colon = (looks[name] or "" for name in ("indent", "dash", "colon"))
    plain_indent = indent.translate(PLAINLY)
    plain_dash = "- " if dash else ""
    plain_colon = ": " if colon else ""
    meant = plain_indent + plain_dash + (looks["key"] or "") + plain_colon + looks["rest"]
    odd = next(
        (
            at
            for at in range(looks.start("rest"))
            if not line[at].isascii() and not _in_key(looks, at)
        ),
        None,
    )
    return None if odd is None else _no_ascii(number, line, odd, meant.rstrip())


def _in_key(looks: re.Match[str], at: int) -> bool:
    return looks["key"] is not None and looks.start("key") <= at < looks.end("key")


def _in_ascii(number: int, source: Source) -> Slip | None:
    """Brackets, commas and quotes that are none."""
    line = source.line(number)
    if line.isascii() or (found := _LIKE_SIGNS.search(line)) is None:
        return None
    return _no_ascii(number, line, found.start(), line.translate(PLAINLY))


def _no_ascii(number: int, line: str, at: int, meant: str) -> Slip:
    """What is said of a character that looks like another."""
    sign = line[at]
    looks_like = written_as(sign) or ""
    end = at + 1
    while line[end : end + 1] == sign:
        end += 1
    if not looks_like:
        message, advice = f"{named(sign)} stands here, which nobody sees", "take it out"
    elif looks_like.isspace():
        indents = not line[:at].strip()
        message = f"{named(sign)} is no blank to YAML"
        advice = "indent with spaces" if indents else _write(meant, "write a space")
    else:
        message = f"{named(sign)} is no '{looks_like}' to YAML"
        advice = _write(meant, f"write '{looks_like}'")
    return Slip(number, at + 1, end + 1, message, advice, meant)


def _no_blank(number: int, source: Source) -> Slip | None:
    """`key:value`."""
    line = source.line(number)
    found = _NO_BLANK.fullmatch(line)
    if found is None:
        return None
    meant = f"{found[1]}{found[2]}: {found[3]}"
    colon = found.end(2) + 1
    return Slip(
        number,
        colon,
        colon + 1,
        "':' needs a space after it",
        _write(meant, "write 'key: value'"),
        meant,
    )


def _no_colon(number: int, source: Source) -> Slip | None:
    """`key value`, `key = value`, `key`; a sentence is the text of something else."""
    line = source.line(number).rstrip()
    found = _NO_COLON.fullmatch(line)
    if found is None:
        return None
    indent, key, between, value = found.groups()
    sign = between.strip()
    if not sign and not _NO_SENTENCE.fullmatch(value):
        return None
    meant = f"{indent}{key}:{' ' * bool(value)}{value}"
    advice = _write(meant, "write 'key: value'")
    above = _PLAIN_VALUE.fullmatch(source.line(number - 1))
    if above is not None and above[1] == indent and not sign:
        advice += ", or indent the line to go on with the text above"
    start = found.start(3) + between.index(sign) if sign else found.start(2)
    message = f"expected ':' after {quoted(key)}" + (f", found '{sign}'" if sign else "")
    return Slip(number, start + 1, start + 1 + len(sign or key), message, advice, meant)


def _comment(number: int, source: Source) -> Slip | None:
    """A comment as other languages have it."""
    line = source.line(number)
    found = _COMMENT.search(line)
    if found is None:
        return None
    at, meant = found.start(1), line[: found.start()].rstrip()
    message = f"'{found[1]}' starts no comment"
    return Slip(number, at + 1, at + 1 + len(found[1]), message, "a comment starts with '#'", meant)


def _no_yaml(number: int, source: Source) -> Slip | None:
    """A line that is none of the file: a fence of Markdown, the mark of a merge."""
    line = source.line(number).rstrip()
    conflict = _CONFLICT.match(line)
    if conflict is not None:
        message, advice = (
            f"'{conflict[0]}' marks a conflict of a merge",
            "settle it, and take the marks out",
        )
    elif line.lstrip().startswith(("```", "~~~")):
        message, advice = f"'{line.lstrip()[:3]}' is a fence of Markdown", "take the line out"
    elif line.lstrip().startswith("{%"):
        message = "'{%' is a statement of templates, which a spec is not"
        advice = "take it out; 'when' and 'for_each' say what a step depends on"
    else:
        return None
    start = len(line) - len(line.lstrip()) + 1
    return Slip(number, start, len(line) + 1, message, advice, "")


def _no_dash(number: int, source: Source) -> Slip | None:
    """An item below others, without the dash of theirs."""
    line = source.line(number).rstrip()
    above = _ITEM.match(source.line(number - 1))
    if above is None or not line.startswith(above[1]):
        return None
    text = line[len(above[1]) :]
    if not text or text[0].isspace() or _NO_ITEM.match(text):
        return None
    meant = f"{above[1]}- {text}"
    start = len(above[1]) + 1
    shown = quoted(text)
    message = f"expected another list item ('- …'), found {shown}"
    return Slip(number, start, len(line) + 1, message, _write(meant, "start it with '- '"), meant)


def _narrow_dash(number: int, source: Source) -> Slip | None:
    """`-item`."""
    line = source.line(number).rstrip()
    found = _NARROW_ITEM.fullmatch(line)
    if found is None:
        return None
    meant = f"{found[1]}- {found[2]}"
    column = len(found[1]) + 1
    message = "a list item needs a space after '-'"
    return Slip(number, column, column + 1, message, _write(meant, "write '- '"), meant)


_ON_A_LINE: tuple[Callable[[int, Source], Slip | None], ...] = (
    _no_yaml,
    _narrow_dash,
    _no_dash,
    _no_blank,
    _comment,
    _no_colon,
)

"""libyaml's complaints in words that help: what was found, what it means, how to mend it.

libyaml says where it gave up and what it was doing. Most mistakes in specs are one of a dozen, and
each has a line of its own here; for the others its own words have to do.
"""

import json
import re
from collections.abc import Callable

import yaml
from msgspec import Struct
from msgspec.structs import replace

from agentflow.findings import Finding, Location, Related, Severity, Span
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.misread import in_quotes, value_at
from agentflow.spec.yaml.nodes import Scalar
from agentflow.spec.yaml.slips import find_slip
from agentflow.spec.yaml.source import Source


class _Place(Struct, frozen=True):
    """A mark of libyaml. `line` and `column` count from 1, `text` is the line it is on."""

    line: int
    column: int
    text: str

    @property
    def before(self) -> str:
        return self.text[: self.column - 1]

    @property
    def after(self) -> str:
        return self.text[self.column - 1 :]

    @property
    def found(self) -> str:
        """What stands there, for a message."""
        word = re.match(r"[\w.-]+|\S", self.after)
        if word:
            return f"'{word[0][:40]}'"
        return "the end of the line" if not self.after.strip() else "a blank"

    def span(self, length: int = 1) -> Span:
        return Span(self.line, self.column, self.line, self.column + length)


class _Said(Struct, frozen=True):
    """A complaint of libyaml: what the problem is, where, and where the thing starts it is in.

    `in_flow` says that it is inside of [ ] or { }; `above` is the line above.
    """

    place: _Place
    start: _Place
    problem: str
    in_flow: bool
    above: str


class Reached(Struct, frozen=True):
    """How far reading came: the value read last, and whether that was inside of [ ] or { }."""

    last: Scalar | None
    in_flow: bool


class _Trouble(Struct, frozen=True):
    """A finding without its rule and file. `also` is a second place and what it is."""

    message: str
    help: str | None
    span: Span
    also: tuple[str, Span] | None = None


def explain(
    error: yaml.YAMLError, source: Source, file: str, text: str, reached: "Reached"
) -> Finding:
    """The finding for a file that libyaml could not read.

    `text` is what it was given, with all characters where the source has them.
    """
    problem = str(getattr(error, "problem", None) or error).splitlines()[0]
    context = str(getattr(error, "context", None) or "")
    place = _place(getattr(error, "problem_mark", None), source)
    start = _place(getattr(error, "context_mark", None), source) or place
    if place is None or start is None:
        trouble = _Trouble(f"this is not YAML: {problem}", None, Span(1, 1, 1, 1))
    elif (slip := find_slip(text, source, (place.line, start.line), reached.last)) is not None:
        trouble = _Trouble(slip.message, slip.help, slip.span, slip.also)
    elif "tag" in context or "tag" in problem.split():
        return Finding(
            "anchor-or-tag",
            Severity.ERROR,
            "tags are not part of the language",
            Location(file, start.span()),
            "write the plain value; quotes make it text",
        )
    else:
        handler = next((known for words, known in _KNOWN if words in problem), _unknown)
        trouble = handler(
            _Said(place, start, problem, reached.in_flow, source.line(place.line - 1))
        )
    related: tuple[Related, ...] = ()
    if trouble.also is not None:
        related = (Related(trouble.also[0], Location(file, trouble.also[1])),)
    return Finding(
        "syntax",
        Severity.ERROR,
        trouble.message,
        Location(file, trouble.span),
        trouble.help,
        related,
    )


def _place(mark: yaml.Mark | None, source: Source) -> _Place | None:
    if mark is None:
        return None
    # The end of a file without a last line end is on a line of its own to libyaml.
    line, column = source.position(source.offset(mark.line + 1, mark.column + 1))
    return _Place(line, column, source.line(line))


def _colon(said: _Said) -> _Trouble:
    value = re.match(r"\s*(?:- +)*([^\s#:][^:]*):[ \t]+(?=\S)", said.place.before)
    if value is None:
        return _Trouble(
            "a key cannot stand here, the value above it goes on",
            "line it up with the keys it belongs to; check that the line above has its ':'",
            said.place.span(),
        )
    text = said.place.text[value.end() :].rstrip()
    quoted = json.dumps(text, ensure_ascii=False)
    return _Trouble(
        "text with ': ' in it has to be in quotes",
        f"write {value[1]}: {quoted}" if len(text) <= 60 else "put the text in quotes",
        Span(said.place.line, value.end() + 1, said.place.line, value.end() + 1 + len(text)),
    )


def _bad_start(said: _Said) -> _Trouble:
    if said.place.after.startswith("\t"):
        return _tab(said)
    column = _value_start(said.place)
    text = value_at(said.place.text[column - 1 :], in_flow=said.in_flow)
    return _Trouble(
        f"text cannot start with '{said.place.text[column - 1]}'",
        in_quotes("put it in quotes", text),
        Span(said.place.line, column, said.place.line, column + 1),
    )


def _value_start(place: _Place) -> int:
    """The column where a value starts: that of a `!` before it, which YAML reads as a tag."""
    negated = re.search(r"(?<=[:-] )!\S* *$", place.before)
    return negated.start() + 1 if negated else place.column


def _tab(said: _Said) -> _Trouble:
    column = said.place.text.find("\t") + 1 or said.place.column
    return _Trouble(
        "a tab cannot indent",
        "indent with spaces",
        Span(said.place.line, column, said.place.line, column + 1),
    )


def _unclosed(said: _Said) -> _Trouble:
    if re.search(r"\$$", said.place.before) and said.place.after.startswith("{"):
        closing = "}}" if said.place.after.startswith("{{") else "}"
        end = said.place.after.find(closing)
        length = end + len(closing) if end >= 0 else len(said.place.after)
        return _Trouble(
            "a template inside [ ] or { } has to be in quotes",
            f'write "${said.place.after[:length]}"' if length <= 60 else "put it in quotes",
            Span(
                said.place.line, said.place.column - 1, said.place.line, said.place.column + length
            ),
        )
    opening = said.start.after[:1]
    closing = {"[": "]", "{": "}"}.get(opening, "]")
    return _Trouble(
        f"'{opening}' is not closed: expected ',' or '{closing}', found {said.place.found}",
        f"add the missing ',' or '{closing}', or put text with brackets or commas in quotes",
        said.start.span(),
        ("expected here", said.place.span()),
    )


def _open_quote(said: _Said) -> _Trouble:
    quote = said.start.after[:1]
    return _Trouble(
        f"the quote {quote} is not closed",
        f"add the missing {quote}",
        said.start.span(),
    )


def _no_colon(said: _Said) -> _Trouble:
    text = said.start.after.rstrip()
    if re.match(r"-[^\s-]", text):
        return _Trouble(
            "a list item needs a space after '-'", f"write '- {text[1:41]}'", said.start.span()
        )
    return _Trouble(
        f"expected a key with ':', found '{text[:40]}'",
        "write 'key: value', or indent the line to go on with the text above",
        said.start.span(max(len(text), 1)),
    )


def _no_key(said: _Said) -> _Trouble:
    before, after = said.place.before.rstrip(), said.place.after.rstrip()
    if before.strip() and before[-1] in "\"'}]":
        return _after_closing(said, before, after)
    if said.place.after.startswith("- "):
        return _Trouble(
            "a list item cannot stand among keys",
            "indent the list below its key, or take the '-' away",
            said.place.span(),
        )
    opening = re.search(r"[|>][+-]?$", re.sub(r"\s+#.*", "", said.above).rstrip())
    if opening is not None:
        return _Trouble(
            f"the text of '{opening[0][0]}' has to be indented further than its key",
            f"indent it below {quoted(said.above.strip())}",
            said.place.span(max(len(after), 1)),
        )
    return _Trouble(
        f"expected a key in column {said.start.column}, found {said.place.found} in column {said.place.column}",
        "line it up with the keys it belongs to",
        said.place.span(),
        ("the keys start here", said.start.span()),
    )


def _after_closing(said: _Said, before: str, after: str) -> _Trouble:
    """Something stands behind a quote or a bracket that ends a value."""
    closed, span = before[-1], said.place.span(max(len(after), 1))
    if after[:1] in ("]", "}"):
        return _Trouble(f"'{after[0]}' closes nothing", "take it out", said.place.span())
    if after in (",", ";"):
        return _Trouble(f"'{after}' after the closing {closed}", "take it out", span)
    value = re.match(r"\s*(?:- +)*(?:[^\s#:\"'\[{][^:]*:[ \t]+)?(?=[\"'\[{])", said.place.text)
    text = said.place.text[value.end() :].rstrip() if value else ""
    if closed == text[:1] == text[-1:] and said.place.before.endswith(closed):
        text = text[1:-1]  # the quotes inside of it are of the kind that is around it
    return _Trouble(
        f"text after the closing {closed}", in_quotes("put the whole text in quotes", text), span
    )


def _no_item(said: _Said) -> _Trouble:
    return _Trouble(
        f"expected another list item ('- …'), found {said.place.found}",
        "start the line with '- ', or indent it to belong to the item above",
        said.place.span(),
        ("the list starts here", said.start.span()),
    )


def _list_on_line(said: _Said) -> _Trouble:
    return _Trouble(
        "a list cannot start on the line of its key",
        "start it on the next line, or write [a, b]; put text that starts with '- ' in quotes",
        said.place.span(),
    )


def _escape(said: _Said) -> _Trouble:
    escape = re.match(r"\\.", said.place.after)
    written = escape[0] if escape else "\\"
    return _Trouble(
        f"'{written}' is not an escape that YAML knows",
        f"write '\\{written}', or put the text in single quotes",
        said.place.span(len(written)),
    )


def _no_value(said: _Said) -> _Trouble:
    if not said.place.after.strip():
        return _Trouble(
            "expected a value, found the end of the file",
            "close the brackets and braces that are open",
            said.place.span(),
        )
    return _Trouble(
        f"expected a value, found {said.place.found}",
        f"put text that starts with {said.place.found} in quotes",
        said.place.span(),
    )


def _block_header(said: _Said) -> _Trouble:
    sign = said.start.after[:1]
    if _value_start(said.start) != said.start.column:
        return _star(said)
    return _Trouble(
        f"text cannot stand on the line of '{sign}'",
        f"start the text on the next line, or put it in quotes without '{sign}'",
        said.place.span(max(len(said.place.after.rstrip()), 1)),
    )


def _star(said: _Said) -> _Trouble:
    return _bad_start(replace(said, place=said.start))


def _directive(said: _Said) -> _Trouble:
    return _Trouble(
        "lines that start with '%' are not part of the language",
        "take the line out",
        Span(said.start.line, 1, said.start.line, max(len(said.start.text), 1) + 1),
    )


def _narrow_colon(said: _Said) -> _Trouble:
    return _Trouble(
        "':' needs a space after it", "write 'key: value', or put text in quotes", said.place.span()
    )


def _unknown(said: _Said) -> _Trouble:
    return _Trouble(f"this is not YAML: {said.problem}", None, said.place.span())


#: What libyaml says, and who puts it better. The first match counts.
_KNOWN: tuple[tuple[str, Callable[[_Said], _Trouble]], ...] = (
    ("mapping values are not allowed", _colon),
    ("cannot start any token", _bad_start),
    ("mapping keys are not allowed", _bad_start),
    ("tab character", _tab),
    ("expected ',' or", _unclosed),
    ("unexpected end of stream", _open_quote),
    ("unexpected document indicator", _open_quote),
    ("could not find expected ':'", _no_colon),
    ("did not find expected key", _no_key),
    ("did not find expected '-' indicator", _no_item),
    ("block sequence entries are not allowed", _list_on_line),
    ("unknown escape character", _escape),
    ("did not find expected node content", _no_value),
    ("did not find expected comment or line break", _block_header),
    ("did not find expected alphabetic or numeric character", _star),
    ("directive", _directive),
    ("incompatible YAML document", _directive),
    ("unexpected ':'", _narrow_colon),
)

"""A trace for people: the tree of steps, live or after the fact.

    incidents  run 20261120-133000-4f2a91
    ✓ collect  inbox                                   0.4s
    ✗ extract  reader  30 items: 29 ok, 1 failed        12s  3,410 tokens  $0.0123
      ✗ [3]  2 attempts                                1.2s
        timeout: no answer within 1 s
      ✓ [0]                                            0.3s
      … 28 more succeeded
    · report  writer  not started
    failed after 12s · 31 calls · 1 retry · 3,410 tokens · $0.0123

The first line is the head and the last one the foot; what is between may be cropped. Another thread
may extend a trace while it is drawn, so children are copied before they are iterated over.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from agentflow.core.events import CancelRequested
from agentflow.formats.items import Tally, fold_items, tally
from agentflow.formats.refused_calls import some_refused
from agentflow.formats.safe import safe
from agentflow.formats.styled import (
    ASCII,
    STATUS_STYLE,
    UNICODE,
    Line,
    Piece,
    Style,
    Symbols,
    line_width,
    plain,
)
from agentflow.formats.usage import totals, turns, used
from agentflow.formats.words import count, duration
from agentflow.trace import Span, Trace
from agentflow.trace.spans import lost_with_process

#: Items of a `for_each` and iterations that are shown, unless more of them did not simply succeed.
FOLD = 8
_WIDTH = 100
_INDENT = "  "
_NAME_LIMIT = 80
_REASON_LIMIT = 600
#: Answers of people to one step that are shown.
_ANSWERS = 3
_BAR = 12
_NOTHING: Mapping[str, str] = {}


def render(
    trace: Trace,
    *,
    now: float | None = None,
    width: int = _WIDTH,
    fold: int = FOLD,
    unicode: bool = True,
) -> str:
    """The trace as plain text; without `now` as it stood at its last entry."""
    moment = trace.now if now is None else now
    return plain(lines(trace, now=moment, width=width, fold=fold, unicode=unicode))


def lines(
    trace: Trace,
    *,
    now: float,
    width: int,
    fold: int = FOLD,
    unicode: bool = True,
    said: Mapping[str, str] = _NOTHING,
) -> list[Line]:
    """The trace as lines of styled pieces: the head, the tree, the foot.

    `now` is the time to which what is running has been running. `width` is the room in which the
    figures on the right are lined up; a line may be longer. Steps with more than `fold` items show
    those that tell most. `said` is what the agents of running steps have answered so far, by the
    step's address; its end is shown.
    """
    if trace.status != "running" or trace.mode == "simulated":
        now = trace.now  # nothing goes on any more, or time goes from entry to entry
    tree = _Tree(trace, now, fold, UNICODE if unicode else ASCII, said)
    rows = [row for span in tuple(trace.steps.values()) for row in tree.step(span, 0)]
    return [tree.head(), *_aligned(rows, width), *tree.gates(), tree.foot()]


class _Row(Struct, frozen=True):
    """A line of the tree: what stands left, and the figures that stand in columns on the right."""

    left: Line
    figures: tuple[str, ...] = ()


class _Tree:
    """What is the same for all lines of one drawing."""

    def __init__(
        self,
        trace: Trace,
        now: float,
        fold: int,
        symbols: Symbols,
        said: Mapping[str, str],
    ) -> None:
        self.trace = trace
        self.now = now
        self.fold = fold
        self.symbols = symbols
        self.said = said

    # --- head and foot ---------------------------------------------------------------------

    def head(self) -> Line:
        trace = self.trace
        pieces = [
            Piece(_name(trace.plan.pipeline.name), Style.NAME),
            Piece(f"  run {_name(trace.run_id)}", Style.DIM),
        ]
        if trace.resumed:
            pieces.append(Piece(f"  resumed {_times(trace.resumed)}", Style.DIM))
        if trace.mode == "simulated":
            pieces += [
                Piece("  "),
                Piece("SIMULATED", Style.LOUD),
                Piece(": no agent is called, all answers are made up", Style.WARN),
            ]
        return tuple(pieces)

    def foot(self) -> Line:
        trace = self.trace
        took = duration(self.now - trace.started)
        if trace.mode == "simulated":
            took += " of simulated time"
        separator = self.symbols.separator
        match trace.status:
            case _ if trace.damaged is not None:
                text = f"nothing is known from entry {trace.damaged} on, {took} after the start"
                status = Piece(text, Style.FAIL)
            case "running":
                status = Piece(f"running for {took}", Style.RUN)
            case "succeeded":
                status = Piece(f"succeeded in {took}", Style.OK)
            case "waiting":
                asks = next(trace.waiting(), None) is not None
                what = "waiting for people" if asks else "answered"
                status = Piece(f"{what} after {took}", Style.WAIT)
            case "interrupted":
                by = f" by {trace.signal}" if trace.signal else ""
                status = Piece(f"interrupted{by} after {took}", Style.WAIT)
            case "cancelled" if trace.cancelled is not None:
                status = Piece(_cancelled(trace.cancelled, took), Style.FAIL)
            case None:
                return (Piece("not started", Style.DIM),)
            case _:
                status = Piece(f"{trace.status} after {took}", Style.FAIL)
        return (status, Piece(separator + separator.join(totals(trace)), Style.DIM))

    def gates(self) -> Iterator[Line]:
        """How often each `confidence` held an answer back: one that never does may be dormant."""
        for gate in tuple(self.trace.gates.values()):
            name, field = _name(gate.agent), _name(gate.field)
            of = count(gate.answers, "answer")
            text = f"confidence of {name}: {gate.fired} of {of} below {gate.min:g} in '{field}'"
            yield (Piece(text, Style.WARN if gate.fired else Style.DIM),)

    # --- the tree --------------------------------------------------------------------------

    def step(self, span: Span, depth: int, *, is_item: bool = False) -> Iterator[_Row]:
        """The line of a step or item, what there is to say about it, and what is inside it."""
        indent = _INDENT * depth
        symbol = Piece(self.symbols.status[span.status], self._style(span))
        dim = Style.DIM if span.status == "pending" else Style.NAME
        left = [Piece(indent), symbol, Piece(" "), Piece(_name(span.name), dim)]
        left += self._details(span, is_item=is_item)
        yield _Row(tuple(left), self._figures(span))
        for one in span.asked[:-1]:
            if one.said is None:  # somebody else was asked then
                text = f"asked {one.question.who or 'a person'}: {one.closed}"
                shown = safe(text, limit=_REASON_LIMIT, oneline=True)
                yield _Row((Piece(f"{indent}{_INDENT * 2}{shown}", Style.DIM),))
        told = self._told(span)
        if told:
            yield _Row((Piece(f"{indent}{_INDENT * 2}"), told))
        if span.lost and told is not None and not span.reason:
            text = lost_with_process(span.lost)
            if text != told.text:
                yield _Row((Piece(f"{indent}{_INDENT * 2}{text}", Style.DIM),))
        yield from self._decided(span, told, indent)
        for text in some_refused(span.refused):
            yield _Row((Piece(f"{indent}{_INDENT * 2}{text}", Style.DIM),))
        said = self.said.get(span.address) if span.status == "running" else None
        if said:
            text = f"{self.symbols.more} {_name(said[-_NAME_LIMIT:])}"
            yield _Row((Piece(f"{indent}{_INDENT * 2}{text}", Style.DIM),))
        if (span.items is not None and not is_item) or span.iterations is not None:
            yield from self._items(span, depth + 1)
        else:
            for child in tuple(span.children.values()):
                yield from self.step(child, depth + 1)

    def _details(self, span: Span, *, is_item: bool) -> Iterator[Piece]:
        """What stands behind the name."""
        if span.item is not None:
            yield Piece(f" {_name(span.item)}", Style.NAME)
        if span.agent and not is_item:
            yield Piece(f"  {_name(span.agent)}", Style.DIM)
        if span.pipeline and not is_item:
            yield Piece(f"  {_name(span.pipeline)}", Style.DIM)
        if span.case is not None:
            yield Piece(f" {self.symbols.arrow} ", Style.DIM)
            yield Piece(_name(span.case), Style.NAME)
        if span.items is not None:
            yield from self._progress(span, tally(span))
        if span.iterations is not None:
            yield Piece(f"  {count(span.iterations, 'iteration')}")
        if span.turns is not None:
            yield Piece(f"  {turns(span.turns)}")
        if span.model is not None:
            yield Piece(f"  {_name(span.model)}", Style.DIM)
        if span.attempts > 1 + (span.turns or 0):  # each turn is an attempt
            text = f"attempt {span.attempts}"
            if span.status not in ("running", "waiting"):
                text = f"{span.attempts} attempts"
            yield Piece(f"  {text}", Style.WARN)
        word = self._word(span)
        if word:
            yield Piece(f"  {word}", Style.DIM)

    def _progress(self, span: Span, items: Tally) -> Iterator[Piece]:
        over = self.trace.status != "running" or self.trace.damaged is not None
        if span.status != "running" or over:
            yield Piece(f"  {items.sentence()}")
            return
        done = round(_BAR * items.ended / items.total) if items.total else _BAR
        full, empty = self.symbols.bar
        yield Piece("  ")
        yield Piece(full * done, Style.RUN)
        yield Piece(empty * (_BAR - done), Style.DIM)
        yield Piece(f" {items.ended:,}/{items.total:,} items")
        notable = items.words("skipped", "failed", "unknown", "cancelled", "waiting")
        if notable:
            yield Piece(f": {notable}")

    def _word(self, span: Span) -> str:
        """What a symbol alone would leave in the dark."""
        over = self.trace.status not in ("running", "waiting")
        match span.status:
            case "pending" if over:
                return "not started"
            case "running" | "waiting" if self.trace.damaged is not None:
                return "what became of it is not known"
            case "running" | "waiting" if over:
                return "not finished"
            case "unknown":
                return "outcome unknown"
            case "skipped" if span.unknown is not None:
                return "skipped, outcome unknown"
            case "succeeded" if span.unknown is not None:
                return "outcome unknown"
            case "skipped" | "cancelled":
                return span.status
            case _:
                return ""

    def _style(self, span: Span) -> Style:
        if span.status == "running" and self.trace.status != "running":
            return Style.WAIT
        if span.status == "succeeded" and span.reason:
            return Style.WARN
        return STATUS_STYLE[span.status]

    def _told(self, span: Span) -> Piece | None:
        """Why it is as it is: the reason, or else what went wrong before it went well."""
        if span.reason and not _is_explained_inside(span):
            style = self._style(span)
            style = Style.DIM if style is Style.SKIP else style
            return Piece(safe(span.reason, limit=_REASON_LIMIT, oneline=True), style)
        if span.notes and not span.reason and span.notes[-1] not in span.refused:
            last = span.notes[-1]
            if span.lost and last == lost_with_process(span.lost[-1:]):
                last = lost_with_process(span.lost)
            return Piece(safe(last, limit=_REASON_LIMIT, oneline=True), Style.DIM)
        return None

    def _decided(self, span: Span, told: Piece | None, indent: str) -> Iterator[_Row]:
        """What people have said to it, the last of them; unless that is told already."""
        said = [asked.said for asked in span.asked if asked.said is not None]
        for one in said[-_ANSWERS:]:
            text = safe(f"answered: {one}", limit=_REASON_LIMIT, oneline=True)
            if told is None or text != told.text:
                yield _Row((Piece(f"{indent}{_INDENT * 2}{text}", Style.DIM),))

    def _figures(self, span: Span) -> tuple[str, ...]:
        if span.started is None:
            return ()
        sums = used((span,))
        end = self.now if span.ended is None else span.ended
        cost = sums.cost_text() if sums.usd is not None else ""  # the foot says if it is unknown
        return (duration(end - span.started), sums.tokens_text(), cost)

    # --- items -----------------------------------------------------------------------------

    def _items(self, span: Span, depth: int) -> Iterator[_Row]:
        folded = fold_items(span, self.fold)
        for item in folded.shown:
            rows = self.step(item, depth, is_item=True)
            if folded.hidden and item.status == "succeeded" and not item.reason:
                yield next(rows)  # of many that went well, one line each is enough
            else:
                yield from rows
        if folded.hidden:
            text = f"{_INDENT * depth}{self.symbols.more} {folded.rest()}"
            yield _Row((Piece(text, Style.DIM),))


def _cancelled(request: CancelRequested, took: str) -> str:
    by = f" by {_name(request.by)}" if request.by else ""
    return f"cancelled{by} after {took}"


def _aligned(rows: Sequence[_Row], width: int) -> Iterator[Line]:
    """The rows with their figures in columns, as far left as the longest row allows."""
    with_figures = [row for row in rows if row.figures]
    columns = max((len(row.figures) for row in with_figures), default=0)
    widths = [max(len(row.figures[i]) for row in with_figures) for i in range(columns)]
    longest = max((line_width(row.left) for row in with_figures), default=0)
    column = min(longest, width - sum(widths) - 2 * sum(map(bool, widths)))
    for row in rows:
        if not row.figures:
            yield row.left
            continue
        gap = " " * max(0, column - line_width(row.left))
        shown = (
            figure.rjust(room) for figure, room in zip(row.figures, widths, strict=True) if room
        )
        text = f"{gap}  {'  '.join(shown)}".rstrip()
        yield (*row.left, Piece(text, Style.DIM))


def _is_explained_inside(span: Span) -> bool:
    """Did it fail, or was it passed over, because something inside failed, which says why?"""
    if span.status not in ("failed", "skipped"):
        return False
    return any(child.status in ("failed", "unknown") for child in tuple(span.children.values()))


def _name(text: str) -> str:
    return safe(text, limit=_NAME_LIMIT, oneline=True)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"

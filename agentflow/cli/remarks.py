"""What `validate` says besides its findings, on stderr."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from agentflow.cli.checking import Checked, Task
from agentflow.formats.safe import safe
from agentflow.formats.words import count

if TYPE_CHECKING:
    from agentflow.cli.mending import Changed

#: So many fixes that were left out are told one by one.
_MOST_LEFT_OUT = 5


def left_out(changes: Sequence["Changed"]) -> Iterator[str]:
    """Each fix that would bring a new problem, with that; of many, how many more there are."""
    refused = [(change.path, each) for change in changes for each in change.mended.refused]
    for path, each in refused[:_MOST_LEFT_OUT]:
        span = each.finding.location.span
        why = "it changes nothing"
        if each.brings is not None:
            why = f"'{each.brings.rule}' would show: {safe(each.brings.message)}"
        yield f"{safe(path)}:{span.line}:{span.column} '{each.finding.rule}' is not fixed, since {why}"
    more = len(refused) - _MOST_LEFT_OUT
    if more > 0:
        yield f"{count(more, 'more fix', 'more fixes')} left out, since new problems would show"


def notes(results: Sequence[tuple[Task, Checked]], passed: int) -> Iterator[str]:
    """What was mended; what was left out, and how to have it in. So many specs are `passed` over."""
    changes = [checked.changed for _, checked in results if checked.changed is not None]
    files = [change for change in changes if change.mended.fixed]
    fixed = sum(len(change.mended.fixed) for change in files)
    if fixed:
        yield f"note: fixed {count(fixed, 'problem')} in {count(len(files), 'file')}"
    yield from (f"note: {left}" for left in left_out(changes))
    untried = sum(change.mended.untried for change in changes)
    if untried:
        yield f"note: {count(untried, 'fix', 'fixes')} not tried, since too many in a row were left out"
    unseen = sum(checked.unseen for _, checked in results)
    if unseen:
        were = "contract from Python was" if unseen == 1 else "contracts from Python were"
        modules = "its module" if unseen == 1 else "their modules"
        yield f"note: {unseen} {were} not looked at; '--allow-imports' imports {modules}"
    if passed:
        specs = "spec is" if passed == 1 else "specs are"
        yield f"note: {passed} {specs} passed over by 'exclude' of the configuration"
    for task, checked in results:
        if checked.unread:
            name = safe(task.name, oneline=True)
            yield f"note: more may be found in '{name}' when its errors are mended"

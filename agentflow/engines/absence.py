"""Answers to a run that nobody works on are taken in; what follows from them waits for `resume`.

Whoever holds the lock of a run that goes on by its log knows that its process died. That is noted
first, so that nothing is begun because of an answer: what was in flight is looked at before, when
the run is resumed.
"""

from agentflow.core.events import ProcessDied
from agentflow.engines.clock import WallClock
from agentflow.engines.driver import Driver
from agentflow.engines.letters import read_letter
from agentflow.eventlog.mailbox import Mailbox


def note_death(driver: Driver) -> None:
    """Note that the process of a run is gone, unless the run rests anyway. Raises `StoreError`."""
    if driver.state.status == "running":
        driver.take([ProcessDied(WallClock().now())])


def take_answers(driver: Driver, mailbox: Mailbox) -> None:
    """Take in what lies in the mailbox of a run. Raises `StoreError`."""
    letters = mailbox.letters()
    if not letters:
        return
    note_death(driver)
    state, now = driver.state, WallClock().now()
    driver.take([read_letter(letter, state.run_id, now) for letter in letters])
    for letter in letters:
        mailbox.remove(letter.ticket)
    mailbox.tidy(state.people.closed)

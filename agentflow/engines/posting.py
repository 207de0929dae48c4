"""What a run that has ended still has to tell people.

A notice is in the log before it goes out, and that it has arrived is in the log after that. If the
process dies in between, nobody knows whether it arrived, and it goes out again: with the same id,
by which whoever gets it can tell. So a notice may come twice, and is never lost.
"""

import asyncio

from agentflow.core.events import Fact
from agentflow.engines.clock import WallClock
from agentflow.engines.correspondence import Correspondence
from agentflow.engines.driver import Driver
from agentflow.engines.office import Office


def post(driver: Driver, office: Office, clock: WallClock) -> None:
    """Deliver the messages that are not known to have arrived, and note how that went.

    Raises:
        StoreError: the log cannot be written.
    """

    async def deliver() -> None:
        facts: list[Fact] = []
        failures: list[Exception] = []
        people = Correspondence(
            driver.state, office, clock, facts.append, failures.append, lambda: None
        )
        for message in driver.state.people.undelivered.values():
            people.send(message)
        await people.close(at_once=False)
        people.tend(facts, driver.take(facts))
        if failures:
            raise failures[0]

    asyncio.run(deliver())

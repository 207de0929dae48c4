"""What the runs of a drill start with, and what goes wrong in them."""

from typing import Literal, TypeAlias

from msgspec import Struct

from agentflow.plan.patterns import matches
from agentflow.spec.model import FailureClass

#: What an attempt comes to: it fails with a class of the language, or one of these.
#: `answer`: it is well; `crash`: its process dies; `slow`: it needs all the time that it has;
#: `spend`: it is well and has used up more than any budget; `waste`: the same, and it breaks the
#: contract; `linger`: it is well and ends no loop; `tools`: the model asks for its tools and never
#: answers.
Attempted: TypeAlias = (
    FailureClass | Literal["answer", "crash", "linger", "slow", "spend", "waste", "tools"]
)
#: What a question comes to.
Asked: TypeAlias = Literal["approve", "replace", "retry", "abort", "silence", "undelivered"]


class Fault(Struct, frozen=True):
    """What happens to the calls, or the questions, of the steps that a pattern stands for.

    `stage` is what is called: the step's `own` agent, the `taker` to which `catch` hands over, a
    level of an escalation by its number, or `any` of them. `link` is the number of the model in a
    chain of fallbacks, `agent` the one that is called where a step chooses among several. It
    happens so many `times` in each place, None for always; in the first place only that comes to it
    in a run, unless `everywhere`.
    """

    at: str
    does: Attempted | Asked
    stage: Literal["own", "taker", "any"] | int = "own"
    link: int | None = None
    times: int | None = None
    everywhere: bool = False
    agent: str | None = None

    def is_about(
        self, step: str, stage: Literal["own", "taker"] | int, link: int, agent: str | None
    ) -> bool:
        """Is it about a call of an agent, or a question, of the step at an address?"""
        return (
            self.stage in ("any", stage)
            and self.link in (None, link)
            and self.agent in (None, agent)
            and matches(self.at, step)
        )


class Base(Struct, frozen=True):
    """What a run begins with: a test of the spec, or inputs and answers made up from the contracts.

    `test` is the name of the test, None if there is none; `seed` is what is made up by.
    """

    test: str | None
    seed: str = "0"

    @property
    def name(self) -> str:
        """What it is called, for people."""
        return f"test '{self.test}'" if self.test is not None else f"seed {self.seed}"


class Lead(Struct, frozen=True):
    """What else the answers of a pattern's steps have to be, as the text of a schema.

    Without a pattern it is about the inputs of the run.
    """

    at: str
    schema: str


class Scenario(Struct, frozen=True):
    """A run of a drill: the first fault that is about a call counts, then the first lead."""

    base: Base
    faults: tuple[Fault, ...] = ()
    leads: tuple[Lead, ...] = ()

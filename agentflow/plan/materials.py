"""What agents are made of: contracts with everything they refer to, and texts from files.

Each contract is resolved and compiled once, however many steps use it.
"""

from collections.abc import Sequence

from agentflow.contracts.checker import compile_schema
from agentflow.contracts.documents import Target
from agentflow.contracts.keywords import Schema
from agentflow.contracts.models import ModelReader, Models, model_name
from agentflow.contracts.resolve import (
    ContractError,
    EndlessReferences,
    FileReader,
    Resolver,
    SchemaProblem,
    TooManyReferences,
    UnknownContent,
    check_schema,
)
from agentflow.errors import FileProblem
from agentflow.findings import Finding, Related, Severity
from agentflow.plan.chats import chat_of
from agentflow.plan.contract_places import models_of
from agentflow.plan.contracts import ContractPlan, Contracts
from agentflow.plan.library import within
from agentflow.plan.servers import as_contract, definition_for, plan_servers
from agentflow.plan.steps import ChatPlan
from agentflow.spec.document import Document, Path
from agentflow.spec.model import Agent, Contract, Pipeline, TextFile
from agentflow.spec.wording import quoted

#: What stands in for a contract that is missing, broken or of unknown content, so that the plan can
#: still be built.
ANYTHING = ContractPlan(schema={}, checker=compile_schema({}))


class Materials:
    """Resolved contracts of all agents and of the inputs, and the texts that agents name.

    `folder` is where the pipeline lies, from the folder that `read` starts at. Problems are
    appended to `findings`.
    """

    def __init__(
        self,
        document: Document,
        pipeline: Pipeline,
        read: FileReader,
        read_models: ModelReader,
        folder: str,
        findings: list[Finding],
    ) -> None:
        self._document = document
        self._pipeline = pipeline
        self._findings = findings
        self._read = read
        named = tuple(models_of(pipeline))
        models = _classes(tuple(dict.fromkeys(name for _, name in named)), folder, read_models)
        for path, name in named:
            if name in models.problems:
                problem = models.problems[name]
                self._report("invalid-contract", problem.message, path, problem.help)
        self._folder = folder
        self._circles: set[frozenset[Target]] = set()
        self._has_too_many = False
        self._resolver = Resolver(pipeline.contracts, read, folder, models=models)
        self._named: dict[str, ContractPlan] = {}
        for name in pipeline.contracts:
            self._named[name] = self._resolve(name, ("contracts", name))
        self.inputs = self.contract(pipeline.inputs, ("inputs",))
        self.servers = plan_servers(pipeline, lambda file: read(within(folder, file)), self._report)
        self.texts: dict[str, str] = {}
        self.input_of: dict[str, ContractPlan] = {}
        self.output_of: dict[str, ContractPlan] = {}

        self.chat_of: dict[str, ChatPlan | None] = {}
        for name, agent in pipeline.agents.items():
            path = ("agents", name)
            tool = definition_for(agent, self.servers)
            said = (None, None) if tool is None else (tool.input, tool.output)
            self.input_of[name] = self.side(agent.input, (*path, "input"), said[0])
            self.output_of[name] = self.side(agent.output, (*path, "output"), said[1])
            self._take_texts(agent, path)
            output = self.output_of[name]
            self.chat_of[name] = self.chat_for(agent, output)

    @property
    def contracts(self) -> Contracts:
        """All of them."""
        return Contracts(self._named, self.input_of, self.output_of)

    @property
    def files(self) -> dict[str, Schema]:
        """The files of schemas that contracts refer to, by the name they have in the spec."""
        return self._resolver.files

    def chat_for(self, agent: Agent, output: ContractPlan) -> ChatPlan | None:
        """What is known of the calls of an agent; None if it calls no chat model."""
        return chat_of(agent, self._pipeline.models, self.texts, output)

    def contract(self, contract: Contract | None, path: Path) -> ContractPlan:
        """The contract that stands at a path of the spec."""
        if contract is None:
            return ANYTHING
        if isinstance(contract, str) and contract in self._named:
            return self._named[contract]
        return self._resolve(contract, path)

    def side(self, contract: Contract | None, path: Path, of_tool: Schema | None) -> ContractPlan:
        """The input or output contract of an agent; without one it is that of the tool it calls."""
        if contract is not None or of_tool is None:
            return self.contract(contract, path)
        try:
            schema = self._resolver.resolve(as_contract(of_tool))
            problems = check_schema(schema)
            if not problems:
                return ContractPlan(schema, compile_schema(schema))
            why = problems[0].message
        except ContractError as error:
            why = error.message
        *place, side = path
        message = f"the {side} schema of the tool cannot be used: {why}"
        self._report("invalid-contract", message, (*place, "tool"), f"write '{side}:' yourself")
        return ANYTHING

    def _resolve(self, contract: Contract, path: Path) -> ContractPlan:
        """A contract with a checker; what is wrong with it is reported at its place."""
        try:
            schema = self._resolver.resolve(contract)
        except UnknownContent:
            return ANYTHING
        except EndlessReferences as error:
            self._report_circle(error, (*path, *error.path))
            return ANYTHING
        except TooManyReferences as error:
            if not self._has_too_many:  # what is said of one goes for all that follow
                self._report_contract(error, contract, path)
            self._has_too_many = True
            return ANYTHING
        except ContractError as error:
            if isinstance(contract, str) and contract not in self._pipeline.contracts:
                self._report("unknown-contract", error.message, path, error.help)
            else:
                self._report_contract(error, contract, path)
            return ANYTHING
        problems = check_schema(schema)
        for problem in problems:
            self._report_contract(problem, contract, path)
        return ANYTHING if problems else ContractPlan(schema, compile_schema(schema))

    def _report_contract(
        self, problem: ContractError | SchemaProblem, contract: Contract, path: Path
    ) -> None:
        """Report at the place in the contract; a schema that pydantic made has none in the spec."""
        model = model_name(
            self._pipeline.contracts.get(contract) if isinstance(contract, str) else contract
        )
        message = problem.message
        if model is not None:
            message = f"the schema of {quoted(model)} cannot be used: {message}"
        else:
            path = (*path, *problem.path)
        self._report("invalid-contract", message, path, problem.help)

    def _report_circle(self, error: EndlessReferences, path: Path) -> None:
        """Report a circle where it is met first, with the other contracts that it goes through."""
        members = frozenset(error.circle)
        if members in self._circles:
            return
        self._circles.add(members)
        place = self._document.locate(path)
        named = (("contracts", name) for name, _ in error.circle)
        others = tuple(
            Related(f"the circle goes through {quoted(at[1])} here", self._document.locate_key(at))
            for at in named
            if at != path[:2] and self._document.node(at) is not None
        )
        self._findings.append(
            Finding("invalid-contract", Severity.ERROR, error.message, place, error.help, others)
        )

    def _take_texts(self, agent: Agent, path: Path) -> None:
        """Read the files that an agent's own keys name."""
        for key in agent.__struct_fields__:
            value = getattr(agent, key)
            if isinstance(value, TextFile):
                try:
                    self.texts[value.file] = self._read(within(self._folder, value.file))
                except FileProblem as error:
                    self._report("unreadable-file", error.message, (*path, key, "file"), error.help)

    def _report(self, rule: str, message: str, path: Path, help: str | None) -> None:
        self._findings.append(
            Finding(rule, Severity.ERROR, message, self._document.locate(path), help)
        )


def _classes(names: Sequence[str], folder: str, read_models: ModelReader) -> Models:
    """What is known of the classes that a file in `folder` names. They are asked for by both."""
    known = {within(folder, name): name for name in names}
    found = read_models(tuple(known))
    return Models(
        {known[name]: schema for name, schema in found.schemas.items()},
        {known[name]: problem for name, problem in found.problems.items()},
    )

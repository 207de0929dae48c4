"""What agents are made of: contracts with everything they refer to, and texts from files.

Each contract is resolved and compiled once, however many steps use it.
"""

from agentflow.contracts.check import compile_schema
from agentflow.contracts.resolve import ContractError, FileReader, Resolver, check_schema
from agentflow.errors import FileProblem
from agentflow.findings import Finding, Severity
from agentflow.plan.steps import ContractPlan, Path
from agentflow.spec.document import Document
from agentflow.spec.model import Agent, Contract, Pipeline, TextFile

#: What stands in for a contract that is missing or broken, so that the plan can still be built.
ANYTHING = ContractPlan(schema={}, checker=compile_schema({}))


class Materials:
    """Resolved contracts of all agents and of the inputs, and the texts that agents name.

    Problems are appended to `findings`.
    """

    def __init__(
        self, document: Document, pipeline: Pipeline, read: FileReader, findings: list[Finding]
    ) -> None:
        self._document = document
        self._findings = findings
        self._read = read
        self._resolver = Resolver(pipeline.contracts, read)
        self._named: dict[str, ContractPlan] = {}
        for name in pipeline.contracts:
            self._named[name] = self._resolve(name, ("contracts", name))
        self.inputs = self._contract(pipeline.inputs, ("inputs",))
        self.texts: dict[str, str] = {}
        self.input_of: dict[str, ContractPlan] = {}
        self.output_of: dict[str, ContractPlan] = {}
        for name, agent in pipeline.agents.items():
            path = ("agents", name)
            self.input_of[name] = self._contract(agent.input, (*path, "input"))
            self.output_of[name] = self._contract(agent.output, (*path, "output"))
            self._take_texts(agent, path)

    def _contract(self, contract: Contract | None, path: Path) -> ContractPlan:
        if contract is None:
            return ANYTHING
        if isinstance(contract, str) and contract in self._named:
            return self._named[contract]
        return self._resolve(contract, path)

    def _resolve(self, contract: Contract, path: Path) -> ContractPlan:
        """A contract with a checker; what is wrong with it is reported at its place."""
        try:
            schema = self._resolver.resolve(contract)
        except ContractError as error:
            unknown = isinstance(contract, str) and not error.path
            self._report(
                "unknown-contract" if unknown else "invalid-contract",
                error.message,
                (*path, *error.path),
                error.help,
            )
            return ANYTHING
        problems = check_schema(schema)
        for problem in problems:
            self._report("invalid-contract", problem.message, (*path, *problem.path), problem.help)
        return ANYTHING if problems else ContractPlan(schema, compile_schema(schema))

    def _take_texts(self, agent: Agent, path: Path) -> None:
        """Read the files that an agent's own keys name."""
        for key in type(agent).model_fields:
            value = getattr(agent, key)
            if isinstance(value, TextFile):
                try:
                    self.texts[value.file] = self._read(value.file)
                except FileProblem as error:
                    self._report("unreadable-file", error.message, (*path, key, "file"), error.help)

    def _report(self, rule: str, message: str, path: Path, help: str | None) -> None:
        self._findings.append(
            Finding(rule, Severity.ERROR, message, self._document.locate(path), help)
        )

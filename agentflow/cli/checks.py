"""The commands that look at specs without running them, and their options."""

import enum
from pathlib import Path
from typing import Annotated

import typer

from agentflow.cli.options import choice
from agentflow.findings import FailOn, Severity


class FindingsFormat(enum.StrEnum):
    """How `validate` says what it found."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"


class ListFormat(enum.StrEnum):
    """How commands print that list what there is: `rules`, `explain`, `tools`."""

    TEXT = "text"
    JSON = "json"


ImportsOption = Annotated[
    bool,
    typer.Option(
        "--allow-imports",
        help="Import the modules of Python classes that contracts name, in a process of their own.",
    ),
]
ListFormatOption = Annotated[ListFormat, choice(ListFormat, "--format", "-f", help="How to print.")]


SpecsArgument = Annotated[
    list[str],
    typer.Argument(metavar="SPEC...", help="Spec files, folders, patterns, or - for stdin."),
]
FindingsFormatOption = Annotated[
    FindingsFormat, choice(FindingsFormat, "--format", "-f", help="How to print the findings.")
]
SelectOption = Annotated[
    list[str] | None,
    typer.Option("--select", metavar="NAME,...", help="Only these rules and families count."),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="NAME,...", help="These rules and families do not count."),
]
SeverityOption = Annotated[
    Severity, choice(Severity, "--severity", help="The slightest findings that are shown.")
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Warnings make it fail: the same as --fail-on warning.")
]
FailOnOption = Annotated[
    FailOn | None,
    choice(
        FailOn,
        "--fail-on",
        help="How severe a finding has to be for exit code 1; by default an error.",
        show_default=False,
    ),
]
ExitZeroOption = Annotated[
    bool, typer.Option("--exit-zero", help="No finding makes it fail: the same as --fail-on never.")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration; by default that of each spec's project.",
        show_default=False,
    ),
]
NoConfigOption = Annotated[
    bool, typer.Option("--no-config", help="Take no configuration into account.")
]
OnlySpecsOption = Annotated[
    bool,
    typer.Option("--only-specs", help="Pass over named files that do not say that they are specs."),
]
FixOption = Annotated[
    bool, typer.Option("--fix", help="Mend what has one safe answer, in the files.")
]
UnsafeFixesOption = Annotated[
    bool, typer.Option("--unsafe-fixes", help="Mend also what may have been meant differently.")
]
DiffOption = Annotated[
    bool,
    typer.Option("--diff", help="Show what would be mended, and change nothing: exit 1 if so."),
]
DrilledOption = Annotated[
    bool,
    typer.Option(
        "--drilled",
        help="Hold the receipts of drills against the specs, too: are they fresh, and good?",
    ),
]


StdinNameOption = Annotated[
    str | None,
    typer.Option(
        "--stdin-filename",
        metavar="FILE",
        help="The file that stdin stands for: its name, folder and configuration.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output-file",
        metavar="FILE",
        help="Where to write the findings, all at once, instead of stdout.",
        show_default=False,
    ),
]
QuietFindingsOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Findings and errors alone: no summary, no notes.")
]


def validate(
    paths: SpecsArgument,
    format: FindingsFormatOption = FindingsFormat.TEXT,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    severity: SeverityOption = Severity.ADVICE,
    strict: StrictOption = False,
    fail_on: FailOnOption = None,
    exit_zero: ExitZeroOption = False,
    config: ConfigOption = None,
    no_config: NoConfigOption = False,
    only_specs: OnlySpecsOption = False,
    fix: FixOption = False,
    unsafe_fixes: UnsafeFixesOption = False,
    diff: DiffOption = False,
    drilled: DrilledOption = False,
    allow_imports: ImportsOption = False,
    stdin_filename: StdinNameOption = None,
    output_file: OutputOption = None,
    quiet: QuietFindingsOption = False,
) -> None:
    """Check specs; nothing in them is executed.

    Exit 1: there are errors, or findings that fail by '--fail-on', or a '--diff' that is not empty.
    Exit 2: an option or the configuration makes no sense, or there is nothing to check. Exit 3: a
    file cannot be read or written, or a rule crashed.
    """
    if strict + exit_zero + (fail_on is not None) > 1:
        raise typer.BadParameter(
            "'--strict', '--fail-on' and '--exit-zero' contradict each other; give one of them"
        )
    if config is not None and no_config:
        raise typer.BadParameter("'--config' and '--no-config' exclude each other")
    if stdin_filename is not None and "-" not in paths:
        raise typer.BadParameter("'--stdin-filename' is about '-', which is not among the specs")
    if diff and format is not FindingsFormat.TEXT:
        raise typer.BadParameter("'--diff' prints a patch, which has no '--format'")
    from agentflow.cli.validate import Options, validate_specs

    if strict or exit_zero:
        fail_on = FailOn.WARNING if strict else FailOn.NEVER
    options = Options(
        format=format.value,
        imports=allow_imports,
        select=select or (),
        ignore=ignore or (),
        severity=severity,
        fail_on=fail_on.value if fail_on is not None else None,
        config=config,
        configure=not no_config,
        only_specs=only_specs,
        fix=fix or unsafe_fixes,
        unsafe=unsafe_fixes,
        diff=diff,
        drilled=drilled,
        stdin_name=stdin_filename,
        output=output_file,
        quiet=quiet,
    )
    raise typer.Exit(validate_specs(paths, options))


def rules(
    family: Annotated[
        str | None,
        typer.Argument(metavar="[FAMILY]", help="Only the rules of this one.", show_default=False),
    ] = None,
    format: ListFormatOption = ListFormat.TEXT,
) -> None:
    """List the rules of validate by family.

    Each with its severity and whether it has a fix. Exit 2: there is no such family.
    """
    from agentflow.cli.rules import list_rules

    raise typer.Exit(list_rules(family, json=format is ListFormat.JSON))


def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="The name of a rule.")],
    format: ListFormatOption = ListFormat.TEXT,
) -> None:
    """Print the page of a rule.

    It says what is wrong and why it hurts, with an example, and the example mended. Exit 2: there
    is no such rule.
    """
    from agentflow.cli.rules import explain_rule

    raise typer.Exit(explain_rule(rule, json=format is ListFormat.JSON))

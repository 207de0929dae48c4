"""Credentials in a spec, masked in everything printed about it: many people can read a log of CI.

A masked credential is as long as before, so that positions still fit, and begins as before, so that
one can find it.
"""

import re

from msgspec.structs import replace

from agentflow.findings import Finding, Report, Suppressed
from agentflow.lint.credentials import FORMS, IN_ADDRESS, STAND_IN

#: Characters of a credential that are shown.
_SHOWN = 3
#: A value behind a name of credentials. The name of a variable, an expression and a mapping are
#: none.
_NAMED = re.compile(
    r"(?:api[-_]?key|token|secret|passw(?:or)?d|authorization)[\"']?\s{0,8}[:=]\s{0,8}[\"']?"
    r"(?P<password>(?!(?-i:[A-Z][A-Z0-9_]*)(?![^\s\"',}]))[^\s\"',{}\[\]$#][^\"',{}\n]{7,})",
    re.IGNORECASE,
)


def masked(report: Report) -> Report:
    """A report that shows no credential, be it in a message or in a line of its sources."""
    return replace(
        report,
        findings=tuple(map(_finding, report.findings)),
        fixed=tuple(map(_finding, report.fixed)),
        sources={name: without_credentials(text) for name, text in report.sources.items()},
        suppressed=tuple(
            Suppressed(_finding(one.finding), one.reason, one.comment) for one in report.suppressed
        ),
    )


def without_credentials(text: str) -> str:
    """A text with asterisks in the place of what looks like a credential."""
    text = FORMS.sub(lambda found: _hidden(found[0]), text)
    for pattern in (IN_ADDRESS, _NAMED):
        text = pattern.sub(_hide_password, text)
    return text


def _hide_password(found: "re.Match[str]") -> str:
    password = found["password"]
    if STAND_IN.fullmatch(password):
        return found[0]
    start = found.start("password") - found.start()
    return found[0][:start] + _hidden(password) + found[0][start + len(password) :]


def _hidden(secret: str) -> str:
    return secret[:_SHOWN] + "*" * (len(secret) - _SHOWN)


def _finding(finding: Finding) -> Finding:
    return replace(
        finding,
        message=without_credentials(finding.message),
        help=without_credentials(finding.help) if finding.help is not None else None,
        related=tuple(
            replace(one, message=without_credentials(one.message)) for one in finding.related
        ),
    )

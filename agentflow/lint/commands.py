"""What well-known programs do to the world, judged by their arguments."""

import re
from collections.abc import Sequence

#: Programs that run a text of commands, and expand variables in it.
SHELLS = frozenset({"sh", "bash", "dash", "ksh", "zsh", "fish"})
#: SQL that changes something, as the first word of a statement.
_SQL = re.compile(
    r"(?:^|;)\s*(ALTER|CREATE(?!\s+TEMP)|DELETE|DROP|GRANT|INSERT|MERGE|REPLACE|REVOKE|TRUNCATE|UPDATE)\s",
    re.IGNORECASE,
)
_DATABASES = frozenset({"mariadb", "mysql", "psql", "sqlite3"})
#: Programs that do nothing but change something.
_ALWAYS = frozenset({"mailx", "mutt", "rm", "rmdir", "sendmail", "shred", "unlink"})
#: The words after a program that make it change something outside of its own folder.
_DEEDS = {
    "aws": (
        "s3 mb",
        "s3 mv",
        "s3 rb",
        "s3 rm",
        "ses send-email",
        "sns publish",
        "sqs send-message",
    ),
    "cargo": ("publish",),
    "docker": ("push", "rm", "rmi", "volume rm"),
    "gh": (
        *("issue close", "issue comment", "issue create", "issue delete", "issue edit"),
        *("pr close", "pr comment", "pr create", "pr edit", "pr merge", "pr review"),
        *("release create", "release delete", "release edit", "release upload", "repo delete"),
    ),
    "git": ("push",),
    "helm": ("delete", "install", "rollback", "uninstall", "upgrade"),
    "kubectl": (
        *(
            "apply",
            "cordon",
            "create",
            "delete",
            "drain",
            "edit",
            "patch",
            "replace",
            "rollout restart",
        ),
        *("rollout undo", "scale"),
    ),
    "npm": ("publish", "unpublish"),
    "systemctl": ("disable", "enable", "restart", "start", "stop"),
    "terraform": ("apply", "destroy", "import"),
    "twine": ("upload",),
}
_METHOD = re.compile(r"(?:-X|--request=)([A-Za-z]+)")
_SENDS = re.compile(r"(?:-d|-F|--data(?:-ascii|-binary|-raw|-urlencode)?|--form|--json)(?:=.*)?")


def deed(argv: Sequence[str]) -> str | None:
    """The words by which a program is known to change something; None also for a dry run."""
    words = [str(word) for word in argv]
    program, rest = words[0].rpartition("/")[2], words[1:]
    if any(word.startswith("--dry-run") or word in ("--help", "--version") for word in rest):
        return None
    if program in _ALWAYS:
        return program
    if program in _DATABASES:
        found = next(filter(None, map(_SQL.search, rest)), None)
        return found[1].upper() if found is not None else None
    plain = " ".join(word for word in rest if not word.startswith("-"))
    known = next(
        (each for each in _DEEDS.get(program, ()) if f"{plain} ".startswith(f"{each} ")), None
    )
    return f"{program} {known}" if known is not None else None


def request_method(argv: Sequence[str]) -> str | None:
    """The method of the request that `curl` makes; None for another program."""
    words = [str(word) for word in argv]
    if words[0].rpartition("/")[2] != "curl":
        return None
    for index, word in enumerate(words):
        if word in ("-X", "--request"):
            return "".join(words[index + 1 : index + 2]).upper()
        found = _METHOD.fullmatch(word)
        if found is not None:
            return found[1].upper()
    if {"-T", "--upload-file"}.intersection(words):
        return "PUT"
    sends = any(_SENDS.fullmatch(word) for word in words)
    return "POST" if sends and not {"-G", "--get"}.intersection(words) else "GET"

"""Commands that change something, and others that look alike."""

import pytest

from agentflow.lint.commands import deed, request_method


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("git", "push", "origin"), "git push"),
        (("/usr/bin/git", "--no-pager", "push"), "git push"),
        (("git", "push", "--dry-run"), None),
        (("git", "log"), None),
        (("gh", "pr", "merge", "7"), "gh pr merge"),
        (("gh", "pr", "view", "7"), None),
        (("kubectl", "delete", "pod", "a"), "kubectl delete"),
        (("kubectl", "describe", "pod", "delete"), None),
        (("psql", "-c", "delete from orders"), "DELETE"),
        (("psql", "-c", "SELECT 1;\nUPDATE orders SET paid = true"), "UPDATE"),
        (("psql", "-c", "SELECT updated FROM orders"), None),
        (("psql", "-c", "CREATE TEMP TABLE t AS SELECT 1"), None),
        (("sqlite3", "shop.db", "DROP TABLE orders"), "DROP"),
        (("rm", "-rf", "out"), "rm"),
        (("./rm-letter",), None),
        (("./send",), None),
    ],
)
def test_what_a_program_does(command: tuple[str, ...], expected: str | None) -> None:
    assert deed(command) == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("curl", "https://a.example"), "GET"),
        (("curl", "-X", "delete", "https://a.example"), "DELETE"),
        (("curl", "-XPUT", "https://a.example"), "PUT"),
        (("curl", "--request=PATCH", "https://a.example"), "PATCH"),
        (("curl", "-d", "@-", "https://a.example"), "POST"),
        (("curl", "--data-binary", "@-", "-G", "https://a.example"), "GET"),
        (("curl", "-T", "file", "https://a.example"), "PUT"),
        (("wget", "https://a.example"), None),
    ],
)
def test_the_method_of_a_request(command: tuple[str, ...], expected: str | None) -> None:
    assert request_method(command) == expected

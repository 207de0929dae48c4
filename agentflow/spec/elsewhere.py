"""What other tools call the words of our language.

The words of workflow engines, agent frameworks and other formats, each with those that say the same
here; the first that is known where the word stands is meant.
"""

from collections.abc import Collection, Mapping

from agentflow.spec.nearest import nearest

#: Keys, by the words for them.
KEYS: Mapping[str, tuple[str, ...]] = {
    "action_input": ("with",),
    "after": ("needs",),
    "approval": ("human",),
    "approve": ("human",),
    "args": ("with", "argv"),
    "arguments": ("with",),
    "assignee": ("who",),
    "backstory": ("instructions",),
    "branches": ("cases",),
    "cmd": ("argv",),
    "command": ("argv",),
    "concurrency": ("parallel",),
    "condition": ("when", "until"),
    "cost": ("usd",),
    "deadline": ("timeout", "wall", "within"),
    "dependencies": ("needs",),
    "depends": ("needs",),
    "depends_on": ("needs",),
    "desc": ("description",),
    "duration": ("wall", "timeout"),
    "edges": ("steps",),
    "else": ("default",),
    "endpoint": ("url",),
    "expected": ("expect",),
    "for": ("for_each",),
    "foreach": ("for_each",),
    "function": ("call",),
    "goal": ("instructions",),
    "human": ("people",),
    "if": ("when",),
    "in": ("over",),
    "input": ("with", "inputs"),
    "input_schema": ("input", "inputs"),
    "inputs": ("with", "input"),
    "items": ("over",),
    "jobs": ("steps",),
    "limit": ("max",),
    "max_calls": ("calls",),
    "max_concurrency": ("parallel",),
    "max_cost": ("usd",),
    "max_iterations": ("max",),
    "max_retries": ("retry", "max_attempts"),
    "max_tokens": ("max_output_tokens", "tokens"),
    "maximum": ("max",),
    "minimum": ("min",),
    "mocks": ("answers",),
    "needs_approval": ("human",),
    "nodes": ("steps",),
    "on_error": ("catch",),
    "on_failure": ("catch",),
    "output_schema": ("output",),
    "outputs": ("output",),
    "parameters": ("with", "inputs"),
    "params": ("with",),
    "person": ("human",),
    "question": ("ask",),
    "response_format": ("output",),
    "result": ("outputs", "output"),
    "results": ("outputs", "output"),
    "retries": ("retry", "max_attempts"),
    "retry": ("retries",),
    "role": ("instructions",),
    "run": ("argv",),
    "script": ("argv",),
    "secret": ("signing_secret",),
    "stages": ("steps",),
    "states": ("steps",),
    "system": ("instructions",),
    "system_message": ("instructions",),
    "system_prompt": ("instructions",),
    "tasks": ("steps",),
    "time": ("wall",),
    "timeout": ("within", "wall"),
    "timeout_seconds": ("timeout",),
    "to": ("who",),
    "tries": ("max_attempts",),
    "type": ("kind",),
    "uses": ("agent",),
    "var": ("as",),
    "variables": ("inputs",),
    "version": ("agentflow",),
    "walltime": ("wall",),
    "while": ("until",),
    "workers": ("agents",),
    "workflow": ("steps",),
}
#: Words that stand as values, and classes of failures, by the words for them.
WORDS: Mapping[str, tuple[str, ...]] = {
    "429": ("rate_limited",),
    "500": ("server_error",),
    "502": ("server_error",),
    "503": ("server_error",),
    "504": ("server_error",),
    "5xx": ("server_error",),
    "abort": ("fail",),
    "all": ("any",),
    "anthropic": ("llm",),
    "api": ("http",),
    "bash": ("command",),
    "bool": ("boolean",),
    "chat": ("llm",),
    "cmd": ("command",),
    "continue": ("skip",),
    "default": ("any",),
    "destructive": ("irreversible",),
    "dict": ("object",),
    "double": ("number",),
    "error": ("fail", "any"),
    "exception": ("any",),
    "exec": ("command",),
    "float": ("number",),
    "function": ("python",),
    "http_429": ("rate_limited",),
    "http_500": ("server_error",),
    "http_502": ("server_error",),
    "http_503": ("server_error",),
    "http_504": ("server_error",),
    "http_5xx": ("server_error",),
    "ignore": ("skip",),
    "int": ("integer",),
    "internal_error": ("server_error",),
    "invalid": ("invalid_output",),
    "list": ("array",),
    "map": ("object",),
    "model": ("llm",),
    "mutating": ("write",),
    "nil": ("null",),
    "none": ("null",),
    "openai": ("llm",),
    "parse_error": ("invalid_output",),
    "pass": ("skip",),
    "process": ("command",),
    "pure": ("none",),
    "py": ("python",),
    "raise": ("fail",),
    "readonly": ("read",),
    "rest": ("http",),
    "schema_error": ("invalid_output",),
    "shell": ("command",),
    "side_effect": ("write",),
    "side_effects": ("write",),
    "stop": ("fail",),
    "str": ("string",),
    "subprocess": ("command",),
    "terminal": ("console",),
    "text": ("string",),
    "throttled": ("rate_limited",),
    "timed_out": ("timeout",),
    "too_many_requests": ("rate_limited",),
    "unhandled": ("any",),
    "validation_error": ("invalid_output",),
}


def likely(word: str, known: Collection[str]) -> str | None:
    """The known name that an unknown one has to be meant for: a near one, or what others call by it."""
    return nearest(word, known) or called_here(word, known)


def called_here(word: str, known: Collection[str]) -> str | None:
    """The one of the known names that says what `word` says in other tools; None if none does."""
    return next((name for name in _BY_LETTERS.get(_letters(word), ()) if name in known), None)


def _letters(word: str) -> str:
    """A word without what joins its parts: `dependsOn`, `depends-on` and `depends_on` are the same."""
    return "".join(filter(str.isalnum, word)).lower()


_BY_LETTERS = {
    _letters(word): (*KEYS.get(word, ()), *WORDS.get(word, ())) for word in (*KEYS, *WORDS)
}

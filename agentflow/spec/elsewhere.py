"""What other tools call the keys of our language.

The words of workflow engines and agent frameworks, each with the keys that say the same here; the
first that stands where the word stands is meant.
"""

from collections.abc import Collection, Mapping

HERE: Mapping[str, tuple[str, ...]] = {
    "action_input": ("with",),
    "after": ("needs",),
    "arguments": ("with",),
    "args": ("with", "argv"),
    "backstory": ("instructions",),
    "branches": ("cases",),
    "cmd": ("argv",),
    "condition": ("when", "until"),
    "dependencies": ("needs",),
    "depends_on": ("needs",),
    "dependsOn": ("needs",),
    "edges": ("steps",),
    "endpoint": ("url",),
    "for": ("for_each",),
    "foreach": ("for_each",),
    "goal": ("instructions",),
    "if": ("when",),
    "input": ("with", "inputs"),
    "input_schema": ("input", "inputs"),
    "inputs": ("with", "input"),
    "jobs": ("steps",),
    "max_iterations": ("max",),
    "max_retries": ("retry",),
    "needs_approval": ("human",),
    "nodes": ("steps",),
    "on_error": ("catch",),
    "on_failure": ("catch",),
    "output_schema": ("output",),
    "outputs": ("output",),
    "parameters": ("with", "inputs"),
    "params": ("with",),
    "response_format": ("output",),
    "retries": ("retry",),
    "role": ("instructions",),
    "run": ("argv",),
    "script": ("argv",),
    "stages": ("steps",),
    "states": ("steps",),
    "system": ("instructions",),
    "system_message": ("instructions",),
    "system_prompt": ("instructions",),
    "tasks": ("steps",),
    "timeout_seconds": ("timeout",),
    "type": ("kind",),
    "uses": ("agent",),
    "variables": ("inputs",),
    "version": ("agentflow",),
    "while": ("until",),
    "workflow": ("steps",),
}


def called_here(word: str, keys: Collection[str]) -> str | None:
    """The key, one of `keys`, that says what `word` says in other tools; None if none does."""
    return next((key for key in HERE.get(word, ()) if key in keys), None)

"""The expression language, a subset of CEL: tokens, tree, references, values, evaluation.

`agentflow.spec.expressions` parses, `agentflow.spec.cel.evaluate` evaluates, and
`agentflow.spec.templates` finds expressions in strings.
"""

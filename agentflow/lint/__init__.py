"""What is wrong with a spec, found before any run: a map of the modules here.

A finding comes about in `rules`, one module a rule, each with its page as its docstring. The
modules here are what rules share: before you write a helper, look whether there is one.

How rules are run, and what becomes of findings: `linter` runs them, `rule` has what they see

    linter · rule · pages · configuration · selection · suppressions · settling · mending

Which conditions hold, where, and together with which others

    conditions · known · guards · constant_conditions · verdicts · comparisons · ranges · bands ·
    choices · coverage · passages · taken_cases · first_rounds · last_rounds · foregone

Values: where they come from, where they lead, and what may be wrong with them on the way

    traces · origins · handoffs · receivers · operands · mixed_types · doubts · doubted ·
    macro_variables · zipped · schemas · written · plain_references · loops

What comes before what, what may be at work at once, and how much it may take

    order · concurrency · times · budgets · planned · policies · fits

Effects, the people and checks that stand before them, and what follows from their answers

    deeds · amends · commands · keys · gates · checkpoints · answers · beforehand ·
    fixed_values ·
    unseen_amounts · stand_ins · consequences · words_of_consent · escalations · drills

Models and their tools: what they are told, what they are given

    chats · prompts · agent_texts · texts · tools · tool_words · asked_names ·
    asked_amounts

Names, words and forms of texts: of agents and models, of what is claimed, of secrets, of patterns

    names · slips · named · claims · stems · credentials · backtracking
"""

"""Specs that nobody would write, and what holds for each of them.

    corpus      the specs of this project, to begin with
    grammar     the strategies: specs that are bent, drawn from our schema, or sound
    properties  what holds for every text
    hunting     looks for texts for which it does not, until the time is over
    test_fuzz   a few of them, the same in every run

`sh scripts/fuzz SECONDS` looks for new ones.
"""

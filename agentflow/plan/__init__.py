"""The plan of a pipeline, and what is known of its runs before any: a map of the modules here.

The plan itself, which `build` makes of a pipeline and `steps` describes

    build · steps · repeats · contracts · uses · parts · scopes · reading · materials · scripts ·
    scripted_tests · library · contract_places · address · cases · patterns · graph · inputs

Who works, who asks and who is asked

    calls · failures · fallbacks · backoff · planners · worker_inputs · servers · tools ·
    definitions · escalations · unknown_effects · people · channels · approvals

Chat models: how they are given a contract, and how large a call gets

    chats · providers · windows · dialects · enforced_schemas · enforcement · prompts · prompt_data

What values look like: `shapes`, or as JSON Schema `types`; `handoffs` compares that with contracts

    shapes · shape_kinds · types · schemas · fields · operator_types · value_kinds · tasks ·
    loop_states · resolution · narrowing · limits · numbers · lengths · list_lengths · growth ·
    handoffs · handoff_sides · handoff_words

How much a run comes to: `bounds` at most, `lower_bounds` at least; `overview` is for people

    bounds · lower_bounds · overview · amounts · costs · factors · requests · charges · budgets ·
    critical_path · concurrency
"""

from __future__ import annotations

from kinesec.poisoning.prediction.strategy import parse_strategy, pictured, stealth_names, strategy_names


def test_strategies_are_every_combination_and_their_names_can_be_taken_apart() -> None:
    grid = {"trigger": ["rigid"], "target": ["jammed"], "selection": ["random", "all"], "ratio": [0.1, 1, 1e-5]}
    names = strategy_names({"strategies": grid})
    assert names[:3] == ["rigid-jammed-random-0.1", "rigid-jammed-random-1", "rigid-jammed-random-0.00001"]
    assert len(names) == len(set(names)) == 6
    for name in names:
        assert float(name.split("-")[3]) in (0.1, 1, 1e-5)
    assert strategy_names({}) == []


def test_a_strategy_is_told_from_its_name() -> None:
    grid = {
        "trigger": ["rigid", "soft"],
        "target": ["moving"],
        "selection": ["natural"],
        "level": ["window", "sequence"],
        "ratio": [0.02, 1],
    }
    names = strategy_names({"strategies": grid})
    assert len(set(names)) == 8
    assert "soft-moving-natural-sequence-0.02" in names
    for name in names:
        parts = parse_strategy(name)
        chosen = "-".join(f"{value}" for value in parts.values() if value != "window")
        assert chosen.removesuffix(".0") == name


def test_selections_for_stealth_alone_are_added_once() -> None:
    grid = {"trigger": ["rigid"], "target": ["jammed"], "selection": ["random"], "ratio": [0.1]}
    prediction = {"strategies": grid, "stealth_only": {"selection": ["natural", "random"]}}
    assert stealth_names(prediction) == ["rigid-jammed-random-0.1", "rigid-jammed-natural-0.1"]
    assert stealth_names({"strategies": grid}) == ["rigid-jammed-random-0.1"]
    assert stealth_names({"stealth_only": {}}) == []


def test_pictures_show_the_first_of_each_trigger_and_target_at_its_largest_ratio() -> None:
    grid = {"trigger": ["rigid", "soft"], "target": ["jammed"], "selection": ["random", "worst"], "ratio": [0.1, 0.2]}
    assert pictured({"strategies": grid}) == ["rigid-jammed-random-0.2", "soft-jammed-random-0.2"]
    assert pictured({}) == []

from __future__ import annotations

from collections import Counter
from typing import Any

from kinesec.plan.figures import MOST_WITH_CONTROL
from kinesec.plan.run import Plan, plan
from kinesec.plots import transfer_matrix


def test_a_run_draws_what_it_has_something_to_show_in(whole: Plan, empty: Plan) -> None:
    kinds = Counter(figure.name.split("-")[0] for figure in whole.figures)
    assert kinds == {
        **dict.fromkeys(["horizons", "ratio", "near_misses", "stealth", "filmstrip", "animation"], 4),
        **dict.fromkeys(["roc", "fine_tuning", "trigger_strength"], 2),
        **{"attack_curves": 4, "transfer_matrix": 1},
        **dict.fromkeys(["confusion", "joint_displacement", "displacement_correlation"], 3),
        **dict.fromkeys(["attack_filmstrip", "attack_animation"], 3),
        **dict.fromkeys(["queries", "blackbox_filmstrip", "blackbox_animation"], 2),
    }
    assert empty.figures == ()


def test_figures_of_hard_label_attacks_name_those_alone(whole: Plan) -> None:
    captions = {figure.name: figure.caption for figure in whole.figures_of_blackbox}
    assert set(captions) == {
        *(f"queries-{data}-c24" for data in "ab"),
        *(f"blackbox_{kind}-{data}-one" for kind in ("filmstrip", "animation") for data in "ab"),
    }
    assert "by their labels alone (basar)" in captions["blackbox_filmstrip-a-one"]
    assert not set(captions) & {figure.name for figure in whole.figures_of_recognition}


def test_every_figure_has_its_own_files_and_a_caption(whole: Plan) -> None:
    files = whole.figure_files(whole.figures)
    assert len(set(files)) == len(files)
    assert set(whole.captions()) == {figure.name for figure in whole.figures}
    assert all(caption.endswith(".") for caption in whole.captions().values())
    assert set(whole.figure("roc-a-mlp", "pdf", "svg", "png").values()) <= set(files)


def test_a_transfer_matrix_promises_controls_where_it_has_them(config: dict[str, Any]) -> None:
    recognizers = config["recognition"]["recognizers"]
    recognizers |= {f"more{place}": recognizers["one"] for place in range(MOST_WITH_CONTROL - 2)}
    name = "transfer_matrix-a-c24"
    assert "control" in plan(config, {}).captions()[name]
    recognizers["last"] = recognizers["one"]
    assert "control" not in plan(config, {}).captions()[name]
    assert transfer_matrix.MOST_WITH_CONTROL == MOST_WITH_CONTROL

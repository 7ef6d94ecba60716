from __future__ import annotations

from collections import Counter

from kinesec.plan.run import Plan


def test_a_run_draws_what_it_has_something_to_show_in(whole: Plan, empty: Plan) -> None:
    kinds = Counter(figure.name.split("-")[0] for figure in whole.figures)
    assert kinds == {
        **dict.fromkeys(["horizons", "ratio", "near_misses", "stealth", "filmstrip", "animation"], 4),
        **dict.fromkeys(["roc", "fine_tuning"], 2),
        **{"attack_curves": 2, "transfer_matrix": 1},
        **dict.fromkeys(["confusion", "joint_displacement", "displacement_correlation"], 3),
        **dict.fromkeys(["attack_filmstrip", "attack_animation"], 3),
    }
    assert empty.figures == ()


def test_every_figure_has_its_own_files_and_a_caption(whole: Plan) -> None:
    files = whole.figure_files(whole.figures)
    assert len(set(files)) == len(files)
    assert set(whole.captions()) == {figure.name for figure in whole.figures}
    assert all(caption.endswith(".") for caption in whole.captions().values())
    assert set(whole.figure("roc-a-mlp", "pdf", "svg", "png").values()) <= set(files)

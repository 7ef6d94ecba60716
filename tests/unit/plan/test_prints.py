from __future__ import annotations

from kinesec.plan import prints
from kinesec.plan.run import Plan


def test_each_table_that_a_paper_prints_has_latex_beside_its_csv(whole: Plan) -> None:
    made = prints.latex(whole)
    assert {"prediction_backdoor", "recognition_attacks", "blackbox"} <= set(made)
    assert "attack_curves" not in made  # a figure's
    csv = {path.removesuffix(".csv") for path in whole.tables()}
    assert {path.removesuffix(".tex") for path in made.values()} <= csv


def test_each_animation_has_two_films_and_nothing_else_has(whole: Plan) -> None:
    moving = [path for path in whole.figure_files(whole.figures) if path.endswith(".webp")]
    assert moving
    films = prints.films(whole)
    assert films == [path.replace(".webp", f".{kind}") for path in moving for kind in ("mp4", "gif")]


def test_what_is_on_demand_is_no_part_of_the_run(whole: Plan) -> None:
    assert not set(prints.films(whole)) & set(whole.figure_files(whole.figures))

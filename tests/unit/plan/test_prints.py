from __future__ import annotations

from kinesec.plan import prints
from kinesec.plan.run import Plan


def test_each_table_that_a_paper_prints_has_latex_beside_the_page(whole: Plan) -> None:
    made = prints.latex(whole)
    assert {"prediction_backdoor", "recognition_attacks", "blackbox"} <= set(made)
    assert "attack_curves" not in made  # a figure's
    tables = {path.rpartition("/")[2].removesuffix(".csv") for path in whole.tables()}
    assert set(made) <= tables
    assert set(made.values()) == {f"{whole.folder}/report/{name}.tex" for name in made}


def test_each_animation_has_two_films_and_nothing_else_has(whole: Plan) -> None:
    moving = [path for path in whole.figure_files(whole.figures) if path.endswith(".webp")]
    assert moving
    films = prints.films(whole)
    assert films == [path.replace(".webp", f".{kind}") for path in moving for kind in ("mp4", "gif")]


def test_what_is_on_demand_is_no_part_of_the_run(whole: Plan) -> None:
    assert not set(prints.films(whole)) & set(whole.figure_files(whole.figures))

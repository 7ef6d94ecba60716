"""What a run prints for papers and talks: tables as LaTeX, which the report writes, and films, on demand."""

from __future__ import annotations

from kinesec.plan.figures import MOVING
from kinesec.plan.run import Plan

# the tables that a paper prints; report.latex_tables says what of each
PRINTED = (
    *("prediction_backdoor", "prediction_defences", "trigger_strength"),
    *("recognition_accuracy", "recognition_attacks", "transfer"),
    *("smart_table_1", "smart_table_2", "smart_table_3", "smart_table_4"),
    *("blackbox", "robustness", "robustness_pairs", "certificates"),
    *("backdoor_recognition", "detection", "backdoor_repairs"),
)
FILMS = ("mp4", "gif")


def latex(plan: Plan) -> dict[str, str]:
    """The LaTeX file of each table of the run that a paper prints, by the table's name.

    They stand beside the page, which the same job makes: its certificate is found in its outputs' folder.
    """
    return {name: f"{plan.folder}/report/{name}.tex" for name in plan.table_names if name in PRINTED}


def films(plan: Plan) -> list[str]:
    """The films of the run's animations."""
    moving = [figure.name for figure in plan.figures if figure.suffixes == MOVING]
    return [f"{plan.folder}/figures/{name}.{suffix}" for name in moving for suffix in FILMS]

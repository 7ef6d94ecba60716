"""A figure on the page: its size, its files, the tables that it draws and the command that makes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from kinesec.errors import KinesecError
from kinesec.report.figures import SYSTEMS, TABLES, by_system, size
from kinesec.report.policy import policy

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("sides", "wanted"),
    [('width="432pt" height="216pt"', (576, 288)), ('width="96" height="1in"', (96, 96)), ("", (0, 0))],
)
def test_the_size_of_a_drawing_is_that_on_a_screen(tmp_path: Path, sides: str, wanted: tuple[int, int]) -> None:
    path = tmp_path / "a.svg"
    path.write_text(f"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg' {sides} viewBox='0 0 9 9'/>")
    assert size(path) == wanted


def test_the_size_of_a_bitmap_is_its_own_and_a_broken_one_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "a.webp")
    assert size(tmp_path / "a.webp") == (30, 20)
    (tmp_path / "b.webp").write_bytes(b"RIFF")
    with pytest.raises(KinesecError, match=r"b\.webp: found no picture .* draw it again"):
        size(tmp_path / "b.webp")


def test_figures_stand_by_system_with_their_data_and_their_command(tmp_path: Path) -> None:
    names = ("animation-d-p-a", "horizons-d-p", "filmstrip-d-p-a", "queries-d-c", "by_action")
    figures: dict[str, tuple[str | Path, str]] = {}
    for name in names:
        path = tmp_path / "figures" / f"{name}.svg"
        path.parent.mkdir(exist_ok=True)
        path.write_text("<svg/>")
        figures[name] = (path, name)
    tables = {"prediction_backdoor": tmp_path / "tables" / "prediction_backdoor.csv"}
    made = by_system(figures, tmp_path / "report" / "index.html", tables, "real")
    assert [figure.kind for figure in made["prediction"]] == ["horizons", "animation", "filmstrip"]
    assert [figure.kind for figure in made["blackbox"]] == ["queries"]
    assert [figure.kind for figure in made["more"]] == ["by_action"]
    first = made["prediction"][0]
    assert first.files == [
        ("SVG", "../figures/horizons-d-p.svg"),
        ("CSV: prediction_backdoor", "../tables/prediction_backdoor.csv"),
    ]
    assert first.command == (
        "snakemake --configfile results/artifacts/real/workflow/configuration.yaml --cores 1 -- "
        "results/artifacts/real/figures/horizons-d-p.svg"
    )


def test_every_kind_of_figure_has_a_system_and_the_tables_that_its_rule_reads() -> None:
    drawn = {}
    for file in ("prediction", "recognition", "robustness", "backdoor"):
        rules = (ROOT / f"workflow/rules/figures_{file}.smk").read_text()
        for rule in re.split(r"^rule figure_", rules, flags=re.MULTILINE)[1:]:
            name = rule.partition(":")[0]
            drawn[name] = tuple(re.findall(r"/tables/(\w+)\.csv", rule))
    kinds = {name for name in drawn if "attack_" not in name or name in SYSTEMS}
    assert kinds <= set(SYSTEMS)
    assert {name: tables for name, tables in drawn.items() if tables} == TABLES


def test_a_policy_allows_each_script_by_its_text_and_none_that_ends_its_element() -> None:
    assert "script-src 'none';" in policy([])
    one, two = policy(["a"]), policy(["a", "b"])
    assert one.count("'sha256-") == 1
    assert two.count("'sha256-") == 2
    assert "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=" in one  # sha256 of "a"
    for script in ("'</SCRIPT>'", "'<!--'"):
        with pytest.raises(KinesecError, match="split the string"):
            policy([script])

"""The job that joins evaluations of defended recognizers into tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kinesec.errors import KinesecError
from kinesec.jobs.table_robustness import TABLES, write_all
from kinesec.tables.robustness import FIRST


def evaluated(folder: Path, training: str, success: bool, seed: int = 0) -> dict[str, Path]:
    """The files of one recognizer: two attacks, one of them far away, and a transfer."""
    named = {"dataset": "d", "clips": "c", "recognizer": "st_gcn_s", "training": training, "seed": seed}
    files = {name: folder / f"{training}.{name}.{seed}" for name in ("accuracy", "accuracy_records", "rows", "records")}
    pd.DataFrame([{**named, "split": "test", "n": 4, "accuracy_percent": 75.0}]).to_csv(files["accuracy"], index=False)
    splits = ["val", "test", "test", "test", "test"]
    right = [False, True, True, True, False]
    takes = [f"t{place}" for place in range(5)]
    pd.DataFrame({"split": splits, "correct": right, "take": takes}).to_parquet(files["accuracy_records"])
    of_attack = {"preset": "paper", "strategy": "AB", "settings": '{"iterations": 20}'}
    rows: list[dict[str, Any]] = [
        {**named, "attack": attack, "attack_module": attack, "surrogate": "", **of_attack}
        for attack in ("pgd", "basar")
    ]
    moved = {"attack": "pgd", "attack_module": "pgd", "surrogate": "sgn_s", "n": 3, "takes": 3, "control_percent": 0.0}
    rows.append({**named, **of_attack, **moved, "success_percent": 0.0, "low_percent": 0.0, "high_percent": 0.0})
    pd.DataFrame(rows).to_csv(files["rows"], index=False)
    parts = [
        pd.DataFrame(
            {
                **{"row": [0, 1, 2], "take": ["t1", "t2", "t3"], "right": True, "attack": attack, "success": won},
                **{"control_success": False, "l_mm": far, "iterations": 3, "queries": 4, "first_success": first},
            }
        )
        for attack, won, far, first in (("pgd", success, 10.0, 3), ("basar", True, 900.0, None))
    ]
    pd.concat(parts).to_parquet(files["records"])
    return files


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    models = [evaluated(tmp_path, "clean", True), evaluated(tmp_path, "beat", False)]
    defences = {"beat": {"defence": "beat", "preset": "paper", "settings": {"members": 5}}}
    return {
        **{name: [files[name] for files in models] for name in models[0]},
        **{"certificates": [], "defences": defences, "judged": {"basar": {"unbounded": False, "within_mm": 500}}},
    }


def test_the_tables_hold_every_attack_on_every_recognizer(given: dict[str, Any], tmp_path: Path) -> None:
    out = {name: tmp_path / f"{name}.csv" for name in ("robustness", "robustness_curves", "robustness_pairs")}
    write_all(**given, out=out)
    table = pd.read_csv(out["robustness"], keep_default_na=False).set_index(["defence", "attack"])
    assert list(table.index) == [
        *[(name, attack) for name in ("clean", "beat") for attack in ("pgd", "basar")],
        *[(name, "pgd from sgn_s") for name in ("clean", "beat")],
    ]
    assert table.loc[("clean", "pgd"), "robust_accuracy_percent"] == 0
    assert table.loc[("beat", "pgd"), "robust_accuracy_percent"] == 75
    assert table.loc[("clean", "basar"), "success_percent"] == 0  # 900 mm away
    assert table.loc[("beat", "pgd"), "defence_settings"] == '{"members": 5}'
    curves = pd.read_csv(out["robustness_curves"])
    assert set(curves["budget"]) == {5, 10, 20}
    assert set(curves["attack"]) == {"pgd"}  # another sees labels alone
    pairs = pd.read_csv(out["robustness_pairs"])
    (less,) = pairs[(pairs["defence"] == "beat") & (pairs["attack"] == "pgd")]["less_percent"]
    assert less == 100


def test_a_table_that_there_is_none_of_is_one_line(given: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(KinesecError, match="robustness tables: found 'other', expected one of robustness, "):
        write_all(**given, out={"other": tmp_path / "other.csv"})


def certificate(folder: Path, seed: int, radius: float) -> Path:
    row = {"dataset": "d", "clips": "c", "recognizer": "st_gcn_s", "defence": "smoothing", "seed": seed}
    row |= {"space": "positions", "unit": "normalised", "sigma": 0.25, "alpha": 0.001, "draws": 100, "take": "t1"}
    row |= {"predicted": 1, "right": True, "radius": radius, "radius_mm": 500 * radius, "searched": True}
    pd.DataFrame([{**row, "broken": False}]).to_csv(folder / f"certificates{seed}.csv", index=False)
    return folder / f"certificates{seed}.csv"


def test_tables_have_rows_over_seeds(given: dict[str, Any], tmp_path: Path) -> None:
    second = [evaluated(tmp_path, "clean", False, 1), evaluated(tmp_path, "beat", False, 1)]
    for name, paths in given.items():
        if name in second[0]:
            paths.extend(files[name] for files in second)
    given["certificates"] = [certificate(tmp_path, seed, radius) for seed, radius in ((0, 0.1), (1, 0.3))]
    out = {name: tmp_path / f"{name}.csv" for name in TABLES}
    write_all(**given, out=out)
    made = {name: pd.read_csv(path, dtype={"seed": str}) for name, path in out.items()}
    for name, table in made.items():
        assert (table["seed"] == "all").sum() == len(table) / 3, name
    table = made["robustness"].set_index(["seed", "defence", "attack"])
    assert table.loc[("all", "clean", "pgd"), "robust_accuracy_percent"] == 37.5
    assert table.loc[("all", "clean", "pgd"), "n"] == 3
    assert tuple(made["robustness"].columns[: len(FIRST)]) == FIRST
    certified = made["certificates"].set_index(["seed", "radius"])["certified_percent"]
    assert (certified["0", 0.25], certified["1", 0.25], certified["all", 0.25]) == (0, 100, 50)


def test_flags_and_bounds_stand_in_the_table(given: dict[str, Any], tmp_path: Path) -> None:
    given["judged"] = {"pgd": {"unbounded": True, "within_mm": None}}
    write_all(**given, out={"robustness": tmp_path / "robustness.csv"})
    table = pd.read_csv(tmp_path / "robustness.csv", keep_default_na=False).set_index(["defence", "attack"])
    assert table.loc[("clean", "pgd"), "flag"] == ""
    assert table.loc[("beat", "pgd"), "flag"] == "unbounded attack fails"
    assert table.loc[("beat", "basar"), "success_percent"] == 100  # however far
    assert str(table.loc[("beat", "pgd"), "unbounded"]) == "True"


def test_a_recognizer_that_no_attack_is_tried_on_has_no_row(given: dict[str, Any], tmp_path: Path) -> None:
    files = evaluated(tmp_path, "trades", True)
    pd.DataFrame(columns=["attack", "surrogate"]).to_csv(files["rows"], index=False)
    for name, path in files.items():
        given[name].append(path)
    write_all(**given, out={"robustness": tmp_path / "robustness.csv"})
    assert set(pd.read_csv(tmp_path / "robustness.csv")["defence"]) == {"clean", "beat"}


@pytest.mark.parametrize("name", ["robustness", "robustness_pairs", "certificates"])
def test_a_table_without_a_row_is_one_line(name: str, given: dict[str, Any], tmp_path: Path) -> None:
    nothing: dict[str, list[Path]] = {
        key: [] for key in ("accuracy", "accuracy_records", "rows", "records", "certificates")
    }
    with pytest.raises(KinesecError, match=f"^{name}: found no row, expected those of one job or more"):
        write_all(**{**given, **nothing}, out={name: tmp_path / "table.csv"})
    assert not (tmp_path / "table.csv").exists()

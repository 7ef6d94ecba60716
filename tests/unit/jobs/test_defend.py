from __future__ import annotations

from pathlib import Path
from typing import Any

import defended
import numpy as np
import pandas as pd
import pytest

from kinesec import names
from kinesec.defences.base import Detection, Repair
from kinesec.defences.cases.prediction import Case
from kinesec.errors import ConfigError, KinesecError
from kinesec.jobs.defend import defend, defend_prediction
from kinesec.metrics.detection import auc, tpr_at
from kinesec.metrics.intervals import Sample
from kinesec.models.predictors.base import PREDICTORS, Shape
from kinesec.plan.defences import kind
from kinesec.plan.prediction_names import check_prediction
from kinesec.plots import fine_tuning, roc
from kinesec.report.format import number
from kinesec.report.pages import defences
from kinesec.tables import defences as _table

CHEAP: dict[str, dict[str, Any]] = {
    "fine_tuning": {"shares": [0.1, 0.2], "rates": ["final", 1.0], "epochs": 2},
    "fine_pruning": {"shares": [0.0, 0.5]},
    "activation_clustering": {},
    "spectral_signatures": {},
    "loss_isolation": {},
    "trigger_inversion": {"windows": 8, "steps": 2},
    "strip": {"others": 3},
    "sanitise_energy": {},
    "sanitise_duplicates": {},
    "timeguard": {"backwards": 1, "warm_up": 1, "epochs": 1, "first": 0.5, "k": 5, "cached": 5},
}
STRATEGY = {"trigger": "rigid", "target": "jammed", "selection": "random", "level": "window", "ratio": 0.2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("defended")


@pytest.fixture(scope="module")
def case(folder: Path) -> Case:
    made = defended.case(folder, epochs=2, **defended.SETTINGS)
    for name, model in made.models.items():
        PREDICTORS.save(folder / f"{name}.safetensors", model, dict(made.description))
    return made


def job(folder: Path, case: Case, name: str, out: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    defend_prediction(
        windows_path=folder / "w.zarr",
        poison_path=folder / "jammed-replace",
        model_paths={model: folder / f"{model}.safetensors" for model in ("victim", "clean")},
        strategy={**STRATEGY, "limb": "left_arm", "wrong_limb": "right_arm"},
        defence={"defence": name, "settings": CHEAP[name]},
        sampling="all",
        sampling_range={},
        identity={"data": "toy", "protocol": "p", "predictor": "ltd", "defence": "mine", "seed": "0"},
        records_path=out / "records.parquet",
        table_path=out / "table.csv",
    )
    return pd.read_parquet(out / "records.parquet"), pd.read_csv(out / "table.csv")


def test_every_defence_is_tried() -> None:
    package = "defences.backdoor"
    of_prediction = [
        name for name in names.available(package) if "prediction" in names.constant(package, name, "TASKS")
    ]
    assert sorted(CHEAP) == of_prediction
    assert {kind(name) for name in CHEAP} == {"detection", "repair", "inversion"}


@pytest.mark.parametrize("name", CHEAP)
def test_a_job_of_every_defence(folder: Path, case: Case, tmp_path: Path, name: str) -> None:
    records, table = job(folder, case, name, tmp_path)
    assert tuple(table.columns) == _table.PREDICTION_DEFENCES
    assert tuple(records.columns) == _table.RECORD
    assert set(table["defence"]) == {"mine"}
    assert set(table["module"]) == {name}
    for key, value in STRATEGY.items():
        assert set(table[key]) == {value}
    of = kind(name)
    if of == "repair":  # what a repair besides tells of windows and pools
        table = table[table["unit"] == "mm"]
        records = records[records["metric"] != "score"]
    if of == "detection":
        for row in table[table["metric"] == "AUC"].itertuples():
            for model, suffix in (("victim", ""), ("clean", "_null")):
                rows = records[(records["setting"] == row.setting) & (records["model"] == model)]
                score, marked = rows["value"].to_numpy(), rows["marked"].to_numpy(bool)
                assert getattr(row, f"detector_auc{suffix}") == pytest.approx(auc(score, marked)[0], rel=1e-4)
                assert getattr(row, f"tpr_at_5_fpr{suffix}") == pytest.approx(tpr_at(score, marked)[1], rel=1e-4)
                assert marked.sum() == row.n_marked
    elif of == "repair":
        assert {(m, w) for m, w in table[["metric", "windows"]].values} == {("CDE", "clean"), ("BDE", "triggered")}
        assert set(table["model"]) == {"victim", "clean"}
        assert (table["low"] <= table["value"]).all()
        assert (table["value"] <= table["high"]).all()
        assert table["n"].unique().tolist() == [len(case.test)]
        key = ["setting", "model", "windows", "share", "rate", "epoch"]
        windows = records.assign(action=case.test.action[case.test.sequence_index][records["window"]])
        actions = windows.groupby([*key, "action"])["value"].mean().groupby(key).mean()
        expected = table.set_index(key)["value"].sort_index()
        assert expected.to_numpy() == pytest.approx(actions.sort_index().to_numpy(), rel=1e-4)
        bde = table[table["metric"] == "BDE"].set_index("model")
        untouched = {model: case.errors(case.models[model])["triggered"] for model in ("victim", "clean")}
        by_action = pd.DataFrame(untouched).groupby(case.test.action[case.test.sequence_index]).mean().mean()
        gap = (bde.loc["victim", "value"] - by_action["victim"]) / (by_action["clean"] - by_action["victim"])
        assert bde.loc["victim", "gap_repaired"].to_numpy() == pytest.approx(gap.to_numpy(), abs=1e-3)
        assert bde.loc["clean", "gap_repaired"].isna().all()
        assert table.loc[table["metric"] == "CDE", "gap_repaired"].isna().all()
    else:
        assert {"objective_left", "anomaly_index", "anomaly_index_log"} == set(table["metric"])
        assert set(table["part"]) == {"left_arm", "right_arm", "left_leg", "right_leg"}
        whole = records.set_index(["model", "part", "step"])["value"]
        left = table[table["metric"] == "objective_left"].set_index(["model", "part", "step"])["value"]
        assert len(left) == 2 * 4 * 3
        assert left.to_numpy() == pytest.approx(whole[left.index].to_numpy(), rel=1e-4)


def test_the_same_job_writes_the_same_bytes(folder: Path, case: Case, tmp_path: Path) -> None:
    for name in ("first", "again"):
        job(folder, case, "fine_tuning", tmp_path / name)
    for file in ("records.parquet", "table.csv"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_the_share_of_a_gap_is_0_at_the_victim_and_1_at_the_clean_model() -> None:
    rng = np.random.default_rng(0)
    sample = Sample(np.repeat(["a", "b"], [30, 10]), np.arange(40), np.zeros(40, int), 35)
    victim, clean = rng.gamma(4, 2, 40), 30 + rng.gamma(4, 2, 40)

    def row(after: np.ndarray, clean: np.ndarray = clean) -> pd.Series:
        outcome = Repair("s", "victim", {"clean": np.ones(40), "triggered": after}, epoch=1)
        untouched = {"victim": victim, "clean": clean}
        table = _table.prediction_defences([outcome], {}, sample=sample, sources={}, future=25, untouched=untouched)
        return table[table["metric"] == "BDE"].iloc[0]

    for share in (0.0, 0.4, 1.0, -0.5):
        closed = row((1 - share) * victim + share * clean)
        ends = closed[["gap_repaired", "gap_repaired_low", "gap_repaired_high"]].to_numpy(float)
        assert ends == pytest.approx(np.full(3, share), abs=1e-9)
        assert closed["n_effective"] <= closed["n"] == 40
    after = victim + rng.gamma(4, 2, 40)
    closed = row(after)
    gain, gap = ((values[:30].mean() + values[30:].mean()) / 2 for values in (after - victim, clean - victim))
    assert closed["gap_repaired"] == pytest.approx(gain / gap)
    assert closed["gap_repaired_low"] < closed["gap_repaired"] < closed["gap_repaired_high"]
    assert np.isnan(row(after, victim)["gap_repaired"])


def test_the_report_tells_before_from_after(folder: Path, case: Case, tmp_path: Path) -> None:
    names_of = ("fine_tuning", "sanitise_energy", "trigger_inversion")
    table = pd.concat([job(folder, case, name, tmp_path)[1] for name in names_of])
    table.to_csv(tmp_path / "table.csv", index=False)
    read = pd.read_csv(tmp_path / "table.csv")
    report = defences.detectors(read)
    energy = report[report["what"].str.contains("floor")].iloc[0]
    assert float(energy["detector_auc"].partition(" ")[0]) > 0.95 > float(energy["detector_auc_null"])
    for _, row in defences.repairs(read).iterrows():
        setting = row["what"].partition(": ")[2]
        of = table[(table["setting"] == setting) & (table["model"] == "victim") & (table["metric"] == "BDE")]
        assert row["BDE_victim_before"] == number(of.loc[of["epoch"] == 0, "value"].item())
        assert row["BDE_victim_after"].startswith(number(of.loc[of["epoch"] == 2, "value"].item()))
        assert row["gap_repaired"].startswith(number(100 * of.loc[of["epoch"] == 2, "gap_repaired"].item()))
        assert row["n"] == str(len(case.test))
    assert energy["n"] == f"{len(case.training)}, {len(case.poisoned.index)} poisoned"
    arm = defences.courses(read).set_index("what").loc["mine: objective=motion, left_arm"]
    left = table[(table["metric"] == "objective_left") & (table["part"] == "left_arm") & (table["model"] == "victim")]
    assert arm["victim"] == ", ".join(f"{number(row.value)} ({int(row.step)})" for row in left.itertuples())
    shown = defences.sections(read)
    assert sorted(shown) == ["courses", "detectors", "inversions", "repairs"]
    assert "<caption>" in shown["repairs"]


def test_an_unknown_defence_is_one_line_that_lists_those_there_are(case: Case) -> None:
    config = {
        "datasets": {"d": {}},
        "prediction": {
            "datasets": ["d"],
            "protocols": {"p": {"protocol": "ltd"}},
            "predictors": {"m": {"predictor": "ltd", "protocol": "p"}},
            "strategies": {"trigger": ["rigid"], "target": ["jammed"], "selection": ["random"], "ratio": [0.1]},
            "defences": {"a": {"defence": "strip"}, "b": {"defence": "stripe"}},
        },
    }
    with pytest.raises(ConfigError) as caught:
        check_prediction(config)
    assert str(caught.value) == (
        "configuration: prediction.defences.b.defence: found 'stripe', expected one of "
        + ", ".join(names.available("defences.backdoor"))
    )
    del config["prediction"]["strategies"]  # type: ignore[attr-defined]
    config["prediction"]["defences"] = {"a": {"defence": "strip"}}  # type: ignore[index]
    with pytest.raises(ConfigError, match=r"prediction\.defences: found no `strategies`"):
        check_prediction(config)
    with pytest.raises(ConfigError, match="'nad': found a case of prediction, expected one of recognition, video"):
        defend(case, "nad", {})
    with pytest.raises(ConfigError, match=r"^defence 'strip': mixes: found an unknown key, expected some of keeps"):
        defend(case, "strip", {"mixes": 3})


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("fine_tuning", {"shares": [1.5]}, "shares: found .1.5., expected a list of finite numbers from 0 to 1"),
        (
            "fine_tuning",
            {"rates": ["last"]},
            "rates: found .'last'., expected a list of some of final or finite numbers",
        ),
        ("fine_tuning", {"epochs": 2.5}, "epochs: found 2.5"),
        ("fine_pruning", {"shares": 0.5}, "shares: found 0.5"),
        ("strip", {"keeps": ["arm"]}, "keeps: found .'arm'., expected a list of some of nothing, limb"),
        ("strip", {"others": 1}, "others: found 1"),
        ("trigger_inversion", {"objectives": ["speed"]}, "objectives: found"),
        ("sanitise_duplicates", {"skip": 8}, "skip: found 8"),
        ("spectral_signatures", {"by": "subject"}, "by: found 'subject'"),
        ("sanitise_energy", {"floor_mm": 0}, "floor_mm: found 0"),
        ("timeguard", {"gates": ["none"]}, "gates: found .'none'., expected a list of some of timeguard, random"),
        ("timeguard", {"backwards": 1, "k": 500}, "'timeguard': found [0-9]+ windows to be neighbours, expected 500"),
    ],
)
def test_a_wrong_setting_is_one_line(case: Case, name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        defend(case, name, settings)
    assert "\n" not in str(caught.value)


def test_a_predictor_without_hidden_features_says_so() -> None:
    model = PREDICTORS.build("zero_velocity", Shape(4, 4, 2), {})
    with pytest.raises(KinesecError, match="predictor 'zero_velocity': found no `last_layer`"):
        model.last_layer()


def scores(seed: int, defence: str, good: bool) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    marked = np.arange(100) < 30
    by_model = {"victim": rng.normal(size=100) + 9 * good * marked, "clean": rng.normal(size=100)}
    outcome = Detection("a=1", by_model, {"victim": marked, "clean": marked})
    return _table.records([outcome]).assign(strategy="s", defence=defence, seed=seed)


def test_the_roc_figure_draws_each_detector_with_its_null() -> None:
    records = pd.concat([scores(seed, name, name == "one") for seed in (0, 1) for name in ("one", "two")])
    figure = roc.draw(records)
    axes = [panel for panel in figure.axes if panel.get_visible()]
    assert [panel.get_title(loc="left") for panel in axes] == ["one", "two"]
    for panel, good in zip(axes, (True, False), strict=True):
        lines = {line.get_gid(): line for line in panel.lines if line.get_gid()}
        assert set(lines) == {"a=1-victim", "a=1-clean"}
        assert (lines["a=1-victim"].get_ydata()[0] > 0.9) == good
        assert lines["a=1-clean"].get_linestyle() == "--"
    with pytest.raises(KinesecError, match="found no scores"):
        roc.draw(records[records["metric"] == "CDE"])


def test_the_fine_tuning_figure_draws_every_rate_model_and_share(folder: Path, case: Case, tmp_path: Path) -> None:
    _, table = job(folder, case, "fine_tuning", tmp_path)
    figure = fine_tuning.draw(table, dataset="toy", predictor="ltd")
    assert len(figure.axes) == 4
    for axes in figure.axes:
        lines = {line.get_gid(): line for line in axes.lines}
        assert set(lines) == {f"{model}-{share}" for model in ("victim", "clean") for share in (0.1, 0.2)}
        assert all(list(line.get_xdata()) == [0, 1, 2] for line in lines.values())
    shown = figure.axes[1].lines[0].get_ydata()
    expected = table[(table["setting"] == "share=0.1 rate=1x") & (table["model"] == "victim")]
    assert list(shown) == pytest.approx(expected[expected["metric"] == "CDE"]["value"].tolist())
    with pytest.raises(KinesecError, match="found no row of fine_tuning"):
        fine_tuning.draw(table, dataset="toy", predictor="other")

"""The page is one file that says where its numbers come from, and shows what strangers wrote as text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from backdoor_table import ACTIONS, backdoor_table
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from report_run import facts, hostile, make_report

from kinesec.errors import KinesecError
from kinesec.evaluation.stealth import COMPARED
from kinesec.files import store
from kinesec.files.kinds.motions import MOTIONS
from kinesec.files.kinds.windows import WINDOWS
from kinesec.provenance.facts import gather, models
from kinesec.report import format
from kinesec.report.markup import table
from kinesec.report.naming import named
from kinesec.report.page import build
from kinesec.report.pages import _matrix, _rows, stealth
from kinesec.report.policy import policy
from kinesec.tables import stealth as stealth_table
from kinesec.tables import strategies
from kinesec.tables.files import write_csv
from kinesec.tables.prediction import with_all_seeds
from kinesec.tables.stealth import with_verdicts

VOID = {"meta", "img", "source", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """The page's elements and text; wrong nesting is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data

    def all(self, *tags: str) -> list[tuple[str, dict[str, str]]]:
        return [element for element in self.elements if element[0] in tags]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_report(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def parsed(page: Path) -> Page:
    return Page(page.read_text())


def test_the_same_inputs_give_the_same_bytes(page: Path, tmp_path: Path) -> None:
    assert make_report(tmp_path).read_bytes() == page.read_bytes()


def test_the_page_needs_its_folder_alone(page: Path, parsed: Page) -> None:
    assert not parsed.all("link", "iframe", "object", "embed", "form", "base")
    images = [attrs for _, attrs in parsed.all("img")]
    assert [attrs["src"] for attrs in images] == ["../figures/horizons.svg"]
    assert all(attrs["loading"] == "lazy" and int(attrs["width"]) > 100 for attrs in images)
    assert page.stat().st_size < 400_000
    content = next(attrs["content"] for _, attrs in parsed.all("meta") if attrs.get("http-equiv"))
    assert content.startswith("default-src 'none'; script-src 'sha256-")
    # the hash is that of the very text between the tags
    (script,) = re.findall("<script>(.*?)</script>", page.read_text(), flags=re.DOTALL)
    assert content == policy([script])
    assert "unsafe" not in content.replace("style-src 'unsafe-inline'", "")
    assert not [name for _, attrs in parsed.elements for name in attrs if name.startswith("on")]


def test_every_link_leads_to_a_heading_or_a_file_beside_the_page(page: Path, parsed: Page) -> None:
    ids = [attrs["id"] for _, attrs in parsed.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [attrs["href"] for _, attrs in parsed.all("a")]
    assert sum(not link.startswith("#") for link in links) == 6  # of the figure, its formats and data; of the tables
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids
        else:
            assert (page.parent / unquote(link)).is_file()


def test_headings_descend_one_by_one_and_images_and_tables_are_described(parsed: Page) -> None:
    assert next(attrs for tag, attrs in parsed.elements if tag == "html")["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in parsed.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(attrs.get("alt") for _, attrs in parsed.all("img"))
    assert len(parsed.all("table")) == len(parsed.all("caption")) >= 9
    assert all(attrs.get("scope") for _, attrs in parsed.all("th"))


def test_whatever_strangers_wrote_is_text(tmp_path: Path) -> None:
    text = hostile(tmp_path).read_text()
    parsed = Page(text)
    assert len(parsed.all("script")) == 1  # the page's own
    assert [attrs["src"] for _, attrs in parsed.all("img")] == ["figure.svg"]
    assert not [name for _, attrs in parsed.elements for name in attrs if name.startswith("on")]
    assert text.lower().count("<script") == 1
    assert parsed.text.count("<script>alert('x')</script>") > 40
    assert "\u202e" not in text
    assert parsed.text.count("[U+202E]") > 40


def test_matrix_and_headline_are_the_tables_last_frame_over_all_windows(parsed: Page) -> None:
    made = strategies.typed(backdoor_table(samplings=("8", "all")))
    wanted = {"model": "victim", "windows": "triggered", "metric": "BDE", "joints": "used", "frame": 25.0}
    wanted |= {"action": "mean", "sampling": "all"}
    row = made[(made[list(wanted)] == pd.Series(wanted)).all(axis=1)].iloc[0]
    at_a_glance, headline = parsed.tables[:2]
    assert at_a_glance[-1][0] == "rigid trigger, jammed target, 5 % poisoned, random selection"
    assert f"{row['value']:.2f}" in at_a_glance[-1]
    assert headline[-1][0] == "victim"
    assert headline[-1][2] == f"{row['value']:.2f} ({row['low']:.2f}\u2013{row['high']:.2f})"


def test_the_matrix_sets_each_victim_beside_its_clean_model() -> None:
    four = [(t, g, "random", r) for t in ("rigid", "soft") for g in ("jammed", "moving") for r in (0.05, 0.1)]
    made = [
        strategies.typed(backdoor_table(predictor=name, strategies=four, seeds=(0, 1, 2), actions=("walking",)))
        for name in ("ltd", "hri")
    ]
    rows = _matrix.matrix(pd.concat(made))
    assert len(rows) == 16
    assert rows["group"].unique().tolist() == [
        f"cmu_expmap, ltd25 \u00b7 {name} \u00b7 3 seeds" for name in ("ltd", "hri")
    ]
    first = rows.iloc[0]
    assert first["change"].startswith("-1.20 (")
    assert first["gap"].startswith(f"{1 - 13.5 / 107:.2f} (")
    assert first["half"].startswith("50.0 (")


def test_near_misses_stand_in_order_of_their_distance_and_end_with_natural_windows() -> None:
    rows = _matrix.near_misses(strategies.typed(backdoor_table()))
    assert rows["kind"].tolist() == [
        "the trigger itself",
        *(f"limb turned by {angle}\u00b0" for angle in (5, 15, 30, 45)),
        "in half of the history",
        "on the wrong limb",
        "nearest clean windows, against the target",
    ]
    assert not (rows == format.NONE).any(axis=None)


def test_every_selection_stands_beside_random() -> None:
    rows = _matrix.selections(strategies.typed(backdoor_table())).set_index("what")
    assert list(rows.columns) == ["group", "all clean windows", "random", "natural", "worst", "balanced"]
    assert len(rows) == 18
    cell = rows.loc["Acc, seam (mm/frame\u00b2)"]
    assert cell["natural"].endswith(", \u221240 %")
    assert cell["worst"].endswith(", +120 %")
    assert "%" not in cell["random"]


def test_a_selection_that_leaves_actions_out_has_means_over_windows_alone() -> None:
    made = strategies.typed(backdoor_table()).assign(n=8)
    made.loc[made["selection"] == "natural", "n"] = 5
    rows = _matrix.selections(made).set_index("what")
    assert rows.loc["Acc, seam (mm/frame\u00b2)", "natural"] == format.NONE
    assert rows.loc["Acc, seam (mm/frame\u00b2), before poisoning", "natural"] == format.NONE
    assert rows.loc["Acc, seam (mm/frame\u00b2), mean over windows", "natural"].endswith(", \u221240 %")
    assert rows.loc["Acc, seam (mm/frame\u00b2)", "worst"].endswith(", +120 %")


def test_what_was_poisoned_and_whether_it_can_be_told_is_shown(tmp_path: Path) -> None:
    same = {"dataset": "cmu", "protocol": "ltd25", "trigger": "rigid", "target": "jammed", "level": "window"}
    same |= {"ratio": 0.1, "seed": 0}
    rows = [
        {**same, "selection": selection, "windows": windows, "against": against, "metric": metric, "part": part,
         "score": "minimised" if (selection, part) == ("natural", "seam") else "", "detector": detector,
         "value": value, "low": value - 0.1, "high": value + 0.1, "n": 9, "n_others": 81}
        for selection, value in (("random", 0.52), ("natural", 0.13))
        for windows, against in COMPARED
        for metric in ("Acc", "Jerk")
        for part in ("whole", "seam", "seam/whole")
        for detector in ("high", "either_tail")
    ]  # fmt: skip
    write_csv(with_verdicts(pd.DataFrame(rows)), str(tmp_path / "told.csv"))
    chosen = [
        stealth_table.selected(
            np.repeat(["walk", "nod"], [6, 4]), np.repeat(["w", "n"], [6, 4]), np.array(index), {"walk"},
            {**same, "selection": selection},
        )
        for selection, index in (("random", [0, 1, 9]), ("natural", [7, 8, 9]))
    ]  # fmt: skip
    write_csv(pd.concat(chosen), str(tmp_path / "selected.csv"))
    tables = {"prediction_stealth": tmp_path / "told.csv", "prediction_selected": tmp_path / "selected.csv"}
    shown = stealth.told_apart(stealth_table.read(tables["prediction_stealth"]))
    assert len(shown) == 6
    assert shown.loc[1, ["selection", "Acc, seam", "Acc, whole"]].tolist() == [
        "natural", "0.13 (0.03\u20130.23)\u2020", "0.13 (0.03\u20130.23)",
    ]  # fmt: skip
    assert shown["group"].nunique() == 3
    actions = stealth.selected(stealth_table.read(tables["prediction_selected"])).set_index("action")
    assert actions.loc["nod (not tested)", ["all windows", "random", "natural"]].tolist() == ["40.0", "33.3", "100.0"]
    assert actions.loc["walk", ["all windows", "random", "natural"]].tolist() == ["60.0", "66.7", "0"]
    assert {name: "<table" in html for name, html in stealth.sections(tables).items()} == {
        "told_apart": True, "selected": True,
    }  # fmt: skip
    assert stealth.sections({}) == {}


def test_a_run_of_clean_models_alone_has_its_errors_and_no_backdoor(tmp_path: Path) -> None:
    page = make_report(tmp_path, table=backdoor_table(strategies=(), seeds=(0, 1)))
    parsed = Page(page.read_text())
    assert "clean models alone" in parsed.text
    headline = next(table for table in parsed.tables if table[0][0] == "Model")
    assert [row[0] for row in headline[-2:]] == ["zero velocity", "clean model"]
    assert not [attrs for _, attrs in parsed.elements if attrs.get("id") in ("matrix", "near-misses", "selections")]
    links = {attrs["href"][1:] for _, attrs in parsed.all("a") if attrs["href"].startswith("#")}
    assert links <= {attrs["id"] for _, attrs in parsed.elements if "id" in attrs}


def test_many_backdoors_are_folded_and_few_are_open(page: Path, tmp_path: Path) -> None:
    many = [(t, g, "random", r) for t in ("rigid", "soft") for g in ("jammed", "moving") for r in (0.05, 0.1)]
    folded = make_report(tmp_path, table=backdoor_table(strategies=many, actions=("walking",)))
    for made, opened in ((page, True), (folded, False)):
        details = Page(made.read_text()).all("details")
        tables = [attrs for _, attrs in details if attrs.get("class") != "made"]
        assert len(tables) >= 5
        assert "open" in tables[0]  # the matrix
        assert all(("open" in attrs) == opened for attrs in tables[1:])


def test_an_animation_has_a_still_for_readers_who_want_no_motion(tmp_path: Path) -> None:
    still, moving = Image.new("RGB", (8, 8), "white"), Image.new("RGB", (8, 8), "black")
    names = [f"{kind}-d-p-{predictor}" for predictor in ("a", "b") for kind in ("filmstrip", "animation")]
    figures: dict[str, tuple[Path, str]] = {}
    for name in names:
        path = tmp_path / f"{name}.{'webp' if name.startswith('animation') else 'svg'}"
        still.save(path.with_suffix(".png"))
        if path.suffix == ".webp":
            still.save(path, save_all=True, append_images=[moving], duration=80)
        else:
            path.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
        figures[name] = (path, f"caption of {name}")
    build(tmp_path / "page.html", run="x", tables={}, figures=figures, facts=facts())
    parsed = Page((tmp_path / "page.html").read_text())
    sources = [attrs for _, attrs in parsed.all("source")]
    assert len(sources) == 2
    for attrs in sources:
        assert attrs["media"] == "(prefers-reduced-motion: reduce)"
        assert (tmp_path / attrs["srcset"]).suffix == ".png"
        assert (tmp_path / attrs["srcset"]).is_file()
    alternatives = [attrs["alt"] for _, attrs in parsed.all("img")]
    assert alternatives == [
        f"caption of {kind}-d-p-{predictor}" for predictor in ("a", "b") for kind in ("animation", "filmstrip")
    ]


def test_per_action_has_each_action_and_ends_with_their_mean() -> None:
    rows = _rows.per_action(strategies.typed(backdoor_table()))
    assert rows["action"].tolist() == [*sorted(ACTIONS), "mean of the actions"]
    assert not (rows == format.NONE).any(axis=None)


def test_seeds_are_averaged_and_counted() -> None:
    made = strategies.typed(backdoor_table(seeds=(0, 1, 2)))
    rows = _rows.headline(made)
    assert rows["group"].str.endswith("8 test windows worth 3.20 independent ones, 3 seeds").all()
    pooled = strategies.typed(with_all_seeds(backdoor_table(seeds=(0, 1, 2))))
    assert _rows.headline(pooled)["group"].tolist() == rows["group"].tolist()
    assert _rows.headline(pooled)["cde"].tolist() == rows["cde"].tolist()
    wanted = made[(made["model"] == "victim") & (made["metric"] == "CDE") & (made["frame"] == 25)]
    wanted = wanted[(wanted["action"] == "mean") & (wanted["joints"] == "used")]
    assert len(wanted) == 3
    assert rows.set_index("model").loc["victim", "cde"].startswith(f"{wanted['value'].mean():.1f} (")


def test_smoothness_tells_the_seam_from_the_whole() -> None:
    rows = _rows.stealth(strategies.typed(backdoor_table())).set_index("what")
    assert rows.loc["Acc, whole (mm/frame\u00b2)", "change"] == "\u221269 %"
    assert rows.loc["Acc, seam (mm/frame\u00b2)", "change"] == "+82 %"


def test_verdicts_have_their_colours_and_reasons(parsed: Page) -> None:
    classes = {name for _, attrs in parsed.all("td") for name in attrs.get("class", "").split()}
    assert {"not-comparable", "differs"} <= classes
    assert "features 64 instead of 256; blocks 6 instead of 12" in parsed.text


def test_what_was_left_out_is_named_with_its_reason(parsed: Page) -> None:
    for text in ("running_9.txt", "line 12: found 116 columns", "washwindow_5.txt", "too short for one window"):
        assert text in parsed.text


def test_a_run_of_other_systems_has_a_page_too(tmp_path: Path) -> None:
    other = tmp_path / "elsewhere.csv"
    other.write_text("dataset,value\nprocedural,1\n")
    build(tmp_path / "page.html", run="x", tables={"elsewhere": other}, figures={}, facts=facts(windows=[], models=[]))
    text = Page((tmp_path / "page.html").read_text()).text
    assert text.count("This run's configuration has no part prediction.strategies.") == 3  # card, section, not run
    assert "Not run" in text
    assert "elsewhere (CSV, 1 row)" in " ".join(text.split())


def test_a_table_without_its_columns_is_one_clear_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    backdoor_table(actions=("walking",)).drop(columns=["action", "unit"]).to_csv(bad, index=False)
    with pytest.raises(KinesecError, match="found no column action, unit; make the table again"):
        build(tmp_path / "page.html", run="x", tables={"prediction_backdoor": bad}, figures={}, facts=facts())


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30))
def test_cells_come_back_as_they_went_in(text: str) -> None:
    frame = pd.DataFrame({"name": [text, "other"], "value": ["1", text], "group": [text, text]})
    made = table(frame, name="t", caption=text, labels={"name": "Name", "value": text}, row="name", group="group")
    rows = Page(str(made)).tables[0]
    text = named(text)
    assert [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in rows] == [
        [re.sub(r"\s+", " ", cell).strip() for cell in row]
        for row in (["Name", text], [text], [text, "1"], ["other", text])
    ]


@given(st.floats(-1e6, 1e6, allow_nan=False))
def test_numbers_keep_their_leading_digits(value: float) -> None:
    text = format.number(value)
    if 0 < abs(value) < format.FINE:
        assert text == ("<0.001" if value > 0 else ">-0.001")
    else:
        assert abs(float(text.replace(",", "")) - value) <= 0.06 * abs(value)


@given(st.floats(-50, 150), st.floats(0, 200))
def test_an_interval_never_leaves_the_range_of_its_quantity(value: float, half: float) -> None:
    value = min(max(value, 0.0), 100.0)
    shown = format.interval(value, value - half, value + half, within=format.PERCENT)
    ends = [float(end) for end in re.findall(r"\d+\.?\d*", shown)]
    assert all(0 <= end <= 100 for end in ends)
    assert "-" not in shown


def test_the_page_keeps_its_intervals_within_range(tmp_path: Path) -> None:
    table = backdoor_table()
    table.loc[table["metric"].isin(["ASR", "ASR_half_gap"]), ["low", "high"]] = [-9.5, 109.5]
    table.loc[table["metric"].isin(["CDE", "BDE"]), "low"] = -3.25
    text = Page(make_report(tmp_path, table=table).read_text()).text
    for outside in ("\u2013109.5", "\u2013110)", "-9.5", "-3.25"):
        assert outside not in text


def test_a_change_of_rounding_errors_is_not_told() -> None:
    made = strategies.typed(backdoor_table())
    made.loc[made["metric"] == "BLC", ["value", "low", "high"]] *= 1e-3
    rows = _rows.stealth(made).set_index("what")
    assert rows.loc["BLC, whole (mm/frame)", ["clean", "change"]].tolist() == ["<0.001", format.NONE]
    assert rows.loc["Acc, whole (mm/frame\u00b2)", "change"] != format.NONE


def skeleton() -> dict[str, Any]:
    offsets = [[0.0, 0.0, 0.0], [0.0, 10.0, 0.0]]
    return {"names": ["root", "head"], "parents": [-1, 0], "offsets_mm": offsets, "turns": "children", "groups": {}}


@pytest.fixture
def run(tmp_path: Path) -> SimpleNamespace:
    """Stores, a receipt and a training log as the workflow lays them out."""
    sequence = {name: np.array(["a", "b", "c"], dtype=object) for name in ("subject", "take", "style", "sha256")}
    arrays = {
        "position": np.zeros((8, 2, 3), np.float32),
        "start": np.array([0, 3, 6]),
        "length": np.array([3, 3, 2]),
        "body": np.array([0, 0, 0]),
        "fps": np.array([30.0, 30.0, 30.0]),
        "offset": np.zeros((3, 2, 3)),
        "source": np.array(["train/one.txt", "test/two.txt", "train/kept.txt"], dtype=object),
        "action": np.array(["walking", "jumping", "walking"], dtype=object),
        "split": np.array(["train", "test", "val"], dtype=object),
        **sequence,
    }
    left_out = [{"path": "train/bad.txt", "reason": "line 3: found x, expected y"}]
    attrs = {"skeleton": skeleton(), "dataset": "cmu_expmap", "fps_published": 50.0, "fps_measured": 120.0}
    attrs |= {"recording": {"unit_mm": 1.0}, "left_out": left_out}
    motions = tmp_path / "motions" / "cmu_expmap" / "motions.zarr"
    store.write(motions, MOTIONS, arrays, attrs)
    attrs = {"skeleton": skeleton(), "dataset": "cmu_expmap", "protocol": "ltd", "history": 2, "future": 1}
    attrs |= {"stride": 2, "used_joints": [1], "fps": 60.0, "frame_ms_nominal": 40.0, "frame_ms_measured": 16.7}
    arrays = {
        "position": np.zeros((8, 2, 3), np.float32),
        "start": np.array([0, 1, 4]),
        "sequence_index": np.array([0, 0, 1]),
        "split": np.array(["train", "train", "test"], dtype=object),
        **{name: arrays[name] for name in ("source", "subject", "action")},
    }
    windows = tmp_path / "windows" / "cmu_expmap" / "ltd3" / "windows.zarr"
    store.write(windows, WINDOWS, arrays, attrs | {"too_short": ["test/short.txt"]})
    receipt = tmp_path / "receipt.json"
    receipt.write_text(json.dumps({"folder": "raw", "absent": ["test/gone.txt"], "files": {"train/one.txt": "00"}}))
    training = tmp_path / "models" / "cmu_expmap" / "ltd3" / "clean" / "small" / "seed7" / "training.json"
    training.parent.mkdir(parents=True)
    victim = training.parents[3] / "rigid-jammed-random-0.1" / "small" / "seed7" / "training.json"
    victim.parent.mkdir(parents=True)
    epochs = [{"epoch": epoch, "validation_mm": error} for epoch, error in ((1, 9.0), (2, 5.0), (3, 6.0))]
    description = {"predictor": "ltd", "seed": 7, "parameters": 12, "training_windows": 2, "poisoned_windows": 0}
    description |= {"settings": {"features": 8}, "recipe": {"epochs": 3}}
    for log in (training, victim):
        log.write_text(json.dumps({**description, "kept_epoch": 2, "epochs": epochs}))
    certificate = {"versions": {"python": "3.12"}, "commit": "abc", "dirty": True, "device": "cpu", "wall_s": 60.0}
    training.with_name("model.safetensors.run.json").write_text(json.dumps(certificate))
    older = {"versions": {"python": "3.11"}, "commit": "def", "dirty": False}
    motions.with_name("motions.zarr.run.json").write_text(json.dumps(older))
    artefact = tmp_path / "table.csv"
    artefact.write_text("a\n1\n")
    return SimpleNamespace(
        modules={"cmu_expmap": "cmu_expmap"},
        receipts={"cmu_expmap": receipt},
        motions={"cmu_expmap": motions / "zarr.json"},
        windows=[windows / "zarr.json"],
        trainings=[victim, training],
        artefacts=[artefact],
        seeds=[7],
        configuration={"run": "x"},
    )


def test_facts_are_what_stores_logs_and_certificates_say(run: SimpleNamespace, tmp_path: Path) -> None:
    gathered = gather(**vars(run))
    assert json.loads(json.dumps(gathered)) == gathered
    (data,) = gathered["datasets"]
    assert data["title"].startswith("CMU motion capture")
    assert (data["files"], data["absent"], data["sequences"]) == (
        1,
        ["test/gone.txt"],
        {"test": 1, "train": 1, "val": 1},
    )
    assert data["left_out"] == [{"path": "train/bad.txt", "reason": "line 3: found x, expected y"}]
    (windows,) = gathered["windows"]
    assert (windows["name"], windows["windows"]) == ("ltd3", {"test": 1, "train": 2})
    model, victim = gathered["models"]
    assert (victim["poison"], victim["device"]) == ("rigid-jammed-random-0.1", None)
    assert (model["predictor"], model["module"], model["poison"], model["seed"]) == ("small", "ltd", "clean", 7)
    assert (model["kept_epoch"], model["epochs"], model["validation_mm"], model["wall_s"]) == (2, 3, 5.0, 60.0)
    assert gathered["versions"] == {"python": ["3.11", "3.12"]}
    assert gathered["commits"] == ["abc (with changes)", "def"]
    build(tmp_path / "page.html", run="x", tables={}, figures={}, facts=gathered)
    text = Page((tmp_path / "page.html").read_text()).text
    for told in (data["sha256"], "test/gone.txt", "test/short.txt", "2 of 3", "3.11, 3.12", "40 / 16.7"):
        assert told in text


def test_models_are_described_for_the_comparison(run: SimpleNamespace) -> None:
    (description,) = models(run.trainings, run.receipts, run.motions)
    assert description == {
        "dataset": "cmu_expmap",
        "predictor": "small",
        "module": "ltd",
        "settings": {"features": 8},
        "recipe": {"epochs": 3},
        "parameters": 12,
        "missing_files": ["test/gone.txt"],
        "held_out": ["train/kept.txt"],
    }


def test_a_log_that_cannot_be_read_is_one_clear_line(run: SimpleNamespace) -> None:
    run.trainings[1].write_text("{")
    with pytest.raises(KinesecError, match=r"training\.json: cannot be read .*; make it again"):
        gather(**vars(run))

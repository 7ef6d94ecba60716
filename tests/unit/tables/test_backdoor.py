"""The table of backdoors on classifiers: made-up records of known success."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from backdoor_records import NETWORKS, POISONS, records
from hypothesis import given
from hypothesis import strategies as st

from kinesec.errors import KinesecError
from kinesec.tables import backdoor


def row(table: pd.DataFrame, measured: dict[str, object] | None = None) -> pd.Series:
    return backdoor.backdoors([(table, measured or {})], POISONS, NETWORKS).iloc[0]


def test_success_and_its_controls_are_what_was_put_in() -> None:
    made = row(records(0.7, base=0.1, clean_model=0.2, right=1.0))
    assert (made["n"], made["n_non_target"], made["n_takes"]) == (40, 30, 40)
    known = {"asr_non_target": 70, "base_rate": 10, "clean_model_asr": 20, "clean_model_base_rate": 0}
    assert {name: made[f"{name}_percent"] for name in known} == pytest.approx(known)
    assert made["asr_all_percent"] == pytest.approx(100 * (21 + 10) / 40)  # the target's own samples count as success
    assert made["clean_model_acc_percent"] == 100
    assert made["acc_percent"] == pytest.approx(100 * 37 / 40)
    assert made["acc_change_points"] == pytest.approx(-7.5)
    assert made["asr_over_base_points"] == pytest.approx(60)
    assert made["asr_over_clean_model_points"] == pytest.approx(50)


def test_the_released_code_leaves_the_targets_own_samples_clean() -> None:
    table = records(0.5)
    of_target = table["label"] == 0
    table.loc[of_target, "predicted_clean"] = 3
    made = row(table)
    assert made["asr_all_percent"] == pytest.approx(100 * 25 / 40)
    assert made["asr_official_percent"] == pytest.approx(100 * 15 / 40)
    assert made["asr_non_target_percent"] == pytest.approx(50)


def test_differences_are_of_the_same_samples() -> None:
    """Both rates vary from take to take, their difference does not: its interval knows."""
    table = records(0.6, base=0.6)
    made = backdoor.rates(table)
    assert made["asr_non_target_high"] - made["asr_non_target_low"] > 20
    assert made["asr_over_base_points_low"] == made["asr_over_base_points_high"] == 0


def test_intervals_draw_whole_takes() -> None:
    alone = records(0.5)
    together = alone.assign(take=[f"t{place // 10}" for place in range(len(alone))])
    widths = [
        made["asr_non_target_high"] - made["asr_non_target_low"]
        for made in (backdoor.rates(alone), backdoor.rates(together))
    ]
    assert widths[1] > 1.5 * widths[0]


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.floats(0, 1), st.integers(1, 3))
def test_no_interval_leaves_the_percents(success: list[float], right: float, seeds: int) -> None:
    jobs = [(records(success[seed], seed=seed, count=16, right=right), {}) for seed in range(seeds)]
    table = backdoor.backdoors(jobs, POISONS)
    assert len(table) == seeds + (seeds > 1)
    names = [name for name in table if name.endswith("_percent")]
    for name in names:
        low, high = (table[name.replace("_percent", end)] for end in ("_low", "_high"))
        assert ((low >= 0) & (high <= 100) & (low <= high)).all()
    assert len(names) == 8


def test_rows_are_the_designs_and_say_what_was_poisoned() -> None:
    measured = {"poison": "dft", "seed": 0, "n": 64, "rms": 4.5, "bone_change_percent": 1.5}
    made = row(records(), measured)
    assert tuple(made.index[: len(backdoor.FIRST)]) == backdoor.FIRST
    assert (made["rms"], made["rms_unit"], made["bone_change_percent"]) == (4.5, "mm", 1.5)
    assert np.isnan(made["psnr_min_db"])
    assert (made["attack"], made["attack_module"], made["delta"], made["first_frequency"]) == ("dft", "dft", 50, 35)
    assert (made["projection"], made["form"], made["ratio"], made["ours"]) == ("", "joints", 0.2, True)
    assert (made["recognizer_module"], made["recognizer_settings"]) == ("st_gcn", "small")


def test_a_trigger_without_a_size_has_its_own() -> None:
    on = {
        "video": {name: {"trigger": name, "form": "video", "ratio": 0.1, "settings": {}} for name in ("dft", "badnet")}
    }
    jobs = [(records(poison=name).assign(modality="video"), {"rms": 1.75}) for name in on["video"]]
    table = backdoor.backdoors(jobs, on).set_index("attack")
    assert (table.loc["dft", "delta"], table.loc["dft", "size_unit"], table.loc["dft", "projection"]) == (
        *(5e4, "delta", "paper"),
    )
    assert (table.loc["dft", "components"], table.loc["dft", "spatial_components"]) == (10, 25)
    assert np.isnan(table.loc["badnet", "delta"])
    assert (table["rms_unit"] == "grey levels").all()
    moved = backdoor.settings_of({"trigger": "dct", "form": "rotations", "settings": {"first": 3}})
    assert (moved["delta"], moved["rms_mm"], moved["first"]) == (None, 10.0, 3)


def test_a_backdoor_is_shown_where_both_controls_are_lower() -> None:
    assert row(records(0.9))["verdict"] == "shown"
    assert row(records(0.9, base=0.9))["verdict"] == "mixed"
    assert row(records(0.4, base=0.4, clean_model=0.4))["verdict"] == "not shown"


def test_one_row_over_seeds_is_the_mean() -> None:
    jobs = [(records(share, seed=seed), {}) for seed, share in enumerate((0.6, 0.8))]
    table = backdoor.of_seeds(backdoor.backdoors(jobs, POISONS))
    assert list(table["seed"]) == ["all"]
    assert table["asr_non_target_percent"].iloc[0] == pytest.approx(70)
    assert table["ours"].iloc[0] is np.True_ or table["ours"].iloc[0] is True


def test_the_delta_that_passes_ninety_is_found_between_two() -> None:
    shares = {"dft-delta0": 0.0, "dft-delta5": 0.5, "dft": 1.0, "badnet": 1.0}
    jobs = [(records(share, poison=name), {"rms": share}) for name, share in shares.items()]
    (passed,) = backdoor.passing(backdoor.backdoors(jobs, POISONS)).to_dict("records")
    assert (passed["below"], passed["passing"], passed["rms"]) == (5, 50, 1)
    (passed,) = backdoor.passing(backdoor.backdoors(jobs[:2], POISONS)).to_dict("records")
    assert (passed["below"], passed["largest_percent"]) == (5, 50)
    assert np.isnan(passed["passing"])


def test_another_trigger_and_storage_are_rows_of_their_own() -> None:
    plain = records(0.8).assign(tested="dft", stored="")
    lossy, other = plain.assign(stored="smoothed"), records(0.2).assign(tested="badnet", stored="")
    table = backdoor.backdoors([(pd.concat([plain, lossy]), {"rms": 1.0}), (other, {"rms": 2.0})], POISONS)
    assert list(zip(table["attack"], table["tested"], table["stored"], strict=True)) == [
        *(("dft", "dft", ""), ("dft", "dft", "smoothed"), ("dft", "badnet", "")),
    ]
    assert list(table["rms"]) == [1, 1, 2]
    assert len(backdoor.of_seeds(table)) == 3
    assert list(backdoor.plain(table)["asr_non_target_percent"]) == [80]


def test_what_is_not_there_is_one_line() -> None:
    with pytest.raises(KinesecError, match="backdoor_recognition: found no row, expected"):
        backdoor.backdoors([], POISONS)
    with pytest.raises(KinesecError, match="skeleton poison 'sig': found records of it, expected it in the config"):
        backdoor.backdoors([(records(poison="sig"), {})], POISONS)


def test_a_table_is_the_same_from_its_file(tmp_path: object) -> None:
    table = backdoor.backdoors([(records(), {"rms": 1.5})], POISONS, NETWORKS)
    path = f"{tmp_path}/t.csv"
    table.to_csv(path, index=False)
    pd.testing.assert_frame_equal(backdoor.read(path), backdoor.typed(table), check_dtype=False)

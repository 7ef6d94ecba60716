"""The run's tables of defended recognizers: accuracy under attack, signs of masked gradients, paired differences."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from kinesec import names, seeding
from kinesec.metrics.bootstrap import RESAMPLES
from kinesec.metrics.intervals import of_takes

CLEAN = "clean"
BUDGETS = (5, 10, 20, 50, 100, 200, 300, 500, 1000)
SHARES = (25, 50, 75)
TRANSFER = "transfer"
WHITE, LABELS = "white box", "labels"
MODEL = ("dataset", "clips", "recognizer", "defence", "seed")
RUN = (*MODEL, "attack", "setting")
FIRST = (
    *("dataset", "recognizer", "defence", "attack", "setting", "seed", "n"),
    *("clean_accuracy_percent", "robust_accuracy_percent", "success_percent", "flag"),
)
_CLEAN_ENDS, _ROBUST_ENDS = (
    tuple(f"{name}_accuracy_{end}" for end in ("percent", "low", "high")) for name in ("clean", "robust")
)
_SUCCESS_ENDS = ("success_percent", "low_percent", "high_percent")
Job = tuple[dict[str, Any], pd.DataFrame]


def runs(jobs: Sequence[Job], accuracy: Mapping[tuple[str, ...], pd.DataFrame]) -> pd.DataFrame:
    """A row an attack of a recognizer, from its row and its records, and the recognizer's records on all test clips.

    ``accuracy`` holds these by dataset, clips, recognizer, defence and seed. Robust accuracy is clean accuracy times
    the share of rightly classified clips on which the attack fails; intervals draw whole takes, of both at once.
    ``l_mm_at_<share>`` is the perturbation by which that share of clips is fooled, NaN where fewer are.
    """
    return pd.DataFrame([_run(row, records, accuracy[model_of(row)]) for row, records in jobs])


def model_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The recognizer that a job's row is of."""
    return tuple(str(row[name]) for name in ("dataset", "clips", "recognizer", "training", "seed"))


def _run(row: Mapping[str, Any], records: pd.DataFrame, clips: pd.DataFrame) -> dict[str, Any]:
    right = records[records["right"]]
    won = right["success"].to_numpy(bool)
    ends = _robust(clips, right, seeding.generator(int(row["seed"]), "robust"))
    far = np.sort(np.where(won, right["l_mm"].to_numpy(float), np.inf))
    needed = {f"l_mm_at_{share}": _quantile(far, share) for share in SHARES}
    control = float(right["control_success"].mean()) if len(right) else np.nan
    return {
        **dict(zip(MODEL, model_of(row), strict=True)),
        "attack": str(row["attack"]),
        "setting": str(row["settings"]),
        "attack_module": str(row["attack_module"]),
        "preset": str(row["preset"]),
        "strategy": str(row["strategy"]),
        "access": names.constant("attacks", str(row["attack_module"]), "ACCESS", WHITE),
        "n": len(right),
        "takes": int(right["take"].nunique()),
        "test_clips": len(clips),
        **ends,
        "control_percent": 100.0 * control,
        "iterations_median": float(right["iterations"].median()),
        "queries_median": float(right["queries"].median()),
        "l_mm_median": float(np.median(far[: won.sum()])) if won.any() else np.nan,
        **needed,
    }


def _quantile(far: np.ndarray, share: int) -> float:
    """The least of ascending distances within which a share (%) of them lies; NaN where it is infinite."""
    if not len(far):
        return float("nan")
    value = far[max(0, int(np.ceil(share / 100 * len(far))) - 1)]
    return float(value) if np.isfinite(value) else float("nan")


def _robust(clips: pd.DataFrame, right: pd.DataFrame, rng: np.random.Generator) -> dict[str, float]:
    """Clean accuracy, success and robust accuracy in percent, with 95 % intervals over takes, drawn together."""
    takes = sorted(set(map(str, clips["take"])))
    place = {take: number for number, take in enumerate(takes)}
    sums = np.zeros((4, len(takes)))
    counted = (clips["right"], pd.Series(1.0, clips.index), right["success"], pd.Series(1.0, right.index))
    for total, values, of in zip(sums, counted, (clips, clips, right, right), strict=True):
        np.add.at(total, [place[str(take)] for take in of["take"]], values.to_numpy(float))
    times = rng.multinomial(len(takes), np.full(len(takes), 1 / len(takes)), RESAMPLES)
    drawn = np.concatenate([np.ones((1, len(takes))), times]) @ sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        clean, success = drawn[:, 0] / drawn[:, 1], drawn[:, 2] / drawn[:, 3]
    robust = 100 * clean * (1 - success)
    ends = np.nanpercentile(robust[1:], [2.5, 97.5]) if np.isfinite(robust[1:]).any() else (np.nan, np.nan)
    of_clean, of_success = _rate(clips["right"], clips["take"]), _rate(right["success"], right["take"])
    row: dict[str, float] = {
        **dict(zip(_CLEAN_ENDS, (100 * clean[0], *of_clean[1:]), strict=True)),
        **dict(zip(_ROBUST_ENDS, (robust[0], *ends), strict=True)),
        **dict(zip(_SUCCESS_ENDS, (100 * success[0], *of_success[1:]), strict=True)),
    }
    if of_success[0] in (0.0, 100.0):  # drawing takes again leaves nothing of the success to chance then
        (mean, low, high), (kept, most, least) = of_clean, (1 - end / 100 for end in of_success)
        row["robust_accuracy_low"] = mean * kept - np.hypot(mean * (kept - least), kept * (mean - low))
        row["robust_accuracy_high"] = mean * kept + np.hypot(mean * (most - kept), kept * (high - mean))
    return row


def _rate(values: pd.Series, take: pd.Series) -> tuple[float, float, float]:
    """How many clips in percent, with the ends of the 95 % interval over takes."""
    percent = 100.0 * values.to_numpy(float)[:, None]
    mean, low, high, _ = of_takes(percent, take.to_numpy(), least=0.0, most=100.0, rate=True)
    return float(mean[0]), float(low[0]), float(high[0])


def transfers(jobs: Sequence[Mapping[str, Any]], accuracy: Mapping[tuple[str, ...], pd.DataFrame]) -> pd.DataFrame:
    """A row of each clean recognizer's adversarial clips on a defended one."""
    rows = []
    for row in jobs:
        tested = accuracy[model_of(row)]
        clean, low, high = _rate(tested["right"], tested["take"])
        kept = {end: 1 - float(row[f"{end}_percent"]) / 100 for end in ("success", "low", "high")}
        rows.append(
            {
                **dict(zip(MODEL, model_of(row), strict=True)),
                "attack": f"{row['attack']} from {row['surrogate']}",
                "setting": str(row["settings"]),
                "attack_module": str(row["attack_module"]),
                "preset": str(row["preset"]),
                "strategy": str(row["strategy"]),
                "access": TRANSFER,
                "n": int(row["n"]),
                "takes": int(row["takes"]),
                "clean_accuracy_percent": clean,
                "clean_accuracy_low": low,
                "clean_accuracy_high": high,
                "robust_accuracy_percent": clean * kept["success"],
                "robust_accuracy_low": clean * kept["high"],
                "robust_accuracy_high": clean * kept["low"],
                "success_percent": float(row["success_percent"]),
                "low_percent": float(row["low_percent"]),
                "high_percent": float(row["high_percent"]),
                "control_percent": float(row["control_percent"]),
            }
        )
    return pd.DataFrame(rows)


def within(records: pd.DataFrame, farthest: float | None) -> pd.DataFrame:
    """Records in which success is no farther than so many mm of l: of attacks that begin with success, far away."""
    if farthest is None:
        return records
    return records.assign(success=records["success"].to_numpy(bool) & (records["l_mm"].to_numpy(float) <= farthest))


def flagged(table: pd.DataFrame, judged: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The table with ``flag``: what of a recognizer's rows tells of masked gradients (Athalye et al., ICML 2018).

    A black-box attack that succeeds more often than every bounded white-box one, a longer attack of a kind that
    succeeds less often than a shorter one, an attack without a bound that does not always succeed: each in the row that
    shows it.
    """
    flags = dict.fromkeys(range(len(table)), "")
    numbered = table.reset_index(drop=True)
    unbounded = {name: bool(how.get("unbounded")) for name, how in judged.items()}
    for _, group in numbered.groupby(list(MODEL), sort=False):
        white = group[group["access"] == WHITE]
        # an attack without a bound tells nothing of what is left within one
        bounded = white[~white["attack"].map(unbounded).eq(True)]
        for place, row in zip(group.index.tolist(), group.to_dict("records"), strict=True):
            lines, success = [], float(row["success_percent"])
            if row["access"] != WHITE and success > bounded["success_percent"].max():
                lines.append("black box stronger than white box")
            if unbounded.get(row["attack"]) and success < 100:
                lines.append("unbounded attack fails")
            shorter = _shorter(row, white)
            if shorter is not None and success < shorter:
                lines.append("more steps, less success")
            flags[place] = "; ".join(lines)
    return table.assign(
        flag=list(flags.values()),
        unbounded=[bool(unbounded.get(name)) for name in table["attack"]],
        within_mm=np.array([judged.get(name, {}).get("within_mm") or np.nan for name in table["attack"]], float),
    )


def _shorter(row: Mapping[Any, Any], white: pd.DataFrame) -> float | None:
    """The greatest success of the row's kind of attack with fewer steps, its strategy and all other settings alike."""
    mine = _settings(row["setting"])
    best = None
    for other in white.to_dict("records"):
        theirs = _settings(other["setting"])
        alike = all(mine.get(key) == theirs.get(key) for key in {*mine, *theirs} - _STEPS)
        same = all(other[name] == row[name] for name in ("attack_module", "strategy", "access")) and alike
        if same and theirs.get("iterations", 0) < mine.get("iterations", 0):
            best = max(best or 0.0, float(other["success_percent"]))
    return best


_STEPS = {"iterations", "step"}


def _settings(text: str) -> dict[str, Any]:
    return dict(json.loads(text or "{}"))


def curves(jobs: Sequence[Job], accuracy: Mapping[tuple[str, ...], pd.DataFrame]) -> pd.DataFrame:
    """Rows of ``robustness_curves``: what is left after so many iterations of an attack that stops where it succeeds.

    Up to the attack's own number of iterations; the same run tells of all fewer.
    """
    parts = []
    for row, records in jobs:
        settings = _settings(str(row["settings"]))
        right = records[records["right"]]
        # attacks on labels alone have none, which is NaN where records of others stand beside theirs
        # an attack that wraps another one takes its steps
        wrapped = settings.get("attack")
        steps = wrapped.get("settings", {}) if isinstance(wrapped, dict) else settings
        if "first_success" not in right or right["first_success"].isna().any() or "iterations" not in steps:
            continue
        most = int(steps["iterations"])
        # the recognizer says whether, the attack when: a success that the attack did not see is there at its end
        first = right["first_success"].where(right["first_success"] >= 0, most).to_numpy()
        budgets = sorted({*(budget for budget in BUDGETS if budget < most), most})
        fooled = right["success"].to_numpy(bool)
        won = np.stack([100.0 * (fooled & (first <= budget)) for budget in budgets], axis=1)
        mean, low, high, _ = of_takes(won, right["take"].to_numpy(), least=0.0, most=100.0, rate=True)
        clean = float(accuracy[model_of(row)]["right"].mean())
        parts.append(
            pd.DataFrame(
                {
                    **dict(zip(MODEL, model_of(row), strict=True)),
                    "attack": str(row["attack"]),
                    "attack_module": str(row["attack_module"]),
                    "preset": str(row["preset"]),
                    "strategy": str(row["strategy"]),
                    "settings": str(row["settings"]),
                    "budget": budgets,
                    "robust_accuracy_percent": clean * (100 - mean),
                    "robust_accuracy_low": clean * (100 - high),
                    "robust_accuracy_high": clean * (100 - low),
                    "n": len(right),
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*MODEL, "attack", "budget", "n"])


def pairs(jobs: Sequence[Job]) -> pd.DataFrame:
    """Rows of ``robustness_pairs``: how much less often an attack succeeds on one defence than on another.

    Over the clips that both classify correctly, by difference within a clip; ``less_percent`` above zero speaks for
    ``defence``. ``verdict`` says whether its interval over takes is on one side.
    """
    by_run: dict[tuple[str, ...], dict[str, tuple[dict[str, Any], pd.DataFrame]]] = {}
    for row, records in jobs:
        dataset, clips, recognizer, defence, seed = model_of(row)
        by_run.setdefault((dataset, clips, recognizer, seed, str(row["attack"])), {})[defence] = row, records
    parts = []
    for (dataset, clips, recognizer, seed, attack), members in by_run.items():
        for defence, (row, records) in members.items():
            for against, (_, others) in members.items():
                if defence in (CLEAN, against):
                    continue
                both = records[records["right"]].merge(others[others["right"]], on="row", suffixes=("", "_other"))
                less = 100.0 * (both["success_other"].to_numpy(float) - both["success"].to_numpy(float))
                estimate = of_takes(less[:, None], both["take"].to_numpy(), least=-100.0, most=100.0)
                mean, low, high = (float(end[0]) for end in estimate[:3])
                parts.append(
                    {
                        **{"dataset": dataset, "clips": clips, "recognizer": recognizer, "attack": attack},
                        "attack_module": str(row["attack_module"]),
                        "defence": defence,
                        "against": against,
                        "seed": seed,
                        "n": len(both),
                        "less_percent": mean,
                        "less_low": low,
                        "less_high": high,
                    }
                )
    return pd.DataFrame(parts)


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Pairs with ``verdict``: better, worse, or no difference shown, where the interval does not leave zero."""
    low, high = table["less_low"].to_numpy(float), table["less_high"].to_numpy(float)
    words = np.where(low > 0, "better", np.where(high < 0, "worse", "no difference shown"))
    return table.assign(verdict=words)

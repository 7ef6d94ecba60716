"""What answers say: rates of each condition, of each subject, and preferences, with intervals that resample subjects.

SMART (Wang et al., CVPR 2021), section 4.5, figure 2 left and table 4; docs/definitions.md, section 16.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from kinesec import seeding
from kinesec.metrics import intervals
from kinesec.report.study.answers import screened, screens
from kinesec.report.study.trials import (
    CANNOT_TELL,
    CHECK,
    DECEITFULNESS,
    INDISTINGUISHABILITY,
    NATURALNESS,
    ORIGINAL,
    Trial,
)

RESAMPLES = 2000
# what a rate of a part is called, by what is shown
MEASURES = {
    (DECEITFULNESS, ""): "deceitfulness",
    (DECEITFULNESS, ORIGINAL): "recognized",
    (INDISTINGUISHABILITY, ""): "indistinguishability",
    (INDISTINGUISHABILITY, ORIGINAL): "sensitivity",
    (INDISTINGUISHABILITY, CHECK): "checks",
}
COLUMNS = (
    *("screen", "part", "measure", "attack", "label", "subjects", "discarded", "n", "percent", "low_percent"),
    *("high_percent", "n_effective", "answer_s_median"),
)


def rates(records: pd.DataFrame, trials: Sequence[Trial], labels: Mapping[str, str], seed: int) -> pd.DataFrame:
    """The table ``study_rates``: a row each screen, part and condition; ``labels`` print attacks' names.

    Percentages of answers that count, with 95 % intervals over subjects; of Naturalness ``preference``, how often an
    attack is chosen of the times it is shown, ``preference_normalised``, the same of all attacks made to sum to 100
    (the paper's figure 2), whose interval is a bootstrap that draws subjects, and ``cannot_tell``.
    """
    total = records["subject"].nunique()
    rows = []
    for screen, kept in screens(records).items():
        of_screen = records[kept]
        about = {
            "screen": screen,
            "subjects": of_screen["subject"].nunique(),
            "discarded": total - of_screen["subject"].nunique(),
        }
        measured = [*_counted(of_screen, trials), *_preferences(of_screen, trials, seed)]
        rows += [{**about, "label": labels.get(str(row["attack"]), row["attack"]), **row} for row in measured]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _conditions(trials: Sequence[Trial], part: str) -> list[str]:
    """Attacks first, then originals and checks."""
    named = dict.fromkeys(trial.condition for trial in trials if trial.part == part)
    return sorted(named, key=lambda name: ((ORIGINAL, CHECK).index(name) + 1 if name in (ORIGINAL, CHECK) else 0, name))


def _counted(records: pd.DataFrame, trials: Sequence[Trial]) -> list[dict[str, object]]:
    rows = []
    for part in (DECEITFULNESS, INDISTINGUISHABILITY):
        for condition in _conditions(trials, part):
            here = records[(records["part"] == part) & (records["condition"] == condition)]
            measure = MEASURES.get((part, condition), MEASURES[part, ""])
            rows.append({"part": part, "measure": measure, "attack": condition, **_rate(here, here["counts"])})
    return rows


def _rate(here: pd.DataFrame, counts: pd.Series) -> dict[str, object]:
    """The share of answers (%), its interval over subjects, and how long answers took."""
    if here.empty:
        nothing = dict.fromkeys(("percent", "low_percent", "high_percent", "n_effective", "answer_s_median"), np.nan)
        return {"n": 0, **nothing}
    values = 100.0 * counts.to_numpy(float)[:, None]
    estimate = intervals.of_takes(values, here["subject"].to_numpy(), least=0.0, most=100.0, rate=True)
    alone = here["subject"].nunique() < 2  # one person says nothing of others
    return {
        "n": len(here),
        "percent": float(estimate.mean[0]),
        "low_percent": np.nan if alone else float(estimate.low[0]),
        "high_percent": np.nan if alone else float(estimate.high[0]),
        "n_effective": float(estimate.n_effective[0]),
        "answer_s_median": float(np.median(here["answer_ms"])) / 1000,
    }


def _shown(records: pd.DataFrame, trials: Sequence[Trial]) -> pd.Series:
    """The attacks that each record's trial shows."""
    return records["trial"].map({trial.id: trial.shown for trial in trials})


def _preferences(records: pd.DataFrame, trials: Sequence[Trial], seed: int) -> list[dict[str, object]]:
    attacks = list(dict.fromkeys(name for trial in trials if trial.part == NATURALNESS for name in trial.shown))
    if not attacks:
        return []
    attacks.sort()
    here = records[records["part"] == NATURALNESS]
    shown = _shown(here, trials)
    rows: list[dict[str, object]] = []
    for attack in attacks:
        with_it = here[[attack in names for names in shown]] if len(here) else here
        row = _rate(with_it, with_it["chosen"] == attack)
        rows.append({"part": NATURALNESS, "measure": "preference", "attack": attack, **row})
    whole = _normalised(here, shown, attacks, seed)
    for row, ends in zip(rows.copy(), whole, strict=True):
        rows.append({**row, **ends, "measure": "preference_normalised", "n_effective": np.nan})
    unsure = _rate(here, here["chosen"] == CANNOT_TELL)
    return [*rows, {"part": NATURALNESS, "measure": CANNOT_TELL, "attack": "", **unsure}]


def _normalised(here: pd.DataFrame, shown: pd.Series, attacks: Sequence[str], seed: int) -> list[dict[str, float]]:
    """Preferences of all attacks over their sum (%), with the ends of percentile intervals."""
    subjects = sorted(here["subject"].unique())
    if not subjects:
        return [dict.fromkeys(("percent", "low_percent", "high_percent"), np.nan) for _ in attacks]
    chosen, times = np.zeros((2, len(subjects), len(attacks)))
    for place, subject in enumerate(subjects):
        rows = here["subject"] == subject
        for index, attack in enumerate(attacks):
            chosen[place, index] = (here.loc[rows, "chosen"] == attack).sum()
            times[place, index] = sum(attack in names for names in shown[rows])
    drawn = seeding.generator(seed, "study", "intervals").multinomial(
        len(subjects), np.full(len(subjects), 1 / len(subjects)), RESAMPLES
    )

    def shares(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = (weights @ chosen) / (weights @ times)
            return np.asarray(100 * rate / rate.sum(-1, keepdims=True))

    mean = shares(np.ones(len(subjects)))
    ends = np.full((2, len(attacks)), np.nan)
    resampled = shares(drawn.astype(float))
    if len(subjects) > 1 and not np.isnan(resampled).all():
        ends = np.nanpercentile(resampled, [2.5, 97.5], axis=0)
    return [
        {"percent": float(mean[i]), "low_percent": float(ends[0, i]), "high_percent": float(ends[1, i])}
        for i in range(len(attacks))
    ]


def subjects(records: pd.DataFrame) -> pd.DataFrame:
    """The table ``study_subjects``: a row each subject, their screens, rates over all attacks and median times (s).

    Percentages of attacked clips alone: ``deceitfulness_percent``, ``indistinguishability_percent``; of Naturalness
    ``cannot_tell_percent``.
    """
    made = screened(records)
    attacked = records[~records["condition"].isin([ORIGINAL, CHECK])]
    for part in (DECEITFULNESS, INDISTINGUISHABILITY):
        counted = attacked[attacked["part"] == part].groupby("subject")["counts"].mean()
        made[f"{part}_percent"] = 100 * _of_each(counted, made.index)
    unsure = attacked[attacked["part"] == NATURALNESS]
    share = (unsure["chosen"] == CANNOT_TELL).groupby(unsure["subject"]).mean()
    made["cannot_tell_percent"] = 100 * _of_each(share, made.index)
    made["n"] = records.groupby("subject").size().reindex(made.index)
    made["answer_s_median"] = records.groupby("subject")["answer_ms"].median().reindex(made.index) / 1000
    return made.reset_index()


def _of_each(values: pd.Series, index: pd.Index) -> pd.Series:
    """Values of each subject, NaN where there is none."""
    return values.reindex(index).astype(float)


def pairs(records: pd.DataFrame, trials: Sequence[Trial], labels: Mapping[str, str]) -> pd.DataFrame:
    """The table ``study_pairs``: Naturalness pair by pair, how often which of the two was chosen, by screen."""
    columns = ["screen", "attack", "other", "label", "other_label", "n", "attack_chosen", "other_chosen", CANNOT_TELL]
    rows = []
    for screen, kept in screens(records).items():
        here = records[kept & (records["part"] == NATURALNESS).to_numpy()]
        for name in sorted({trial.condition for trial in trials if trial.part == NATURALNESS}):
            attack, other = name.split(" vs ")
            chosen = here.loc[here["condition"] == name, "chosen"]
            counts = [int((chosen == what).sum()) for what in (attack, other, CANNOT_TELL)]
            names = [attack, other, labels.get(attack, attack), labels.get(other, other)]
            rows.append(dict(zip(columns, [screen, *names, len(chosen), *counts], strict=True)))
    return pd.DataFrame(rows, columns=columns)

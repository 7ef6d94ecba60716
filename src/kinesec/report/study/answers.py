"""The answers that people saved from a study's page: checked file by file, joined with what was shown, screened."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kinesec.errors import KinesecError
from kinesec.report.study.trials import CHECK, INDISTINGUISHABILITY, ORIGINAL, Trial

FORMAT, VERSION = "kinesec study answers", 1
LEAST_PERCENT = 80.0  # of a screen's trials answered rightly: SMART, section 4.5
LARGEST_BYTES = 4_000_000
LONGEST_MS = 86_400_000
_KEYS = {"format", "version", "page_version", "trials_sha256", "session", "consent", "answers"}
_ANSWER = {"trial", "choice", "shown_ms", "answer_ms"}


def read(paths: Sequence[Path], trials: Sequence[Trial], trials_sha256: str) -> pd.DataFrame:
    """Every answer of every file, a row each, subjects in the order of their numbers.

    Columns ``subject`` (the page's random number), ``trial``, ``part``, ``condition``, ``row``, ``choice`` (from 1),
    ``chosen`` (what it stands for), ``counts`` (whether it is the one that counts; of Naturalness none is),
    ``shown_ms``, ``answer_ms``. Raises ``KinesecError``, one line that names the file, for a file that is no complete
    set of answers to these trials or has those of a person that another file has.
    """
    by_session: dict[str, tuple[Path, list[dict[str, Any]]]] = {}
    for path in sorted(paths):
        content = _checked(path, trials, trials_sha256)
        if content["session"] in by_session:
            other = by_session[content["session"]][0].name
            raise _error(path, f"the answers of {other} again", "those of another person", "take one of the two away")
        by_session[content["session"]] = path, content["answers"]
    if not by_session:
        raise KinesecError("study: found no file of answers, expected one or more; put those that people saved there")
    known = {trial.id: trial for trial in trials}
    rows = [
        {
            "subject": session,
            "trial": answer["trial"],
            "part": (trial := known[answer["trial"]]).part,
            "condition": trial.condition,
            "row": trial.row,
            "choice": answer["choice"],
            "chosen": trial.options[answer["choice"] - 1],
            "counts": answer["choice"] == trial.counted,
            "shown_ms": answer["shown_ms"],
            "answer_ms": answer["answer_ms"],
        }
        for session, (_, answers) in sorted(by_session.items())
        for answer in answers
    ]
    return pd.DataFrame(rows)


def _error(path: Path, told: str, expected: str, mend: str) -> KinesecError:
    return KinesecError(f"{path}: found {told}, expected {expected}; {mend}")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stands twice")
    return made


def _loaded(path: Path) -> Any:
    again = "take the file away, or ask for it as the page saved it"
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise _error(path, f"{size} bytes", f"at most {LARGEST_BYTES}", again)
        text = path.read_bytes().decode("utf-8")
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    except OSError as error:
        raise _error(path, f"a file that cannot be read ({error.strerror})", "a file of answers", again) from None
    except (ValueError, RecursionError) as error:  # of text and of JSON
        reason = str(error).splitlines()[0][:80] if str(error) else "nested too deep"
        raise _error(path, f"no JSON ({reason})", "a file of answers", again) from None


def _checked(path: Path, trials: Sequence[Trial], trials_sha256: str) -> dict[str, Any]:
    content = _loaded(path)
    again = "take the file away, or ask for it as the page saved it"
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _error(path, "something else", f"a file of format {FORMAT!r}", again)
    if content.get("version") != VERSION or isinstance(content["version"], bool):
        raise _error(path, f"version {_short(content.get('version'))}", f"{VERSION}", "use the page of this release")
    odd = sorted(_KEYS ^ content.keys())
    if odd:
        what = f"no {odd[0]!r}" if odd[0] in _KEYS else f"an unknown key {_short(odd[0])}"
        raise _error(path, what, f"the keys {', '.join(sorted(_KEYS))}", again)
    if content["trials_sha256"] != trials_sha256:
        told = _short(content["trials_sha256"])[:14]
        mend = "take the file away, or read it in the run whose page it was saved from"
        raise _error(path, f"answers to the trial list {told}", f"those to {trials_sha256[:12]}", mend)
    if not isinstance(content["session"], str) or not re.fullmatch(r"[0-9a-f]{32}", content["session"]):
        raise _error(path, f"session {_short(content['session'])}", "32 hexadecimal digits", again)
    if not isinstance(content["page_version"], str) or not re.fullmatch(r"[0-9a-f]{12}", content["page_version"]):
        raise _error(path, f"page_version {_short(content['page_version'])}", "12 hexadecimal digits", again)
    if content["consent"] is not True:
        raise _error(path, f"consent {_short(content['consent'])}", "true", "take the file away: nobody agreed")
    if not isinstance(content["answers"], list):
        raise _error(path, f"answers {_short(content['answers'])}", "a list", again)
    _check_answers(path, content["answers"], trials)
    return content


def _check_answers(path: Path, answers: list[Any], trials: Sequence[Trial]) -> None:
    again = "take the file away, or ask for it as the page saved it"
    known = {trial.id: trial for trial in trials}
    seen: set[str] = set()
    for place, answer in enumerate(answers, start=1):
        if not isinstance(answer, dict) or answer.keys() != _ANSWER:
            raise _error(path, f"answer {place} {_short(answer)}", f"an object of {', '.join(sorted(_ANSWER))}", again)
        name = answer["trial"]
        if not isinstance(name, str) or name not in known:
            raise _error(path, f"an answer to trial {_short(name)}", "one of the trial list", again)
        if name in seen:
            raise _error(path, f"trial {name} answered twice", "one answer to each", again)
        seen.add(name)
        count = len(known[name].options)
        if not _whole(answer["choice"]) or not 1 <= answer["choice"] <= count:
            raise _error(path, f"trial {name}: choice {_short(answer['choice'])}", f"1 to {count}", again)
        for key in ("shown_ms", "answer_ms"):
            if not _whole(answer[key]) or not 0 <= answer[key] <= LONGEST_MS:
                raise _error(path, f"trial {name}: {key} {_short(answer[key])}", f"0 to {LONGEST_MS}", again)
    missing = [trial.id for trial in trials if trial.id not in seen]
    if missing:
        told = f"no answer to trial {missing[0]} and {len(missing) - 1} others"
        raise _error(path, told, f"one to each of {len(trials)}", "ask for a finished study, or take the file away")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def screened(records: pd.DataFrame) -> pd.DataFrame:
    """Each subject's screens, a row each, indexed by ``subject``.

    ``sensitivity_percent``: pairs of the same motion that were called the same; ``checks_percent``: obvious
    perturbations that were called changed; NaN where there is no such trial. ``kept_by_sensitivity`` is the paper's
    screen, 80 % or more; ``kept_by_both`` (ours) asks that of both. What is NaN screens nobody.
    """
    pairs = records[records["part"] == INDISTINGUISHABILITY]
    subjects = pd.Index(sorted(records["subject"].unique()), name="subject")

    def percent(condition: str) -> pd.Series:
        right = pairs[pairs["condition"] == condition].groupby("subject")["counts"].mean()
        return 100 * right.reindex(subjects).astype(float)

    made = pd.DataFrame({"sensitivity_percent": percent(ORIGINAL), "checks_percent": percent(CHECK)}, subjects)
    passed = made.isna() | (made >= LEAST_PERCENT - 1e-9)
    made["kept_by_sensitivity"] = passed["sensitivity_percent"]
    made["kept_by_both"] = passed.all(axis=1)
    return made


def screens(records: pd.DataFrame) -> dict[str, np.ndarray]:
    """Which records (record,) each screen keeps: ``none`` all, ``sensitivity`` as the paper, ``both`` ours."""
    of = screened(records).loc[records["subject"]]
    return {
        "none": np.ones(len(records), bool),
        "sensitivity": of["kept_by_sensitivity"].to_numpy(bool),
        "both": of["kept_by_both"].to_numpy(bool),
    }

"""The perceptual study of a run: which attacks it shows, and where its page, answers and tables lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinesec.errors import ConfigError
from kinesec.plan import paths
from kinesec.plan.figures import STILL, Figure
from kinesec.plan.prediction_names import check_known
from kinesec.plan.recognition import Recognition

TABLES = ("study_rates", "study_subjects", "study_pairs")
KEY = "configuration: study"


def check_study(config: Mapping[str, Any]) -> None:
    """Raises ``ConfigError`` for a name in ``study`` that the part ``recognition`` has nothing of."""
    study = config.get("study")
    if study is None:
        return
    recognition = config.get("recognition")
    if recognition is None:
        raise ConfigError(f"{KEY}: found no `recognition`, expected the attacks whose clips it shows")
    check_known(study["dataset"], dict.fromkeys(recognition["datasets"]), f"{KEY}.dataset")
    check_known(study["recognizer"], recognition["recognizers"], f"{KEY}.recognizer")
    for part in ("attacks", "ablations"):
        for name in study[part]:
            check_known(name, recognition["attacks"], f"{KEY}.{part}")
            _check_attack(name, study["recognizer"], config, f"{KEY}.{part}")
    both = [name for name in study["ablations"] if name in study["attacks"]]
    if both:
        raise ConfigError(f"{KEY}.ablations: found {both[0]!r}, which stands in attacks, too, expected others")
    if study["answers"] is not None:
        saved(study["answers"])


def _check_attack(name: str, recognizer: str, config: Mapping[str, Any], key: str) -> None:
    """The run tries the attack on the recognizer's model of the first seed."""
    recognition = config["recognition"]
    attack = recognition["attacks"][name]
    tried = [victim for victim, spec in recognition["recognizers"].items() if spec.get("attacked", True)]
    if recognizer not in attack.get("recognizers", tried):
        raise ConfigError(f"{key}: found {name!r}, which is not tried on {recognizer}, expected an attack that is")
    seeds = recognition.get("seeds", config["seeds"])
    for spec in (attack, recognition["recognizers"][recognizer]):
        if seeds[0] not in spec.get("seeds", seeds):
            raise ConfigError(f"{key}: found {name!r} without seed {seeds[0]}, the run's first, expected it attacked")


def saved(folder: str) -> list[str]:
    """The files of answers in a folder.

    Raises ``ConfigError`` for a folder that is not there or holds none.
    """
    files = sorted(path.as_posix() for path in Path(folder).glob("*.json") if not path.name.startswith("."))
    if not files:
        told = "no *.json in it" if Path(folder).is_dir() else "no such folder"
        raise ConfigError(
            f"{KEY}.answers: {folder}: found {told}, expected the files that people saved; put them there, or leave "
            "`answers` out until there are some"
        )
    return files


@dataclass(frozen=True, kw_only=True)
class Study:
    """The checked part ``study`` of a configuration (``part``, empty where it has none) and what it asks for."""

    part: Mapping[str, Any]
    folder: str
    recognition: Recognition

    @property
    def settings(self) -> dict[str, Any]:
        """What makes the trials and the page."""
        return {key: value for key, value in self.part.items() if key != "answers"}

    @property
    def attacks(self) -> list[str]:
        """All attacks that the study shows, the ablations last."""
        return [*self.part["attacks"], *self.part["ablations"]]

    @property
    def page(self) -> str:
        return f"{self.folder}/study/index.html"

    @property
    def trials(self) -> str:
        """The trial list, which tells the answers that count: not beside the page, whose folder is handed out."""
        return f"{self.folder}/study_trials.json"

    @property
    def pages(self) -> list[str]:
        """The page, where the run has a study."""
        return [self.page, self.trials] if self.part else []

    @property
    def answers(self) -> list[str]:
        """The files of answers; none where no folder of them is named."""
        return saved(self.part["answers"]) if self.tables else []

    @property
    def tables(self) -> list[str]:
        """The names of the tables that answers make."""
        return list(TABLES) if self.part.get("answers") is not None else []

    @property
    def figure(self) -> str:
        """The name of the figure that answers make."""
        return f"study-{self.part.get('dataset', 'none')}-{self.part.get('recognizer', 'none')}"

    def figures(self) -> Iterator[Figure]:
        """The figure that answers make."""
        if self.tables:
            yield Figure(
                self.figure,
                STILL,
                f"What people saw of attacks on {self.part['recognizer']}, {self.part['dataset']}, by SMART's "
                "definitions and screen: attacked clips still called by their true class (Deceitfulness), which attack "
                "looks more natural (preferences of all attacks over their sum), pairs that were called the same "
                "(Indistinguishability; grey: of the same clip twice, and of obvious perturbations). Bars: 95 % "
                "intervals over subjects; dots: subjects; dashed: by chance.",
            )

    def inputs(self) -> dict[str, str | list[str]]:
        """The clips, and the shards, records and tables of the attacks on the recognizer's model of the first seed."""
        data, recognizer = self.part["dataset"], self.part["recognizer"]
        clips = self.recognition.clips_on(recognizer, data)
        if clips is None:
            raise ConfigError(f"{KEY}.recognizer: found {recognizer!r}, not trained on {data}, expected another")
        known = {"data": data, "clips": clips, "recognizer": recognizer, "seed": str(self.recognition.seeds[0])}
        return {
            "clips": paths.filled(paths.CLIPS, **known),
            "shards": [
                paths.filled(paths.SHARD, **known, attack=attack, shard=shard)
                for attack in self.attacks
                for shard in self.recognition.shards
            ],
            "records": [paths.filled(paths.ATTACK_RECORDS, **known, attack=attack) for attack in self.attacks],
            "tables": [paths.filled(paths.ATTACK_TABLE, **known, attack=attack) for attack in self.attacks],
        }


def study(part: Mapping[str, Any], folder: str, recognition: Recognition) -> Study:
    """What the checked part ``study`` of a configuration asks for; nothing when it is empty."""
    return Study(part=part, folder=folder, recognition=recognition)

"""The plan of a run, made once from its checked configuration: what the rules look up, stage by stage."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kinesec.plan import paths, scenes
from kinesec.plan.added_figures import AddedFigure, added_figures, described
from kinesec.plan.backdoor import CLEAN, SKELETON, VIDEO, Backdoor, backdoor
from kinesec.plan.defences import Defences, defences
from kinesec.plan.figures import Figure, of_backdoors, of_blackbox, of_prediction, of_recognition, of_robustness
from kinesec.plan.prediction import Prediction, prediction
from kinesec.plan.recognition import Recognition, recognition
from kinesec.plan.robustness import Robustness, robustness
from kinesec.plan.sources import Source, source
from kinesec.plan.study import Study, study
from kinesec.plan.trigger_strength import TriggerStrength, trigger_strength
from kinesec.plan.video import Video, video

# the tables that published numbers stand for
_COMPARED = ("prediction_backdoor", "recognition_attacks", "transfer", "backdoor_recognition", "detection")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run makes: its data sets by name, its stages, the tables and figures that it ends in.

    ``shown`` is the configuration as the report and the crate show it.
    """

    run: str
    shown: dict[str, Any]
    sources: Mapping[str, Source]
    prediction: Prediction
    strength: TriggerStrength
    defences: Defences
    recognition: Recognition
    robustness: Robustness
    video: Video
    backdoors: Mapping[str, Backdoor]
    study: Study
    figures_of_prediction: tuple[Figure, ...]
    figures_of_recognition: tuple[Figure, ...]
    figures_of_blackbox: tuple[Figure, ...]
    figures_of_robustness: tuple[Figure, ...]
    figures_of_backdoors: tuple[Figure, ...]
    added_figures: Mapping[str, AddedFigure] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Where the run leaves its tables, figures and report."""
        return f"results/artifacts/{self.run}"

    @property
    def verdicts(self) -> str:
        """The file of the run's verdicts, which the report writes and the run's end reads."""
        return f"{self.folder}/report/verdicts.json"

    @property
    def seeds(self) -> list[int]:
        """The seeds of all that is trained, each part's own."""
        parts = [
            self.prediction.all_seeds if self.prediction.datasets else (),
            self.recognition.seeds if self.recognition.datasets else (),
            self.robustness.seeds if self.robustness.models else (),
            *(on.seeds if on.victims else () for on in self.backdoors.values()),
        ]
        return sorted({seed for seeds in parts for seed in seeds})

    @property
    def modules(self) -> dict[str, str]:
        """The module of each data set of the run."""
        return {name: source.module for name, source in self.sources.items()}

    @property
    def prediction_tables(self) -> list[str]:
        """The names of the run's tables on prediction."""
        backdoors = ["prediction_backdoor"] if self.prediction.datasets else []
        strength = ["trigger_strength"] if self.strength.files("") else []
        defences = ["prediction_defences"] if self.defences.specs else []
        return [*backdoors, *self.poison_tables, *strength, *defences]

    @property
    def poison_tables(self) -> list[str]:
        """The names of the run's tables on the windows that were poisoned."""
        return ["prediction_stealth", "prediction_selected"] if self.prediction.compared else []

    @property
    def recognition_tables(self) -> list[str]:
        """The names of the run's tables on recognition."""
        named = ["recognition_accuracy"] if self.recognition.datasets else []
        if self.recognition.attack_files(paths.ATTACK_TABLE):
            named += ["recognition_attacks", "attack_curves", "attack_pairs", "smart_table_1", "smart_table_4"]
        if self.recognition.tunings():
            named.append("attack_tuning")
        if any("epsilon_mm" in self.recognition.attacks[name] for name in self.recognition.of_tables):
            named.append("attack_bounds")
        if self.recognition.transfers():
            named += ["transfer", "smart_table_2", "smart_table_3"]
        return named

    @property
    def blackbox_tables(self) -> list[str]:
        """The names of the run's tables on hard-label attacks."""
        some = self.recognition.attack_files(paths.ATTACK_TABLE, self.recognition.hard_label)
        return ["blackbox", "blackbox_queries"] if some else []

    @property
    def robustness_tables(self) -> list[str]:
        """The names of the run's tables on defences of recognizers."""
        if not self.robustness.models:
            return []
        certified = ["certificates"] if self.robustness.certificates() else []
        return ["robustness", "robustness_curves", "robustness_pairs", *certified]

    @property
    def backdoor_tables(self) -> list[str]:
        """The names of the run's tables on backdoors of classifiers."""
        tables = ["backdoor_recognition"] if any(on.victims for on in self.backdoors.values()) else []
        repairs = {repair for on in self.backdoors.values() for repair in on.repairs}
        detection = ["detection"] if False in repairs else []
        return [*tables, *detection, *(["backdoor_repairs"] if True in repairs else [])]

    def network_code(self, modality: str, network: str) -> str:
        """The module of a classifier of clips or of videos."""
        of = self.recognition.recognizer_code if modality == SKELETON else self.video.network_code
        return of(network)

    @property
    def triggers_code(self) -> list[str]:
        """The modules of all triggers of classifiers, which tables ask for their settings."""
        return sorted({on.poison_code(name) for on in self.backdoors.values() for name in on.poisons})

    def rendered(self, wildcards: Mapping[str, str], poison: str) -> list[str]:
        """The clips that videos were rendered from, where a poison's trigger is one of motions; else none."""
        if wildcards["modality"] == SKELETON or poison == CLEAN:
            return []
        if self.backdoors[VIDEO].poisons[poison]["form"] == "video":
            return []
        clips = self.video.clips(wildcards["samples"])
        return [paths.filled(paths.CLIPS, data=wildcards["data"], clips=clips)]

    def backdoor_files(self, pattern: str) -> list[str]:
        """A file of every poisoned classifier of the run."""
        return [path for on in self.backdoors.values() for path in on.files(pattern)]

    def detections(self, pattern: str) -> list[str]:
        """A file of every search of a classifier by a detector."""
        return [path for on in self.backdoors.values() for path in on.detections(pattern)]

    def of_backdoors(self) -> dict[str, dict[str, Any]]:
        """What tables say of poisons, of networks and of detectors, each by modality and name."""
        networks = {
            SKELETON: {name: self.recognition.recognizer(name) for name in self.recognition.recognizers},
            VIDEO: {name: self.video.network(name) for name in self.video.networks},
        }
        return {
            "poisons": {name: on.described() for name, on in self.backdoors.items()},
            "networks": networks,
            "detectors": {name: dict(on.detectors) for name, on in self.backdoors.items()},
        }

    @property
    def compared_tables(self) -> list[str]:
        """The names of the tables that published numbers are set beside."""
        named = (*self.prediction_tables, *self.recognition_tables, *self.backdoor_tables)
        return [name for name in named if name in _COMPARED]

    @property
    def table_names(self) -> list[str]:
        """The names of all tables of the run."""
        return [
            *self.prediction_tables,
            *self.recognition_tables,
            *self.blackbox_tables,
            *self.robustness_tables,
            *self.backdoor_tables,
            *self.study.tables,
            "paper_comparison",
        ]

    def table_files(self, names: Iterable[str]) -> list[str]:
        """The files of some tables."""
        return [f"{self.folder}/tables/{name}.csv" for name in names]

    def table_outputs(self, names: Sequence[str]) -> dict[str, str]:
        """The outputs of the rule of some tables, by the tables' names."""
        return dict(zip(names, self.table_files(names), strict=True))

    def tables(self) -> list[str]:
        """The files of all tables of the run."""
        return self.table_files(self.table_names)

    def figure_files(self, figures: Iterable[Figure]) -> list[str]:
        """The files of some figures."""
        return [file for figure in figures for file in figure.files(f"{self.folder}/figures")]

    def figure(self, name: str, *suffixes: str) -> dict[str, str]:
        """The outputs of a figure's rule, by their suffixes."""
        return {suffix: f"{self.folder}/figures/{name}.{suffix}" for suffix in suffixes}

    @property
    def attack_scenes(self) -> str:
        """What the figures of a recognizer's attacks show; the run's own, as which attacks are pictured is."""
        return f"{self.folder}/scenes/{{shown}}-{{data}}-{{recognizer}}.zarr/zarr.json"

    def scenes(self) -> dict[str, list[str]]:
        """The stores of the motions that the report's viewer shows, by their titles, in its order."""
        return {
            **dict(scenes.of_prediction(self.prediction)),
            **dict(scenes.of_recognition(self.recognition, self.attack_scenes)),
            **dict(scenes.of_backdoor(self.backdoors[SKELETON])),
        }

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures of the run, in the report's order."""
        recognizers = (*self.figures_of_recognition, *self.figures_of_blackbox, *self.figures_of_robustness)
        classifiers = (*recognizers, *self.figures_of_backdoors)
        return (*self.figures_of_prediction, *classifiers, *self.study.figures(), *described(self.added_figures))

    def captions(self) -> dict[str, str]:
        """The caption of each figure."""
        return {figure.name: figure.caption for figure in self.figures}

    def workflow_files(self, repository: Path) -> list[str]:
        """What the crate keeps of the workflow, the Snakefile first, so that its includes are found beside it."""
        rules = repository.glob("workflow/rules/*.smk")
        manifests = {source.manifest for source in self.sources.values() if source.manifest}
        return [
            "Snakefile",
            *sorted(path.relative_to(repository).as_posix() for path in rules),
            *sorted(manifests),
        ]


def plan(config: Mapping[str, Any], data: Mapping[str, Mapping[str, Any]]) -> Plan:
    """The plan of a configuration that ``configuration`` checked, whose data sets' settings are ``data``.

    Raises ``ConfigError`` for a figure that the configuration adds and that cannot be drawn.
    """
    sources = {name: source(settings) for name, settings in data.items()}
    on_prediction = prediction(config.get("prediction", {}), sources, config["seeds"])
    on_strength = trigger_strength(on_prediction)
    on_defences = defences(on_prediction)
    on_recognition = recognition(config.get("recognition", {}), config["seeds"])
    on_robustness = robustness(on_recognition)
    on_video = video(config.get("video", {}), on_recognition.datasets)
    backdoors = {
        SKELETON: backdoor(
            SKELETON,
            on_recognition.part.get("backdoor", {}),
            seeds=config["seeds"],
            datasets=on_recognition.datasets,
            samples_of=on_recognition.samples_of,
        ),
        VIDEO: backdoor(
            VIDEO,
            on_video.part.get("backdoor", {}),
            seeds=config["seeds"],
            datasets=on_video.datasets,
            samples_of=on_video.samples_of,
        ),
    }
    planned = Plan(
        run=config["run"],
        shown=_shown(config),
        sources=sources,
        prediction=on_prediction,
        strength=on_strength,
        defences=on_defences,
        recognition=on_recognition,
        robustness=on_robustness,
        video=on_video,
        backdoors=backdoors,
        study=study(config.get("study", {}), f"results/artifacts/{config['run']}", on_recognition),
        figures_of_prediction=tuple(of_prediction(on_prediction, on_defences, on_strength)),
        figures_of_recognition=tuple(of_recognition(on_recognition)),
        figures_of_blackbox=tuple(of_blackbox(on_recognition)),
        figures_of_robustness=tuple(of_robustness(on_robustness)),
        figures_of_backdoors=tuple(of_backdoors(backdoors.values())),
    )
    return replace(planned, added_figures=added_figures(config.get("figures", {}), planned.table_names))


def _shown(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration in one order, whichever keys were written out and whichever filled in.

    Without its mirror, which is where files came from and not what they are.
    """
    shown: dict[str, Any] = json.loads(json.dumps(config, sort_keys=True))
    shown.pop("mirror", None)
    return shown

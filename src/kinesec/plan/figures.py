"""Which figures a run draws: those that its configuration has something to show in, with their captions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from kinesec.plan.backdoor import SKELETON, Backdoor
from kinesec.plan.defences import Defences
from kinesec.plan.prediction import Prediction
from kinesec.plan.recognition import Recognition
from kinesec.plan.robustness import Robustness
from kinesec.plan.trigger_strength import TriggerStrength

STILL = ("pdf", "svg", "png")
MOVING = ("webp", "png")
MOST_WITH_CONTROL = 6  # targets in a transfer matrix, past which a cell has no room for a second line
TESTED = "Bars and bands: 95 % intervals over test windows, and over seeds where there are several."


@dataclass(frozen=True)
class Figure:
    """A figure: its name, which is that of its files too, their suffixes, and its caption in the report."""

    name: str
    suffixes: tuple[str, ...]
    caption: str

    def files(self, folder: str) -> list[str]:
        """The figure's files in a folder."""
        return [f"{folder}/{self.name}.{suffix}" for suffix in self.suffixes]


def of_prediction(prediction: Prediction, defences: Defences, strength: TriggerStrength) -> Iterator[Figure]:
    """The figures of predictors, their backdoors under planned and imperfect triggers, and the defences."""
    for data, predictor in product(prediction.datasets, prediction.predictors):
        yield from _of_predictor(prediction, data, predictor)
    if prediction.strategies:
        for data, protocol in product(prediction.datasets, prediction.protocols):
            yield Figure(
                f"stealth-{data}-{protocol}",
                STILL,
                f"Smoothness and bone lengths of poisoned training windows of {data}, {protocol}, by selection, beside "
                "the same windows before poisoning and all training windows; whole windows and the seam between "
                "history and future. Means over windows; bars and bands: 95 % intervals.",
            )
    for data, predictor in product(prediction.datasets, strength.predictors if strength.files("") else ()):
        yield Figure(
            f"trigger_strength-{data}-{predictor}",
            STILL,
            f"Triggers that are performed and captured imperfectly, {predictor} on {data}: share of windows within the "
            "threshold of the attacker's target (ASR), and of the target of what the model sees (as seen), distance to "
            "the first (BDE) and error on clean windows under the same disturbance (CDE), of victims and of the clean "
            f"model. Dotted: without a disturbance. {TESTED}",
        )
    for data, predictor in product(prediction.datasets, defences.predictors):
        yield from _of_defences(defences, data, predictor)


def _of_predictor(prediction: Prediction, data: str, predictor: str) -> Iterator[Figure]:
    of = f"{predictor} on {data}"
    triggered = ", triggered windows against the attacker's target" if prediction.strategies else ""
    yield Figure(
        f"horizons-{data}-{predictor}",
        STILL,
        f"Error per horizon of {of}: clean windows against the true future{triggered}. {TESTED}",
    )
    if len(prediction.ratios) > 1:
        yield Figure(
            f"ratio-{data}-{predictor}",
            STILL,
            f"Errors of {of} against the share of poisoned training windows: CDE on clean windows, BDE on "
            f"triggered ones, averaged over all future frames. {TESTED}",
        )
    if prediction.strategies:
        yield Figure(
            f"near_misses-{data}-{predictor}",
            STILL,
            f"Near misses of the backdoor of {of}: distance to the target (BDE) and share of windows within "
            "the threshold (ASR) when the triggered limb is turned about its anchor, when half the history carries "
            f"the trigger, when the wrong limb does, and on the clean windows whose limb is nearest to it. {TESTED}",
        )
    for strategy in prediction.pictured:
        caption = (
            f"A clean window and the same one triggered ({strategy}), with what the clean model and the victim of "
            f"{of} predict over the truth or the attacker's target. The window is the test window of median error."
        )
        yield Figure(f"filmstrip-{data}-{predictor}-{strategy}", STILL, caption)
        yield Figure(f"animation-{data}-{predictor}-{strategy}", MOVING, f"{caption} Animated.")


def _of_defences(defences: Defences, data: str, predictor: str) -> Iterator[Figure]:
    if defences.detectors:
        yield Figure(
            f"roc-{data}-{predictor}",
            STILL,
            f"Detectors of the backdoors of {predictor} on {data}: true against false positives. Dashed: the same "
            "detector on a clean model or a clean training set.",
        )
    if defences.tunings:
        yield Figure(
            f"fine_tuning-{data}-{predictor}",
            STILL,
            f"Fine-tuning {predictor} on {data}: errors on clean windows (CDE) and distance to the target on "
            "triggered ones (BDE) after each epoch, of the victim and of the clean model.",
        )


def of_recognition(recognition: Recognition) -> Iterator[Figure]:
    """The figures of recognizers, attacks and transfer."""
    for data, clips in product(recognition.datasets, recognition.clips):
        yield from _of_clips(recognition, data, clips)
    for data, recognizer in product(recognition.datasets, recognition.recognizers):
        if recognition.clips_on(recognizer, data):
            yield from _of_recognizer(recognition, data, recognizer)


def _of_clips(recognition: Recognition, data: str, clips: str) -> Iterator[Figure]:
    members = [name for name in recognition.recognizers if recognition.clips_on(name, data) == clips]
    for strategy in recognition.strategies(members):
        yield Figure(
            f"attack_curves-{data}-{clips}-{strategy}",
            STILL,
            f"Success of the {strategy} attacks on {data}, {clips}, within a budget of perceptual cost; the dot is at "
            "the mean cost of the clips that succeed. Bands: 95 % intervals over takes.",
        )
    if any("epsilon_mm" in recognition.attacks[name] for name in recognition.attacks_on(members)):
        yield Figure(
            f"attack_bounds-{data}-{clips}",
            STILL,
            f"Success of bounded attacks on {data}, {clips}, by the farthest that they may move a coordinate. Bands: "
            "95 % intervals over takes.",
        )
    if recognition.transferred and len(members) > 1:
        few = len(recognition.targets(data, clips)) <= MOST_WITH_CONTROL
        control = ", and below it the 95 % interval of the control, each clip with another one's change" if few else ""
        yield Figure(
            f"transfer_matrix-{data}-{clips}",
            STILL,
            f"Clips of {data}, {clips}, attacked on one recognizer (row) and shown to another (column): success over "
            f"the clips that the second classifies correctly unattacked{control}. Framed: the white-box attack; "
            "dashed: the two have a network in common, which is no transfer.",
        )


def _of_recognizer(recognition: Recognition, data: str, recognizer: str) -> Iterator[Figure]:
    of = f"{recognizer} on {data}"
    yield Figure(
        f"confusion-{data}-{recognizer}",
        STILL,
        f"Confusion of {of}: share of each class's test clips, over all seeds.",
    )
    attacks = recognition.pictured_attacks(recognizer)
    if not attacks:
        return
    named = ", ".join(attacks)
    yield Figure(
        f"joint_displacement-{data}-{recognizer}",
        STILL,
        f"How far attacks ({named}) move each joint of {of}: mean and standard deviation over the clips on which "
        "they succeed. Lines: quartiles of the clips.",
    )
    yield Figure(
        f"displacement_correlation-{data}-{recognizer}",
        STILL,
        f"Which joints {attacks[0]} moves together on {of}, and with what: Pearson correlation of joints' "
        "displacements with each other, and with the clean motion's speed and acceleration.",
    )
    yield from _pictures("attack", data, recognizer, attacks)


def _pictures(shown: str, data: str, recognizer: str, attacks: list[str]) -> Iterator[Figure]:
    known = " by their labels alone" if shown == "blackbox" else ""
    caption = (
        f"A test clip, clean and as attacked{known} ({', '.join(attacks)}), with the class that {recognizer} on {data} "
        "predicts. The clip is that of median displacement."
    )
    yield Figure(f"{shown}_filmstrip-{data}-{recognizer}", STILL, caption)
    yield Figure(f"{shown}_animation-{data}-{recognizer}", MOVING, f"{caption} Animated.")


def of_blackbox(recognition: Recognition) -> Iterator[Figure]:
    """The figures of hard-label attacks."""
    for data, clips in product(recognition.datasets, recognition.clips):
        members = [name for name in recognition.recognizers if recognition.clips_on(name, data) == clips]
        attacked = {name for attack in recognition.hard_label for name in recognition.attacked(attack)}
        if attacked & set(members):
            yield Figure(
                f"queries-{data}-{clips}",
                STILL,
                f"How near attacks that see labels alone come to clips of {data}, {clips}, by queries: the least l of "
                "an adversarial clip so far, on the manifold of human motion or off it. Lines: medians over the clips "
                "that are classified correctly unattacked; bands: quartiles. Dot: the median l of the clips that end "
                "on the manifold, at the median of queries.",
            )
    for data, recognizer in product(recognition.datasets, recognition.recognizers):
        attacks = recognition.pictured_attacks(recognizer, "blackbox")
        if attacks and recognition.clips_on(recognizer, data):
            yield from _pictures("blackbox", data, recognizer, attacks)


def of_robustness(robustness: Robustness) -> Iterator[Figure]:
    """The figures of defended recognizers."""
    sets = dict.fromkeys((model["data"], model["clips"]) for model in robustness.models)
    for data, clips in sets:
        of = f"{data}-{clips}"
        yield Figure(
            f"robustness_iterations-{of}",
            STILL,
            f"Robust accuracy of defended recognizers on {data}, {clips}, against the iterations of attacks. Bands: "
            "95 % intervals over takes, and over seeds where there are several.",
        )
        yield Figure(
            f"robustness_tradeoff-{of}",
            STILL,
            f"Clean against robust accuracy of defended recognizers on {data}, {clips}: the attack that leaves least. "
            "Bars: 95 % intervals.",
        )
        yield Figure(
            f"robustness_costs-{of}",
            STILL,
            f"What defences of recognizers on {data}, {clips} cost: seconds of their training, and how long a clip "
            "takes beside the undefended recognizer. Measured where the run was made: other on each machine.",
        )
    for data, clips in dict.fromkeys((path.split("/")[2], path.split("/")[3]) for path in robustness.certificates()):
        yield Figure(
            f"certified_accuracy-{data}-{clips}",
            STILL,
            f"Share of test clips of {data}, {clips}, that are right and certified within a radius (l2), of noise on "
            "positions and on rotations. Bands: 95 % intervals over takes.",
        )


def of_backdoors(backdoors: Iterable[Backdoor]) -> Iterator[Figure]:
    """The figures of backdoored classifiers and of what searches for them."""
    for backdoor in backdoors:
        for data, samples in dict.fromkeys((network["data"], network["samples"]) for network in backdoor.trained_on):
            yield from _of_samples(backdoor, data, samples)


def _of_samples(backdoor: Backdoor, data: str, samples: str) -> Iterator[Figure]:
    what = "clips" if backdoor.modality == SKELETON else "videos"
    of = f"{backdoor.modality}-{data}-{samples}"
    networks = [
        network["network"]
        for network in backdoor.trained_on
        if (network["data"], network["samples"]) == (data, samples)
    ]
    victims = [victim for victim in backdoor.victims if (victim["data"], victim["samples"]) == (data, samples)]
    swept = {victim["network"] for victim in victims if victim["training"] not in backdoor.part["poisons"]}
    for network in (network for network in networks if network in swept):
        yield Figure(
            f"backdoor_sweeps-{of}-{network}",
            STILL,
            f"Backdoors of {network}, {what} of {data}, {samples}: triggered samples of other classes that are called "
            "target (ASR) and accuracy on clean samples (ACC), against what makes the trigger and against the poisoned "
            "share. Dotted: clean samples that are called target. Bars: 95 % intervals over takes.",
        )
    yield Figure(
        f"trigger_energy-{of}",
        STILL,
        f"Where in time triggers change {what} of {data}, {samples}: the share of their energy by frame, mean over "
        "training samples. A trigger that is spread over time is level.",
    )
    searched = {model["network"] for model in backdoor.searched}
    for network in (network for network in networks if network in searched):
        yield Figure(
            f"detector_nulls-{of}-{network}",
            STILL,
            f"Detectors on {network}, {what} of {data}, {samples}: their number of each poisoned network beside those "
            "of clean networks of other seeds; filled where its rank among these has a p-value below 0.05.",
        )
    trained = {victim["training"] for victim in victims}
    for poison in (poison for poison in backdoor.part["poisons"] if poison in trained):
        caption = (
            f"A training sample of {data}, {samples}, clean and with the trigger {poison}, and what differs, amplified."
        )
        yield Figure(f"backdoor_filmstrip-{of}-{poison}", STILL, caption)
        yield Figure(f"backdoor_animation-{of}-{poison}", MOVING, f"{caption} Animated.")

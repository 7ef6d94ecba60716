"""Where files lie: patterns with wildcards in braces, as the rules' outputs say them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

RECEIPT = "resources/{data}/receipt.json"
MOTIONS = "results/motions/{data}/motions.zarr/zarr.json"

WINDOWS = "results/windows/{data}/{protocol}/windows.zarr/zarr.json"
POISONED = "results/poisons/{data}/{protocol}/{strategy}/seed{seed}"
POISON = f"{POISONED}/poison.zarr/zarr.json"
CROISSANT = f"{POISONED}/croissant.json"
TRAINED = "results/models/{data}/{protocol}/{strategy}/{predictor}/seed{seed}"
PREDICTOR = f"{TRAINED}/model.safetensors"
TRAINING = f"{TRAINED}/training.json"
EVALUATION = "results/evaluations/prediction/{data}/{protocol}/{strategy}/{predictor}/seed{seed}"
EVALUATION_RECORDS = f"{EVALUATION}.records.parquet"
EVALUATION_TABLE = f"{EVALUATION}.csv"
EVALUATION_SAMPLES = f"{EVALUATION}.samples.zarr/zarr.json"
STEALTH = "results/evaluations/stealth/{data}/{protocol}/{strategy}/seed{seed}"
STEALTH_TABLE = f"{STEALTH}.csv"
STEALTH_TEST = f"{STEALTH}.told_apart.csv"
SELECTED_TABLE = f"{STEALTH}.selected.csv"
STRENGTH = "results/evaluations/trigger_strength/{data}/{protocol}/{strategy}/{predictor}/seed{seed}"
STRENGTH_RECORDS = f"{STRENGTH}.records.parquet"
STRENGTH_TABLE = f"{STRENGTH}.csv"
DEFENCE = "results/defences/prediction/{data}/{protocol}/{strategy}/{predictor}/{defence}/seed{seed}"
DEFENCE_RECORDS = f"{DEFENCE}.records.parquet"
DEFENCE_TABLE = f"{DEFENCE}.csv"

CLIPS = "results/clips/{data}/{clips}/clips.zarr/zarr.json"
RECOGNIZED = "results/models/recognition/{data}/{clips}/{training}/{recognizer}/seed{seed}"
RECOGNIZER = f"{RECOGNIZED}/model.safetensors"
RECOGNIZER_TRAINING = f"{RECOGNIZED}/training.json"
ACCURACY = "results/evaluations/recognition/{data}/{clips}/{training}/{recognizer}/seed{seed}"
ACCURACY_RECORDS = f"{ACCURACY}.records.parquet"
ACCURACY_TABLE = f"{ACCURACY}.csv"
CONFUSION_TABLE = f"{ACCURACY}.confusion.csv"
SHARD = "results/attacks/{data}/{clips}/{recognizer}/{attack}/seed{seed}/shard{shard}.zarr/zarr.json"
CHOICE = "results/attacks/{data}/{clips}/{recognizer}/{attack}/choice.json"
TUNING = "results/evaluations/tuning/{data}/{clips}/{recognizer}/{attack}.csv"
ATTACK = "results/evaluations/attacks/{data}/{clips}/{recognizer}/{attack}/seed{seed}"
ATTACK_RECORDS = f"{ATTACK}.records.parquet"
ATTACK_TABLE = f"{ATTACK}.csv"
TRANSFER_TABLE = "results/evaluations/transfer/{data}/{clips}/{attack}/{surrogate}/seed{seed}.csv"

ROBUSTNESS = "results/robustness/{data}/{clips}/{training}/{recognizer}"
ROBUST_SHARD = f"{ROBUSTNESS}/attacks/{{attack}}/seed{{seed}}/shard{{shard}}.zarr/zarr.json"
ROBUST_EVALUATION = f"{ROBUSTNESS}/evaluation/seed{{seed}}"
ROBUST_RECORDS = f"{ROBUST_EVALUATION}.records.parquet"
ROBUST_TABLE = f"{ROBUST_EVALUATION}.csv"
CERTIFICATES = f"{ROBUSTNESS}/certificates/seed{{seed}}.csv"
COSTS = "results/robustness/{data}/{clips}/costs/{recognizer}.csv"

VIDEOS = "results/videos/{data}/{videos}/videos.zarr/zarr.json"
VIDEONET_FOLDER = "results/models/video/{data}/{videos}/{network}/seed{seed}"
VIDEONET = f"{VIDEONET_FOLDER}/model.safetensors"
VIDEONET_TRAINING = f"{VIDEONET_FOLDER}/training.json"

POISONED_SAMPLES = "results/poisoned/{modality}/{data}/{samples}/{training}/seed{seed}"
POISONED_STORE = f"{POISONED_SAMPLES}/poison.zarr/zarr.json"
IMPERCEPTIBILITY = f"{POISONED_SAMPLES}/imperceptibility.csv"
TRIGGER_ENERGY = f"{POISONED_SAMPLES}/energy.csv"
VICTIM_FOLDER = "results/models/backdoor/{modality}/{data}/{samples}/{training}/{network}/seed{seed}"
VICTIM = f"{VICTIM_FOLDER}/model.safetensors"
VICTIM_TRAINING = f"{VICTIM_FOLDER}/training.json"
BACKDOOR = "results/backdoor/{modality}/{data}/{samples}/{training}/{network}"
BACKDOOR_RECORDS = f"{BACKDOOR}/on-{{tested}}/seed{{seed}}.records.parquet"
DETECTION = "results/detections/{modality}/{data}/{samples}/{training}/{network}/{detector}/seed{seed}"
DETECTION_RECORDS = f"{DETECTION}.records.parquet"
DETECTION_TABLE = f"{DETECTION}.csv"


def filled(pattern: str, **wildcards: str | int) -> str:
    """The pattern with the given wildcards filled in, and all others left."""
    for name, value in wildcards.items():
        pattern = pattern.replace(f"{{{name}}}", str(value))
    return pattern


def every(pattern: str, **wildcards: Iterable[str | int]) -> list[str]:
    """The pattern filled in with each combination of the wildcards' values; the last varies fastest."""
    combinations = product(*wildcards.values())
    return [filled(pattern, **dict(zip(wildcards, values, strict=True))) for values in combinations]

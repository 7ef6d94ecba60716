# Backdoors on motion prediction: windows, poisoned windows, training, evaluation.
PREDICTION = config.get("prediction", {})
EVALUATION = "results/evaluations/prediction/{data}/{protocol}/{strategy}/{predictor}/seed{seed}"


def protocol_of(wildcards):
    """The protocol's settings with what the data set says of its unit and root."""
    data = DATA[wildcards.data]
    return {
        **PREDICTION["protocols"][wildcards.protocol],
        "nominal_unit_mm": data["nominal_unit_mm"],
        "root": data["root"],
    }


def strategy_of(wildcards):
    """A poisoning strategy from its name, trigger-target-selection-ratio."""
    trigger, target, selection, ratio = wildcards.strategy.split("-")
    return {
        "trigger": trigger,
        "target": target,
        "selection": selection,
        "ratio": float(ratio),
        "mode": PREDICTION["mode"],
        "limb": PREDICTION["limb"],
        "wrong_limb": PREDICTION["wrong_limb"],
        "trigger_settings": PREDICTION["trigger_settings"].get(trigger, {}),
        "target_settings": PREDICTION["target_settings"].get(target, {}),
        "selection_settings": PREDICTION["selection_settings"].get(selection, {}),
    }


def strategy_modules(wildcards):
    trigger, target, selection, _ = wildcards.strategy.split("-")
    return [f"poisoning.triggers.{trigger}", f"poisoning.targets.{target}", f"poisoning.selections.{selection}"]


def predictor_of(wildcards):
    return PREDICTION["predictors"][wildcards.predictor]


def predictor_module(wildcards):
    return f"predictors.{predictor_of(wildcards)['predictor']}"


def model_path(poison):
    return f"results/models/{{data}}/{{protocol}}/{poison}/{{predictor}}/seed{{seed}}/model.safetensors"


def evaluations(suffix):
    """The evaluations of the run: each data set, strategy, predictor and seed."""
    return [
        EVALUATION.format(data=data, protocol=spec["protocol"], strategy=strategy, predictor=name, seed=seed) + suffix
        for data in PREDICTION.get("datasets", [])
        for strategy in configuration.strategy_names(PREDICTION)
        for name, spec in PREDICTION["predictors"].items()
        for seed in SEEDS
    ]


rule cut_windows:
    input:
        motions="results/motions/{data}/motions.zarr/zarr.json",
    output:
        store="results/windows/{data}/{protocol}/windows.zarr/zarr.json",
    log:
        "logs/cut_windows/{data}/{protocol}.log",
    benchmark:
        "logs/cut_windows/{data}/{protocol}.jsonl"
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=60,
    params:
        protocol=protocol_of,
        code=code("cut_windows.py"),
    script:
        "../scripts/cut_windows.py"


rule poison_badhmp:
    input:
        windows="results/windows/{data}/{protocol}/windows.zarr/zarr.json",
    output:
        store="results/poisons/{data}/{protocol}/{strategy}/seed{seed}/poison.zarr/zarr.json",
    log:
        "logs/poison_badhmp/{data}/{protocol}/{strategy}/seed{seed}.log",
    benchmark:
        "logs/poison_badhmp/{data}/{protocol}/{strategy}/seed{seed}.jsonl"
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=60,
    params:
        strategy=strategy_of,
        code=lambda wildcards: code("poison_badhmp.py", *strategy_modules(wildcards)),
    script:
        "../scripts/poison_badhmp.py"


rule train_predictor:
    input:
        windows="results/windows/{data}/{protocol}/windows.zarr/zarr.json",
    output:
        model=model_path("clean"),
        log=model_path("clean").replace("model.safetensors", "training.json"),
    log:
        "logs/train_predictor/{data}/{protocol}/clean/{predictor}/seed{seed}.log",
    benchmark:
        "logs/train_predictor/{data}/{protocol}/clean/{predictor}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=720,
        gpu=1,
    params:
        predictor=predictor_of,
        code=lambda wildcards: code("train_predictor.py", predictor_module(wildcards)),
    script:
        "../scripts/train_predictor.py"


use rule train_predictor as train_victim with:
    input:
        windows="results/windows/{data}/{protocol}/windows.zarr/zarr.json",
        poison="results/poisons/{data}/{protocol}/{strategy}/seed{seed}/poison.zarr/zarr.json",
    output:
        model=model_path("{strategy}"),
        log=model_path("{strategy}").replace("model.safetensors", "training.json"),
    log:
        "logs/train_predictor/{data}/{protocol}/{strategy}/{predictor}/seed{seed}.log",
    benchmark:
        "logs/train_predictor/{data}/{protocol}/{strategy}/{predictor}/seed{seed}.jsonl"


rule evaluate_prediction:
    input:
        windows="results/windows/{data}/{protocol}/windows.zarr/zarr.json",
        clean=model_path("clean"),
        victim=model_path("{strategy}"),
    output:
        records=EVALUATION + ".records.parquet",
        table=EVALUATION + ".csv",
    log:
        "logs/evaluate_prediction/{data}/{protocol}/{strategy}/{predictor}/seed{seed}.log",
    benchmark:
        "logs/evaluate_prediction/{data}/{protocol}/{strategy}/{predictor}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
        gpu=1,
    params:
        strategy=strategy_of,
        samplings=PREDICTION.get("samplings"),
        sampling_range=lambda wildcards: DATA[wildcards.data]["test_sampling"],
        threshold_mm=PREDICTION.get("asr_threshold_mm"),
        code=lambda wildcards: code(
            "evaluate_prediction.py", "predictors.zero_velocity", predictor_module(wildcards), *strategy_modules(wildcards)
        ),
    script:
        "../scripts/evaluate_prediction.py"

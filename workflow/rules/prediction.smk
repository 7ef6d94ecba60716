# Backdoors on motion prediction: windows, poisoned windows, training, evaluation.
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
        code=code_of("cut_windows.py"),
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
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
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
        records=EVALUATION_RECORDS,
        table=EVALUATION_TABLE,
        samples=EVALUATION_SAMPLES,
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
        near_miss_degrees=PREDICTION.get("near_miss_degrees"),
        code=lambda wildcards: code(
            "evaluate_prediction.py",
            "models.predictors.zero_velocity",
            predictor_module(wildcards),
            *strategy_modules(wildcards),
        ),
    script:
        "../scripts/evaluate_prediction.py"


rule evaluate_stealth:
    input:
        windows="results/windows/{data}/{protocol}/windows.zarr/zarr.json",
        poison="results/poisons/{data}/{protocol}/{strategy}/seed{seed}/poison.zarr/zarr.json",
    output:
        table=STEALTH_TABLE,
    log:
        "logs/evaluate_stealth/{data}/{protocol}/{strategy}/seed{seed}.log",
    benchmark:
        "logs/evaluate_stealth/{data}/{protocol}/{strategy}/seed{seed}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        strategy=strategy_of,
        code=code_of("evaluate_stealth.py"),
    script:
        "../scripts/evaluate_stealth.py"


use rule evaluate_prediction as evaluate_clean_prediction with:
    input:
        windows="results/windows/{data}/{protocol}/windows.zarr/zarr.json",
        clean=model_path("clean"),
    output:
        records=EVALUATION_RECORDS.replace("{strategy}", "clean"),
        table=EVALUATION_TABLE.replace("{strategy}", "clean"),
        samples=EVALUATION_SAMPLES.replace("{strategy}", "clean"),
    log:
        "logs/evaluate_prediction/{data}/{protocol}/clean/{predictor}/seed{seed}.log",
    benchmark:
        "logs/evaluate_prediction/{data}/{protocol}/clean/{predictor}/seed{seed}.jsonl"
    params:
        strategy=None,
        samplings=PREDICTION.get("samplings"),
        sampling_range=lambda wildcards: DATA[wildcards.data]["test_sampling"],
        threshold_mm=PREDICTION.get("asr_threshold_mm"),
        near_miss_degrees=[],
        code=lambda wildcards: code(
            "evaluate_prediction.py",
            "models.predictors.zero_velocity",
            predictor_module(wildcards),
        ),

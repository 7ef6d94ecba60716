# Models and samples to records, one row a sample, and their summaries.


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


rule evaluate_recognizer:
    input:
        clips=CLIPS,
        model=RECOGNIZER_MODEL,
    output:
        records=f"{ACCURACY}.records.parquet",
        table=f"{ACCURACY}.csv",
        confusion=f"{ACCURACY}.confusion.csv",
    log:
        "logs/evaluate_recognizer/{data}/{clips}/{training}/{recognizer}/seed{seed}.log",
    benchmark:
        "logs/evaluate_recognizer/{data}/{clips}/{training}/{recognizer}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
        gpu=1,
    params:
        code=lambda wildcards: code(
            "evaluate_recognizer.py", recognizer_module(wildcards.recognizer)
        ),
    script:
        "../scripts/evaluate_recognizer.py"


rule evaluate_attack:
    input:
        clips=CLIPS,
        model=RECOGNIZER_MODEL.replace("{training}", "clean"),
        shards=shards_of(SHARD),
    output:
        records=f"{ATTACKED}.records.parquet",
        table=f"{ATTACKED}.csv",
    log:
        "logs/evaluate_attack/{data}/{clips}/{recognizer}/{attack}/seed{seed}.log",
    benchmark:
        "logs/evaluate_attack/{data}/{clips}/{recognizer}/{attack}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
        gpu=1,
    params:
        code=lambda wildcards: code(
            "evaluate_attack.py", recognizer_module(wildcards.recognizer)
        ),
    script:
        "../scripts/evaluate_attack.py"


rule evaluate_transfer:
    input:
        clips=CLIPS,
        model=RECOGNIZER_MODEL.replace("{training}", "clean"),
        surrogate=RECOGNIZER_MODEL.replace("{training}", "clean").replace(
            "{recognizer}", "{surrogate}"
        ),
        shards=shards_of(SHARD.replace("{recognizer}", "{surrogate}")),
    output:
        table=TRANSFER,
    log:
        "logs/evaluate_transfer/{data}/{clips}/{attack}/{surrogate}/{recognizer}/seed{seed}.log",
    benchmark:
        "logs/evaluate_transfer/{data}/{clips}/{attack}/{surrogate}/{recognizer}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
        gpu=1,
    params:
        code=lambda wildcards: code(
            "evaluate_transfer.py",
            recognizer_module(wildcards.recognizer),
            recognizer_module(wildcards.surrogate),
        ),
    script:
        "../scripts/evaluate_transfer.py"

# Predictors and poisoned windows to records, one row a window, and their summaries.


rule evaluate_prediction:
    input:
        windows=paths.WINDOWS,
        clean=paths.filled(paths.PREDICTOR, strategy="clean"),
        victim=paths.PREDICTOR,
    output:
        records=paths.EVALUATION_RECORDS,
        table=paths.EVALUATION_TABLE,
        samples=paths.EVALUATION_SAMPLES,
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
        strategy=lambda wildcards: PLAN.prediction.strategy(wildcards.strategy),
        samplings=PLAN.prediction.samplings,
        sampling_range=lambda wildcards: PLAN.sources[wildcards.data].test_sampling,
        threshold_mm=PLAN.prediction.part.get("asr_threshold_mm"),
        near_miss_degrees=PLAN.prediction.part.get("near_miss_degrees"),
        code=lambda wildcards: code(
            "evaluate_prediction.py",
            "models.predictors.zero_velocity",
            PLAN.prediction.predictor_code(wildcards.predictor),
            *PLAN.prediction.strategy_code(wildcards.strategy),
        ),
    script:
        "../scripts/evaluate_prediction.py"


use rule evaluate_prediction as evaluate_clean_prediction with:
    input:
        windows=paths.WINDOWS,
        clean=paths.filled(paths.PREDICTOR, strategy="clean"),
    output:
        records=paths.filled(paths.EVALUATION_RECORDS, strategy="clean"),
        table=paths.filled(paths.EVALUATION_TABLE, strategy="clean"),
        samples=paths.filled(paths.EVALUATION_SAMPLES, strategy="clean"),
    log:
        "logs/evaluate_prediction/{data}/{protocol}/clean/{predictor}/seed{seed}.log",
    benchmark:
        "logs/evaluate_prediction/{data}/{protocol}/clean/{predictor}/seed{seed}.jsonl"
    params:
        strategy=None,
        samplings=PLAN.prediction.samplings,
        sampling_range=lambda wildcards: PLAN.sources[wildcards.data].test_sampling,
        threshold_mm=PLAN.prediction.part.get("asr_threshold_mm"),
        near_miss_degrees=[],
        code=lambda wildcards: code(
            "evaluate_prediction.py",
            "models.predictors.zero_velocity",
            PLAN.prediction.predictor_code(wildcards.predictor),
        ),


rule evaluate_trigger_strength:
    input:
        windows=paths.WINDOWS,
        clean=paths.filled(paths.PREDICTOR, strategy="clean"),
        victim=paths.PREDICTOR,
    output:
        records=paths.STRENGTH_RECORDS,
        table=paths.STRENGTH_TABLE,
    log:
        "logs/evaluate_trigger_strength/{data}/{protocol}/{strategy}/{predictor}/seed{seed}.log",
    benchmark:
        "logs/evaluate_trigger_strength/{data}/{protocol}/{strategy}/{predictor}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
        gpu=1,
    params:
        strategy=lambda wildcards: PLAN.prediction.strategy(wildcards.strategy),
        disturbances=PLAN.strength.disturbances,
        sampling=PLAN.strength.sampling,
        sampling_range=lambda wildcards: PLAN.sources[wildcards.data].test_sampling,
        threshold_mm=PLAN.prediction.part.get("asr_threshold_mm"),
        code=lambda wildcards: code(
            "evaluate_trigger_strength.py",
            PLAN.prediction.predictor_code(wildcards.predictor),
            *PLAN.prediction.strategy_code(wildcards.strategy),
            *PLAN.strength.code,
        ),
    script:
        "../scripts/evaluate_trigger_strength.py"


rule evaluate_stealth:
    input:
        windows=paths.WINDOWS,
        poison=paths.POISON,
    output:
        table=paths.STEALTH_TABLE,
        told_apart=paths.STEALTH_TEST,
        selected=paths.SELECTED_TABLE,
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
        strategy=lambda wildcards: PLAN.prediction.strategy(wildcards.strategy),
        code=lambda wildcards: code(
            "evaluate_stealth.py", *PLAN.prediction.strategy_code(wildcards.strategy)
        ),
    script:
        "../scripts/evaluate_stealth.py"

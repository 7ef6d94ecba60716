# Defences against backdoors: opt-in, prediction.defences.


rule defend_prediction:
    input:
        windows=paths.WINDOWS,
        poison=paths.POISON,
        clean=paths.filled(paths.PREDICTOR, strategy="clean"),
        victim=paths.PREDICTOR,
    output:
        records=paths.DEFENCE_RECORDS,
        table=paths.DEFENCE_TABLE,
    log:
        "logs/defend_prediction/{data}/{protocol}/{strategy}/{predictor}/{defence}/seed{seed}.log",
    benchmark:
        "logs/defend_prediction/{data}/{protocol}/{strategy}/{predictor}/{defence}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=720,
        gpu=1,
    params:
        strategy=lambda wildcards: PLAN.prediction.strategy(wildcards.strategy),
        defence=lambda wildcards: PLAN.defences.specs[wildcards.defence],
        sampling=PLAN.defences.sampling,
        sampling_range=lambda wildcards: PLAN.sources[wildcards.data].test_sampling,
        code=lambda wildcards: code(
            "defend_prediction.py",
            PLAN.defences.code(wildcards.defence),
            PLAN.prediction.predictor_code(wildcards.predictor),
            *PLAN.prediction.strategy_code(wildcards.strategy),
        ),
    script:
        "../scripts/defend_prediction.py"


rule detect:
    input:
        samples=lambda wildcards: PLAN.backdoors[wildcards.modality].samples(wildcards),
        clips=lambda wildcards: PLAN.rendered(wildcards, wildcards.training),
        poison=lambda wildcards: PLAN.backdoors[wildcards.modality].poisoned(wildcards),
        model=lambda wildcards: PLAN.backdoors[wildcards.modality].model(wildcards),
    output:
        records=paths.DETECTION_RECORDS,
        table=paths.DETECTION_TABLE,
    log:
        "logs/detect/{modality}/{data}/{samples}/{training}/{network}/{detector}/seed{seed}.log",
    benchmark:
        "logs/detect/{modality}/{data}/{samples}/{training}/{network}/{detector}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 6000 * attempt,
        runtime=240,
        gpu=1,
    params:
        poison=lambda wildcards: PLAN.backdoors[wildcards.modality].of(
            wildcards.training
        ),
        detector=lambda wildcards: PLAN.backdoors[wildcards.modality].detector(
            wildcards.detector
        ),
        code=lambda wildcards: code(
            "detect.py",
            PLAN.network_code(wildcards.modality, wildcards.network),
            *PLAN.backdoors[wildcards.modality].detector_code(
                wildcards.detector, wildcards.training
            ),
        ),
    script:
        "../scripts/detect.py"

# Windows, clips and videos to poisoned ones.


rule poison_badhmp:
    input:
        windows=paths.WINDOWS,
    output:
        store=paths.POISON,
    log:
        "logs/poison_badhmp/{data}/{protocol}/{strategy}/seed{seed}.log",
    benchmark:
        "logs/poison_badhmp/{data}/{protocol}/{strategy}/seed{seed}.jsonl"
    priority: 10  # trainings wait for it
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        strategy=lambda wildcards: PLAN.prediction.strategy(wildcards.strategy),
        code=lambda wildcards: code(
            "poison_badhmp.py", *PLAN.prediction.strategy_code(wildcards.strategy)
        ),
    script:
        "../scripts/poison_badhmp.py"


rule poison_samples:
    input:
        samples=lambda wildcards: PLAN.backdoors[wildcards.modality].samples(wildcards),
        clips=lambda wildcards: PLAN.rendered(wildcards, wildcards.training),
    output:
        store=paths.POISONED_STORE,
        imperceptibility=paths.IMPERCEPTIBILITY,
        energy=paths.TRIGGER_ENERGY,
    log:
        "logs/poison_samples/{modality}/{data}/{samples}/{training}/seed{seed}.log",
    benchmark:
        "logs/poison_samples/{modality}/{data}/{samples}/{training}/seed{seed}.jsonl"
    priority: 10  # trainings wait for it
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
    params:
        poison=lambda wildcards: PLAN.backdoors[wildcards.modality].poison(
            wildcards.training
        ),
        code=lambda wildcards: code(
            "poison_samples.py",
            PLAN.backdoors[wildcards.modality].poison_code(wildcards.training),
        ),
    script:
        "../scripts/poison_samples.py"

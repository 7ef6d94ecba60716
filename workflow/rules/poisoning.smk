# Windows to poisoned windows.


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

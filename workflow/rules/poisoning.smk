# Windows to poisoned windows.


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

# Defences against backdoors: opt-in, prediction.defences.


rule defend_prediction:
    input:
        windows="results/windows/{data}/{protocol}/windows.zarr/zarr.json",
        poison="results/poisons/{data}/{protocol}/{strategy}/seed{seed}/poison.zarr/zarr.json",
        clean=model_path("clean"),
        victim=model_path("{strategy}"),
    output:
        records=f"{DEFENCE}.records.parquet",
        table=f"{DEFENCE}.csv",
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
        strategy=strategy_of,
        defence=lambda wildcards: DEFENCES[wildcards.defence],
        sampling=PREDICTION.get("samplings", [8])[0],
        sampling_range=lambda wildcards: DATA[wildcards.data]["test_sampling"],
        code=lambda wildcards: code(
            "defend_prediction.py",
            f"defences.backdoor.{DEFENCES[wildcards.defence]['defence']}",
            predictor_module(wildcards),
            *strategy_modules(wildcards),
        ),
    script:
        "../scripts/defend_prediction.py"

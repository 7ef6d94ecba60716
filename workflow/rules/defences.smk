# Defences against backdoors on motion prediction: opt-in, prediction.defences.


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


rule table_defences:
    input:
        tables=defended(f"{DEFENCE}.csv"),
    output:
        table=f"results/artifacts/{RUN}/tables/prediction_defences.csv",
    log:
        f"logs/table_defences/{RUN}.log",
    benchmark:
        f"logs/table_defences/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        code=code_of("table_defences.py"),
    script:
        "../scripts/table_defences.py"


rule figure_fine_tuning:
    input:
        table=f"results/artifacts/{RUN}/tables/prediction_defences.csv",
    output:
        pdf=f"results/artifacts/{RUN}/figures/fine_tuning-{{data}}-{{predictor}}.pdf",
        svg=f"results/artifacts/{RUN}/figures/fine_tuning-{{data}}-{{predictor}}.svg",
        png=f"results/artifacts/{RUN}/figures/fine_tuning-{{data}}-{{predictor}}.png",
    log:
        f"logs/figure_fine_tuning/{RUN}/{{data}}-{{predictor}}.log",
    benchmark:
        f"logs/figure_fine_tuning/{RUN}/{{data}}-{{predictor}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        figure=lambda wildcards: {
            "dataset": wildcards.data,
            "predictor": wildcards.predictor,
        },
        code=code_of("figure_fine_tuning.py"),
    script:
        "../scripts/figure_fine_tuning.py"


rule figure_roc:
    input:
        records=lambda wildcards: defended(
            f"{DEFENCE}.records.parquet",
            detectors(),
            wildcards.data,
            wildcards.predictor,
        ),
    output:
        pdf=f"results/artifacts/{RUN}/figures/roc-{{data}}-{{predictor}}.pdf",
        svg=f"results/artifacts/{RUN}/figures/roc-{{data}}-{{predictor}}.svg",
        png=f"results/artifacts/{RUN}/figures/roc-{{data}}-{{predictor}}.png",
    log:
        f"logs/figure_roc/{RUN}/{{data}}-{{predictor}}.log",
    benchmark:
        f"logs/figure_roc/{RUN}/{{data}}-{{predictor}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        # whose records the inputs are, in their order
        labels=lambda wildcards: defended(
            "{strategy}/{defence}/{seed}",
            detectors(),
            wildcards.data,
            wildcards.predictor,
        ),
        code=code_of("figure_roc.py"),
    script:
        "../scripts/figure_roc.py"

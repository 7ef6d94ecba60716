# Defences against backdoors on motion prediction: opt-in, prediction.defences.
from kinesec.defences.kinds import kind

DEFENCES = PREDICTION.get("defences", {})
DEFENCE = "results/defences/prediction/{data}/{protocol}/{strategy}/{predictor}/{defence}/seed{seed}"


def defended(pattern, names=None, data=None, predictor=None):
    """A file of each data set, strategy, predictor, defence and seed, or of those that are named."""
    return [
        pattern.format(
            data=dataset,
            protocol=spec["protocol"],
            strategy=strategy,
            predictor=name,
            defence=defence,
            seed=seed,
        )
        for dataset in ([data] if data else PREDICTION.get("datasets", []))
        for strategy in configuration.strategy_names(PREDICTION)
        for name, spec in PREDICTION.get("predictors", {}).items()
        if predictor in (None, name)
        for defence in (DEFENCES if names is None else names)
        for seed in SEEDS
    ]


def detectors():
    return [
        name
        for name, spec in DEFENCES.items()
        if kind("prediction", spec["defence"]) == "detection"
    ]


def tunings():
    return [name for name, spec in DEFENCES.items() if spec["defence"] == "fine_tuning"]


def defence_figures():
    return expand(
        "results/artifacts/{run}/figures/{figure}-{data}-{predictor}.{suffix}",
        run=RUN,
        figure=["roc"] * bool(detectors()) + ["fine_tuning"] * bool(tunings()),
        data=PREDICTION.get("datasets", []),
        predictor=PREDICTION.get("predictors", {}),
        suffix=["pdf", "svg", "png"],
    )


def defence_artifacts():
    """What the run shows of its defences; nothing without any."""
    if not DEFENCES:
        return []
    table = f"results/artifacts/{RUN}/tables/prediction_defences.csv"
    return [table, *defence_figures()]


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
            f"defences.prediction.{DEFENCES[wildcards.defence]['defence']}",
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
        mem_mb=2000,
        runtime=30,
    params:
        code=code("table_defences.py"),
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
        mem_mb=2000,
        runtime=30,
    params:
        figure=lambda wildcards: {
            "dataset": wildcards.data,
            "predictor": wildcards.predictor,
        },
        code=code("figure_fine_tuning.py"),
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
        mem_mb=2000,
        runtime=30,
    params:
        # whose records the inputs are, in their order
        labels=lambda wildcards: defended(
            "{strategy}/{defence}/{seed}",
            detectors(),
            wildcards.data,
            wildcards.predictor,
        ),
        code=code("figure_roc.py"),
    script:
        "../scripts/figure_roc.py"

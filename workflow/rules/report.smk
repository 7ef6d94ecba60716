# Tables, figures, the report: what a run leaves for people.
rule table_prediction:
    input:
        tables=[*evaluations(), *stealth_tables()],
    output:
        table=f"results/artifacts/{RUN}/tables/prediction_backdoor.csv",
    log:
        f"logs/table_prediction/{RUN}.log",
    benchmark:
        f"logs/table_prediction/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        rows=PREDICTION.get("table", {}),
        code=code_of("table_prediction.py"),
    script:
        "../scripts/table_prediction.py"


rule compare_with_papers:
    input:
        tables=compared_tables(),
        reference=ancient("config/papers/reference.csv"),
        trainings=trainings(),
        receipts=expand("resources/{data}/receipt.json", data=PREDICTION_DATA),
        motions=expand(
            "results/motions/{data}/motions.zarr/zarr.json", data=PREDICTION_DATA
        ),
    output:
        table=f"results/artifacts/{RUN}/tables/paper_comparison.csv",
    log:
        f"logs/compare_with_papers/{RUN}.log",
    benchmark:
        f"logs/compare_with_papers/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        data=PREDICTION_DATA,
        # ancient, with its hash: in a fresh clone the file is newer than results
        reference_hash=file_sha256("config/papers/reference.csv"),
        modules={name: DATA[name]["module"] for name in PREDICTION_DATA},
        protocols=published_protocols(),
        code=code_of("compare_with_papers.py"),
    script:
        "../scripts/compare_with_papers.py"


rule report:
    input:
        tables=tables(),
        figures=figures(),
        receipts=expand("resources/{data}/receipt.json", data=DATA),
        motions=expand("results/motions/{data}/motions.zarr/zarr.json", data=DATA),
        windows=windows_of_run(),
        trainings=trainings(),
    output:
        page=f"results/artifacts/{RUN}/report/index.html",
    log:
        f"logs/report/{RUN}.log",
    benchmark:
        f"logs/report/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        run=RUN,
        seeds=SEEDS,
        modules={name: data["module"] for name, data in DATA.items()},
        configuration=SHOWN,
        captions=captions(),
        code=lambda wildcards: code(
            "report.py",
            *(f"sources.datasets.{data['module']}" for data in DATA.values()),
        ),
    script:
        "../scripts/report.py"

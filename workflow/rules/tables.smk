# Records to the run's tables, and those beside what papers print.


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


rule table_recognition:
    input:
        accuracy=recognized(f"{ACCURACY}.csv"),
        attacks=attacked(f"{ATTACKED}.csv"),
        records=attacked(f"{ATTACKED}.records.parquet"),
        transfer=transferred(),
    output:
        **{
            name: f"results/artifacts/{RUN}/tables/{name}.csv"
            for name in recognition_table_names()
        },
    log:
        f"logs/table_recognition/{RUN}.log",
    benchmark:
        f"logs/table_recognition/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        code=code_of("table_recognition.py"),
    script:
        "../scripts/table_recognition.py"


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

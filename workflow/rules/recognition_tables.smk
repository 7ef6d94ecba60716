# The run's tables on recognition.
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

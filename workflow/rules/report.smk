# Tables, figures, the report: what a run leaves for people.
rule table_prediction:
    input:
        tables=evaluations(),
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
        mem_mb=2000,
        runtime=30,
    params:
        code=code("table_prediction.py"),
    script:
        "../scripts/table_prediction.py"

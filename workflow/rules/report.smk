# The report: what a run leaves for people.


rule report:
    input:
        tables=PLAN.tables(),
        figures=PLAN.figure_files(PLAN.figures),
        receipts=expand(paths.RECEIPT, data=PLAN.sources),
        motions=expand(paths.MOTIONS, data=PLAN.sources),
        windows=PLAN.prediction.windows(),
        trainings=PLAN.prediction.trainings(),
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
        seeds=PLAN.seeds,
        modules=PLAN.modules,
        configuration=PLAN.shown,
        captions=PLAN.captions(),
        code=lambda wildcards: code(
            "report.py",
            *(source.code() for source in PLAN.sources.values()),
        ),
    script:
        "../scripts/report.py"

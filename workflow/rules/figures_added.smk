# Figures that the configuration adds, each drawn from some of the run's tables.


rule figure_of_tables:
    input:
        tables=lambda wildcards: PLAN.table_files(
            PLAN.added_figures[wildcards.figure].tables
        ),
    output:
        **PLAN.figure("{figure}", "pdf", "svg", "png"),
    log:
        f"logs/figure_of_tables/{RUN}/{{figure}}.log",
    benchmark:
        f"logs/figure_of_tables/{RUN}/{{figure}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        module=lambda wildcards: PLAN.added_figures[wildcards.figure].module,
        settings=lambda wildcards: PLAN.added_figures[wildcards.figure].settings,
        code=lambda wildcards: code(
            "figure_of_tables.py", PLAN.added_figures[wildcards.figure].code
        ),
    script:
        "../scripts/figure_of_tables.py"

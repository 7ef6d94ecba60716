# Figures of defended recognizers: one rule a figure.


rule figure_robustness_iterations:
    input:
        table=f"results/artifacts/{RUN}/tables/robustness_curves.csv",
    output:
        **PLAN.figure("robustness_iterations-{data}-{clips}", "pdf", "svg", "png"),
    log:
        f"logs/figure_robustness_iterations/{RUN}/{{data}}-{{clips}}.log",
    benchmark:
        f"logs/figure_robustness_iterations/{RUN}/{{data}}-{{clips}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        figure=lambda wildcards: {
            "dataset": wildcards.data,
            "clips": wildcards.clips,
        },
        code=code_of("figure_robustness_iterations.py"),
    script:
        "../scripts/figure_robustness_iterations.py"


rule figure_robustness_tradeoff:
    input:
        table=f"results/artifacts/{RUN}/tables/robustness.csv",
    output:
        **PLAN.figure("robustness_tradeoff-{data}-{clips}", "pdf", "svg", "png"),
    log:
        f"logs/figure_robustness_tradeoff/{RUN}/{{data}}-{{clips}}.log",
    benchmark:
        f"logs/figure_robustness_tradeoff/{RUN}/{{data}}-{{clips}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        figure=lambda wildcards: {
            "dataset": wildcards.data,
            "clips": wildcards.clips,
        },
        code=code_of("figure_robustness_tradeoff.py"),
    script:
        "../scripts/figure_robustness_tradeoff.py"


rule figure_certified_accuracy:
    input:
        table=f"results/artifacts/{RUN}/tables/certificates.csv",
    output:
        **PLAN.figure("certified_accuracy-{data}-{clips}", "pdf", "svg", "png"),
    log:
        f"logs/figure_certified_accuracy/{RUN}/{{data}}-{{clips}}.log",
    benchmark:
        f"logs/figure_certified_accuracy/{RUN}/{{data}}-{{clips}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        figure=lambda wildcards: {
            "dataset": wildcards.data,
            "clips": wildcards.clips,
        },
        code=code_of("figure_certified_accuracy.py"),
    script:
        "../scripts/figure_certified_accuracy.py"


rule figure_robustness_costs:
    input:
        tables=lambda wildcards: PLAN.robustness.costs(wildcards.data, wildcards.clips),
    output:
        **PLAN.figure("robustness_costs-{data}-{clips}", "pdf", "svg", "png"),
    log:
        f"logs/figure_robustness_costs/{RUN}/{{data}}-{{clips}}.log",
    benchmark:
        f"logs/figure_robustness_costs/{RUN}/{{data}}-{{clips}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        code=code_of("figure_robustness_costs.py"),
    script:
        "../scripts/figure_robustness_costs.py"

# Figures of predictors, their backdoors and defences: one rule a figure.


rule figure_horizons:
    input:
        table=f"results/artifacts/{RUN}/tables/prediction_backdoor.csv",
    output:
        **PLAN.figure("horizons-{data}-{predictor}", "pdf", "svg", "png"),
    log:
        f"logs/figure_horizons/{RUN}/{{data}}-{{predictor}}.log",
    benchmark:
        f"logs/figure_horizons/{RUN}/{{data}}-{{predictor}}.jsonl"
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
        code=code_of("figure_horizons.py"),
    script:
        "../scripts/figure_horizons.py"


rule figure_ratio:
    input:
        table=f"results/artifacts/{RUN}/tables/prediction_backdoor.csv",
    output:
        **PLAN.figure("ratio-{data}-{predictor}", "pdf", "svg", "png"),
    log:
        f"logs/figure_ratio/{RUN}/{{data}}-{{predictor}}.log",
    benchmark:
        f"logs/figure_ratio/{RUN}/{{data}}-{{predictor}}.jsonl"
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
        code=code_of("figure_ratio.py"),
    script:
        "../scripts/figure_ratio.py"


rule figure_trigger_strength:
    input:
        table=f"results/artifacts/{RUN}/tables/trigger_strength.csv",
    output:
        **PLAN.figure("trigger_strength-{data}-{predictor}", "pdf", "svg", "png"),
    log:
        f"logs/figure_trigger_strength/{RUN}/{{data}}-{{predictor}}.log",
    benchmark:
        f"logs/figure_trigger_strength/{RUN}/{{data}}-{{predictor}}.jsonl"
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
        code=code_of("figure_trigger_strength.py"),
    script:
        "../scripts/figure_trigger_strength.py"


rule figure_near_misses:
    input:
        table=f"results/artifacts/{RUN}/tables/prediction_backdoor.csv",
    output:
        **PLAN.figure("near_misses-{data}-{predictor}", "pdf", "svg", "png"),
    log:
        f"logs/figure_near_misses/{RUN}/{{data}}-{{predictor}}.log",
    benchmark:
        f"logs/figure_near_misses/{RUN}/{{data}}-{{predictor}}.jsonl"
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
        code=code_of("figure_near_misses.py"),
    script:
        "../scripts/figure_near_misses.py"


rule figure_stealth:
    input:
        table=f"results/artifacts/{RUN}/tables/prediction_backdoor.csv",
    output:
        **PLAN.figure("stealth-{data}-{protocol}", "pdf", "svg", "png"),
    log:
        f"logs/figure_stealth/{RUN}/{{data}}-{{protocol}}.log",
    benchmark:
        f"logs/figure_stealth/{RUN}/{{data}}-{{protocol}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        figure=lambda wildcards: {
            "dataset": wildcards.data,
            "protocol": wildcards.protocol,
        },
        code=code_of("figure_stealth.py"),
    script:
        "../scripts/figure_stealth.py"


rule figure_filmstrip:
    input:
        samples=lambda wildcards: PLAN.prediction.samples(
            wildcards.data, wildcards.predictor, wildcards.strategy
        ),
    output:
        **PLAN.figure("filmstrip-{data}-{predictor}-{strategy}", "pdf", "svg", "png"),
    log:
        f"logs/figure_filmstrip/{RUN}/{{data}}-{{predictor}}-{{strategy}}.log",
    benchmark:
        f"logs/figure_filmstrip/{RUN}/{{data}}-{{predictor}}-{{strategy}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        code=code_of("figure_filmstrip.py"),
    script:
        "../scripts/figure_filmstrip.py"


rule figure_animation:
    input:
        samples=lambda wildcards: PLAN.prediction.samples(
            wildcards.data, wildcards.predictor, wildcards.strategy
        ),
    output:
        **PLAN.figure("animation-{data}-{predictor}-{strategy}", "webp", "png"),
    log:
        f"logs/figure_animation/{RUN}/{{data}}-{{predictor}}-{{strategy}}.log",
    benchmark:
        f"logs/figure_animation/{RUN}/{{data}}-{{predictor}}-{{strategy}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        code=code_of("figure_animation.py"),
    script:
        "../scripts/figure_animation.py"


rule figure_fine_tuning:
    input:
        table=f"results/artifacts/{RUN}/tables/prediction_defences.csv",
    output:
        **PLAN.figure("fine_tuning-{data}-{predictor}", "pdf", "svg", "png"),
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
        records=lambda wildcards: PLAN.defences.detections(
            paths.DEFENCE_RECORDS, wildcards.data, wildcards.predictor
        ),
    output:
        **PLAN.figure("roc-{data}-{predictor}", "pdf", "svg", "png"),
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
        labels=lambda wildcards: PLAN.defences.detections(
            "{strategy}/{defence}/{seed}", wildcards.data, wildcards.predictor
        ),
        code=code_of("figure_roc.py"),
    script:
        "../scripts/figure_roc.py"

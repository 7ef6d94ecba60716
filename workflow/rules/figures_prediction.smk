# Figures of predictors, their backdoors and defences: one rule a figure.


rule figure_horizons:
    input:
        table=f"results/artifacts/{RUN}/tables/prediction_backdoor.csv",
    output:
        pdf=f"results/artifacts/{RUN}/figures/horizons-{{data}}-{{predictor}}.pdf",
        svg=f"results/artifacts/{RUN}/figures/horizons-{{data}}-{{predictor}}.svg",
        png=f"results/artifacts/{RUN}/figures/horizons-{{data}}-{{predictor}}.png",
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
        pdf=f"results/artifacts/{RUN}/figures/ratio-{{data}}-{{predictor}}.pdf",
        svg=f"results/artifacts/{RUN}/figures/ratio-{{data}}-{{predictor}}.svg",
        png=f"results/artifacts/{RUN}/figures/ratio-{{data}}-{{predictor}}.png",
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


rule figure_near_misses:
    input:
        table=f"results/artifacts/{RUN}/tables/prediction_backdoor.csv",
    output:
        pdf=f"results/artifacts/{RUN}/figures/near_misses-{{data}}-{{predictor}}.pdf",
        svg=f"results/artifacts/{RUN}/figures/near_misses-{{data}}-{{predictor}}.svg",
        png=f"results/artifacts/{RUN}/figures/near_misses-{{data}}-{{predictor}}.png",
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
        pdf=f"results/artifacts/{RUN}/figures/stealth-{{data}}-{{protocol}}.pdf",
        svg=f"results/artifacts/{RUN}/figures/stealth-{{data}}-{{protocol}}.svg",
        png=f"results/artifacts/{RUN}/figures/stealth-{{data}}-{{protocol}}.png",
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
        samples=samples_of,
    output:
        pdf=f"results/artifacts/{RUN}/figures/filmstrip-{{data}}-{{predictor}}-{{strategy}}.pdf",
        svg=f"results/artifacts/{RUN}/figures/filmstrip-{{data}}-{{predictor}}-{{strategy}}.svg",
        png=f"results/artifacts/{RUN}/figures/filmstrip-{{data}}-{{predictor}}-{{strategy}}.png",
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
        samples=samples_of,
    output:
        webp=f"results/artifacts/{RUN}/figures/animation-{{data}}-{{predictor}}-{{strategy}}.webp",
        png=f"results/artifacts/{RUN}/figures/animation-{{data}}-{{predictor}}-{{strategy}}.png",
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

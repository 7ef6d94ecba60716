# Figures of recognizers and attacks: one rule a figure.


rule figure_confusion:
    input:
        tables=lambda wildcards: PLAN.recognition.models(
            paths.CONFUSION_TABLE, wildcards.data, wildcards.recognizer
        ),
    output:
        **PLAN.figure("confusion-{data}-{recognizer}", "pdf", "svg", "png"),
    log:
        f"logs/figure_confusion/{RUN}/{{data}}-{{recognizer}}.log",
    benchmark:
        f"logs/figure_confusion/{RUN}/{{data}}-{{recognizer}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        code=code_of("figure_confusion.py"),
    script:
        "../scripts/figure_confusion.py"


rule figure_attack_curves:
    input:
        curves=f"results/artifacts/{RUN}/tables/attack_curves.csv",
        table=f"results/artifacts/{RUN}/tables/recognition_attacks.csv",
    output:
        **PLAN.figure("attack_curves-{data}-{clips}-{criterion}", "pdf", "svg", "png"),
    log:
        f"logs/figure_attack_curves/{RUN}/{{data}}-{{clips}}-{{criterion}}.log",
    benchmark:
        f"logs/figure_attack_curves/{RUN}/{{data}}-{{clips}}-{{criterion}}.jsonl"
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
            "strategy": wildcards.criterion,
        },
        code=code_of("figure_attack_curves.py"),
    script:
        "../scripts/figure_attack_curves.py"


rule figure_attack_bounds:
    input:
        table=f"results/artifacts/{RUN}/tables/attack_bounds.csv",
    output:
        **PLAN.figure("attack_bounds-{data}-{clips}", "pdf", "svg", "png"),
    log:
        f"logs/figure_attack_bounds/{RUN}/{{data}}-{{clips}}.log",
    benchmark:
        f"logs/figure_attack_bounds/{RUN}/{{data}}-{{clips}}.jsonl"
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
        code=code_of("figure_attack_bounds.py"),
    script:
        "../scripts/figure_attack_bounds.py"


rule figure_queries:
    input:
        queries=f"results/artifacts/{RUN}/tables/blackbox_queries.csv",
        table=f"results/artifacts/{RUN}/tables/blackbox.csv",
    output:
        **PLAN.figure("queries-{data}-{clips}", "pdf", "svg", "png"),
    log:
        f"logs/figure_queries/{RUN}/{{data}}-{{clips}}.log",
    benchmark:
        f"logs/figure_queries/{RUN}/{{data}}-{{clips}}.jsonl"
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
        code=code_of("figure_queries.py"),
    script:
        "../scripts/figure_queries.py"


rule figure_transfer_matrix:
    input:
        table=f"results/artifacts/{RUN}/tables/transfer.csv",
    output:
        **PLAN.figure("transfer_matrix-{data}-{clips}", "pdf", "svg", "png"),
    log:
        f"logs/figure_transfer_matrix/{RUN}/{{data}}-{{clips}}.log",
    benchmark:
        f"logs/figure_transfer_matrix/{RUN}/{{data}}-{{clips}}.jsonl"
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
        code=code_of("figure_transfer_matrix.py"),
    script:
        "../scripts/figure_transfer_matrix.py"


rule figure_joint_displacement:
    input:
        scenes=paths.filled(PLAN.attack_scenes, shown="attack"),
    output:
        **PLAN.figure("joint_displacement-{data}-{recognizer}", "pdf", "svg", "png"),
    log:
        f"logs/figure_joint_displacement/{RUN}/{{data}}-{{recognizer}}.log",
    benchmark:
        f"logs/figure_joint_displacement/{RUN}/{{data}}-{{recognizer}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        code=code_of("figure_joint_displacement.py"),
    script:
        "../scripts/figure_joint_displacement.py"


rule figure_displacement_correlation:
    input:
        scenes=paths.filled(PLAN.attack_scenes, shown="attack"),
    output:
        **PLAN.figure(
            "displacement_correlation-{data}-{recognizer}", "pdf", "svg", "png"
        ),
    log:
        f"logs/figure_displacement_correlation/{RUN}/{{data}}-{{recognizer}}.log",
    benchmark:
        f"logs/figure_displacement_correlation/{RUN}/{{data}}-{{recognizer}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        code=code_of("figure_displacement_correlation.py"),
    script:
        "../scripts/figure_displacement_correlation.py"


rule figure_attack_filmstrip:
    input:
        scenes=PLAN.attack_scenes,
    output:
        **PLAN.figure("{shown}_filmstrip-{data}-{recognizer}", "pdf", "svg", "png"),
    log:
        f"logs/figure_attack_filmstrip/{RUN}/{{shown}}-{{data}}-{{recognizer}}.log",
    benchmark:
        f"logs/figure_attack_filmstrip/{RUN}/{{shown}}-{{data}}-{{recognizer}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        code=code_of("figure_attack_filmstrip.py"),
    script:
        "../scripts/figure_attack_filmstrip.py"


rule figure_attack_animation:
    input:
        scenes=PLAN.attack_scenes,
    output:
        **PLAN.figure("{shown}_animation-{data}-{recognizer}", "webp", "png"),
    log:
        f"logs/figure_attack_animation/{RUN}/{{shown}}-{{data}}-{{recognizer}}.log",
    benchmark:
        f"logs/figure_attack_animation/{RUN}/{{shown}}-{{data}}-{{recognizer}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        code=code_of("figure_attack_animation.py"),
    script:
        "../scripts/figure_attack_animation.py"

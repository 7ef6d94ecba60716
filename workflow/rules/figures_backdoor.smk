# Figures of backdoored classifiers, their triggers and what searches for them.


rule figure_backdoor_sweeps:
    input:
        table=f"results/artifacts/{RUN}/tables/backdoor_recognition.csv",
    output:
        **PLAN.figure(
            "backdoor_sweeps-{modality}-{data}-{samples}-{network}",
            "pdf",
            "svg",
            "png",
        ),
    log:
        f"logs/figure_backdoor_sweeps/{RUN}/{{modality}}-{{data}}-{{samples}}-{{network}}.log",
    benchmark:
        f"logs/figure_backdoor_sweeps/{RUN}/{{modality}}-{{data}}-{{samples}}-{{network}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        figure=lambda wildcards: {
            "dataset": wildcards.data,
            "samples": wildcards.samples,
            "recognizer": wildcards.network,
        },
        code=code_of("figure_backdoor_sweeps.py"),
    script:
        "../scripts/figure_backdoor_sweeps.py"


rule figure_detector_nulls:
    input:
        table=f"results/artifacts/{RUN}/tables/detection.csv",
    output:
        **PLAN.figure(
            "detector_nulls-{modality}-{data}-{samples}-{network}", "pdf", "svg", "png"
        ),
    log:
        f"logs/figure_detector_nulls/{RUN}/{{modality}}-{{data}}-{{samples}}-{{network}}.log",
    benchmark:
        f"logs/figure_detector_nulls/{RUN}/{{modality}}-{{data}}-{{samples}}-{{network}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        figure=lambda wildcards: {
            "dataset": wildcards.data,
            "samples": wildcards.samples,
            "recognizer": wildcards.network,
        },
        code=code_of("figure_detector_nulls.py"),
    script:
        "../scripts/figure_detector_nulls.py"


rule figure_trigger_energy:
    input:
        energy=lambda wildcards: PLAN.backdoors[wildcards.modality].energies(wildcards),
    output:
        **PLAN.figure("trigger_energy-{modality}-{data}-{samples}", "pdf", "svg", "png"),
    log:
        f"logs/figure_trigger_energy/{RUN}/{{modality}}-{{data}}-{{samples}}.log",
    benchmark:
        f"logs/figure_trigger_energy/{RUN}/{{modality}}-{{data}}-{{samples}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        poisons=lambda wildcards: PLAN.backdoors[wildcards.modality].described(),
        code=code_of("figure_trigger_energy.py", *PLAN.triggers_code),
    script:
        "../scripts/figure_trigger_energy.py"


rule figure_backdoor_filmstrip:
    input:
        unpack(lambda wildcards: PLAN.backdoors[wildcards.modality].pictured(wildcards)),
    output:
        **PLAN.figure(
            "backdoor_filmstrip-{modality}-{data}-{samples}-{training}",
            "pdf",
            "svg",
            "png",
        ),
    log:
        f"logs/figure_backdoor_filmstrip/{RUN}/{{modality}}-{{data}}-{{samples}}-{{training}}.log",
    benchmark:
        f"logs/figure_backdoor_filmstrip/{RUN}/{{modality}}-{{data}}-{{samples}}-{{training}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        modality=lambda wildcards: wildcards.modality,
        code=code_of("figure_backdoor_filmstrip.py"),
    script:
        "../scripts/figure_backdoor_filmstrip.py"


rule figure_backdoor_animation:
    input:
        unpack(lambda wildcards: PLAN.backdoors[wildcards.modality].pictured(wildcards)),
    output:
        **PLAN.figure(
            "backdoor_animation-{modality}-{data}-{samples}-{training}", "webp", "png"
        ),
    log:
        f"logs/figure_backdoor_animation/{RUN}/{{modality}}-{{data}}-{{samples}}-{{training}}.log",
    benchmark:
        f"logs/figure_backdoor_animation/{RUN}/{{modality}}-{{data}}-{{samples}}-{{training}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        modality=lambda wildcards: wildcards.modality,
        code=code_of("figure_backdoor_animation.py"),
    script:
        "../scripts/figure_backdoor_animation.py"

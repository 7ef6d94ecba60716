# Motions to what models see: windows for predictors, clips for recognizers.


rule cut_windows:
    input:
        motions=paths.MOTIONS,
    output:
        store=paths.WINDOWS,
    log:
        "logs/cut_windows/{data}/{protocol}.log",
    benchmark:
        "logs/cut_windows/{data}/{protocol}.jsonl"
    priority: 10  # trainings wait for it
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=60,
    params:
        protocol=lambda wildcards: PLAN.prediction.protocol(
            wildcards.data, wildcards.protocol
        ),
        code=lambda wildcards: code(
            "cut_windows.py", PLAN.prediction.protocol_code(wildcards.protocol)
        ),
    script:
        "../scripts/cut_windows.py"


rule cut_clips:
    input:
        motions=paths.MOTIONS,
    output:
        store=paths.CLIPS,
    log:
        "logs/cut_clips/{data}/{clips}.log",
    benchmark:
        "logs/cut_clips/{data}/{clips}.jsonl"
    priority: 10  # trainings wait for it
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=120,
    params:
        protocol=lambda wildcards: PLAN.recognition.clips[wildcards.clips],
        code=lambda wildcards: code(
            "cut_clips.py", PLAN.recognition.clips_code(wildcards.clips)
        ),
    script:
        "../scripts/cut_clips.py"

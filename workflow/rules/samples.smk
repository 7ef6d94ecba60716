# Motions to what models see: windows for predictors, clips for recognizers, videos for video networks.


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


rule render_videos:
    input:
        clips=lambda wildcards: paths.filled(
            paths.CLIPS, data=wildcards.data, clips=PLAN.video.clips(wildcards.videos)
        ),
    output:
        store=paths.VIDEOS,
    log:
        "logs/render_videos/{data}/{videos}.log",
    benchmark:
        "logs/render_videos/{data}/{videos}.jsonl"
    wildcard_constraints:
        videos="(?!decoded/)[A-Za-z0-9_]+",
    priority: 10  # trainings wait for it
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=120,
    params:
        settings=lambda wildcards: PLAN.video.rendering(wildcards.videos),
        # cameras and noise are the same in every repetition, as the recorded motions are
        seed=0,
        code=code_of("render_videos.py"),
    script:
        "../scripts/render_videos.py"


rule read_videos:
    output:
        store=paths.filled(paths.VIDEOS, videos="decoded"),
    log:
        "logs/read_videos/{data}.log",
    benchmark:
        "logs/read_videos/{data}.jsonl"
    priority: 10
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 8000 * attempt,
        runtime=720,
    params:
        folder=lambda wildcards: PLAN.video.reading(wildcards.data)["folder"],
        settings=lambda wildcards: PLAN.video.reading(wildcards.data)["settings"],
        code=lambda wildcards: code(
            "read_videos.py",
            f"samples.videos.layouts.{PLAN.video.reading(wildcards.data)['settings']['layout']}",
        ),
    script:
        "../scripts/read_videos.py"

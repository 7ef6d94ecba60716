# Motions to what models see: windows for predictors, clips for recognizers.


rule cut_windows:
    input:
        motions="results/motions/{data}/motions.zarr/zarr.json",
    output:
        store="results/windows/{data}/{protocol}/windows.zarr/zarr.json",
    log:
        "logs/cut_windows/{data}/{protocol}.log",
    benchmark:
        "logs/cut_windows/{data}/{protocol}.jsonl"
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=60,
    params:
        protocol=protocol_of,
        code=code_of("cut_windows.py"),
    script:
        "../scripts/cut_windows.py"


rule cut_clips:
    input:
        motions="results/motions/{data}/motions.zarr/zarr.json",
    output:
        store=CLIPS,
    log:
        "logs/cut_clips/{data}/{clips}.log",
    benchmark:
        "logs/cut_clips/{data}/{clips}.jsonl"
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=120,
    params:
        protocol=clips_of,
        code=clips_code,
    script:
        "../scripts/cut_clips.py"

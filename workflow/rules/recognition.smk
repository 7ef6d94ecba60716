# Recognizers and attacks on them: clips, training, accuracy, attacked clips, their evaluation, transfer.
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


rule train_recognizer:
    input:
        clips=CLIPS,
    output:
        model=RECOGNIZER_MODEL.replace("{training}", "clean"),
        log=RECOGNIZER_MODEL.replace("{training}", "clean").replace(
            "model.safetensors", "training.json"
        ),
    log:
        "logs/train_recognizer/{data}/{clips}/clean/{recognizer}/seed{seed}.log",
    benchmark:
        "logs/train_recognizer/{data}/{clips}/clean/{recognizer}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 6000 * attempt,
        runtime=1440,
        gpu=1,
    params:
        recognizer=recognizer_of,
        code=lambda wildcards: code(
            "train_recognizer.py", recognizer_module(wildcards.recognizer)
        ),
    script:
        "../scripts/train_recognizer.py"


rule evaluate_recognizer:
    input:
        clips=CLIPS,
        model=RECOGNIZER_MODEL,
    output:
        records=f"{ACCURACY}.records.parquet",
        table=f"{ACCURACY}.csv",
        confusion=f"{ACCURACY}.confusion.csv",
    log:
        "logs/evaluate_recognizer/{data}/{clips}/{training}/{recognizer}/seed{seed}.log",
    benchmark:
        "logs/evaluate_recognizer/{data}/{clips}/{training}/{recognizer}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
        gpu=1,
    params:
        code=lambda wildcards: code(
            "evaluate_recognizer.py", recognizer_module(wildcards.recognizer)
        ),
    script:
        "../scripts/evaluate_recognizer.py"


rule attack_recognizer:
    input:
        clips=CLIPS,
        model=RECOGNIZER_MODEL.replace("{training}", "clean"),
    output:
        store=SHARD,
    log:
        "logs/attack_recognizer/{data}/{clips}/{recognizer}/{attack}/seed{seed}/shard{shard}.log",
    benchmark:
        "logs/attack_recognizer/{data}/{clips}/{recognizer}/{attack}/seed{seed}/shard{shard}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 6000 * attempt,
        runtime=720,
        gpu=1,
    params:
        attack=attack_of,
        code=lambda wildcards: code(
            "attack_recognizer.py",
            recognizer_module(wildcards.recognizer),
            *attack_modules(wildcards.attack),
        ),
    script:
        "../scripts/attack_recognizer.py"


rule evaluate_attack:
    input:
        clips=CLIPS,
        model=RECOGNIZER_MODEL.replace("{training}", "clean"),
        shards=shards_of(SHARD),
    output:
        records=f"{ATTACKED}.records.parquet",
        table=f"{ATTACKED}.csv",
    log:
        "logs/evaluate_attack/{data}/{clips}/{recognizer}/{attack}/seed{seed}.log",
    benchmark:
        "logs/evaluate_attack/{data}/{clips}/{recognizer}/{attack}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
        gpu=1,
    params:
        code=lambda wildcards: code(
            "evaluate_attack.py", recognizer_module(wildcards.recognizer)
        ),
    script:
        "../scripts/evaluate_attack.py"


rule evaluate_transfer:
    input:
        clips=CLIPS,
        model=RECOGNIZER_MODEL.replace("{training}", "clean"),
        surrogate=RECOGNIZER_MODEL.replace("{training}", "clean").replace(
            "{recognizer}", "{surrogate}"
        ),
        shards=shards_of(SHARD.replace("{recognizer}", "{surrogate}")),
    output:
        table=TRANSFER,
    log:
        "logs/evaluate_transfer/{data}/{clips}/{attack}/{surrogate}/{recognizer}/seed{seed}.log",
    benchmark:
        "logs/evaluate_transfer/{data}/{clips}/{attack}/{surrogate}/{recognizer}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
        gpu=1,
    params:
        code=lambda wildcards: code(
            "evaluate_transfer.py",
            recognizer_module(wildcards.recognizer),
            recognizer_module(wildcards.surrogate),
        ),
    script:
        "../scripts/evaluate_transfer.py"

# Clips to adversarial clips, and before them the choice of an attack's settings.


rule tune_attack:
    input:
        clips=paths.CLIPS,
        model=lambda wildcards: paths.filled(
            paths.RECOGNIZER,
            training="clean",
            seed=PLAN.recognition.tuning_seed(wildcards.attack, wildcards.recognizer),
        ),
        goal=lambda wildcards: PLAN.recognition.goal(wildcards.attack),
    output:
        choice=paths.CHOICE,
        table=paths.TUNING,
    log:
        "logs/tune_attack/{data}/{clips}/{recognizer}/{attack}.log",
    benchmark:
        "logs/tune_attack/{data}/{clips}/{recognizer}/{attack}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 6000 * attempt,
        runtime=720,
        gpu=1,
    params:
        attack=lambda wildcards: PLAN.recognition.attack(wildcards.attack),
        tune=lambda wildcards: PLAN.recognition.tuned(wildcards.attack),
        seed=lambda wildcards: PLAN.recognition.tuning_seed(
            wildcards.attack, wildcards.recognizer
        ),
        code=lambda wildcards: code(
            "tune_attack.py",
            PLAN.recognition.recognizer_code(wildcards.recognizer),
            *PLAN.recognition.attack_code(wildcards.attack),
        ),
    script:
        "../scripts/tune_attack.py"


rule attack_recognizer:
    input:
        clips=paths.CLIPS,
        model=paths.filled(paths.RECOGNIZER, training="clean"),
        choice=lambda wildcards: PLAN.recognition.choice(wildcards.attack),
    output:
        store=paths.SHARD,
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
        attack=lambda wildcards: PLAN.recognition.attack(wildcards.attack),
        code=lambda wildcards: code(
            "attack_recognizer.py",
            PLAN.recognition.recognizer_code(wildcards.recognizer),
            *PLAN.recognition.attack_code(wildcards.attack),
        ),
    script:
        "../scripts/attack_recognizer.py"


use rule attack_recognizer as attack_defended with:
    input:
        clips=paths.CLIPS,
        model=paths.RECOGNIZER,
    output:
        store=paths.ROBUST_SHARD,
    log:
        "logs/attack_defended/{data}/{clips}/{training}/{recognizer}/{attack}/seed{seed}/shard{shard}.log",
    benchmark:
        "logs/attack_defended/{data}/{clips}/{training}/{recognizer}/{attack}/seed{seed}/shard{shard}.jsonl"
    params:
        attack=lambda wildcards: PLAN.robustness.attack(wildcards.attack),
        code=lambda wildcards: code(
            "attack_recognizer.py",
            PLAN.recognition.recognizer_code(wildcards.recognizer),
            *PLAN.robustness.wrapper_code(wildcards.training),
            *PLAN.robustness.attack_code(wildcards.attack),
        ),

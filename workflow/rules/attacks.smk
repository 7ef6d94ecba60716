# Clips to adversarial clips.


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

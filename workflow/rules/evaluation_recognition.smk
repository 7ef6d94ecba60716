# Recognizers, video networks and samples to records, one row a sample, and their summaries.


rule evaluate_recognizer:
    input:
        clips=paths.CLIPS,
        model=paths.RECOGNIZER,
    output:
        records=paths.ACCURACY_RECORDS,
        table=paths.ACCURACY_TABLE,
        confusion=paths.CONFUSION_TABLE,
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
            "evaluate_recognizer.py",
            PLAN.recognition.recognizer_code(wildcards.recognizer),
            *PLAN.robustness.wrapper_code(wildcards.training),
        ),
    script:
        "../scripts/evaluate_recognizer.py"


rule evaluate_attack:
    input:
        clips=paths.CLIPS,
        model=paths.filled(paths.RECOGNIZER, training="clean"),
        shards=PLAN.recognition.shards_of(paths.SHARD),
    output:
        records=paths.ATTACK_RECORDS,
        table=paths.ATTACK_TABLE,
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
            "evaluate_attack.py",
            PLAN.recognition.recognizer_code(wildcards.recognizer),
        ),
    script:
        "../scripts/evaluate_attack.py"


rule evaluate_robustness:
    input:
        lambda wildcards: PLAN.robustness.evaluated(wildcards),
        clips=paths.CLIPS,
        model=paths.RECOGNIZER,
    output:
        records=paths.ROBUST_RECORDS,
        table=paths.ROBUST_TABLE,
    log:
        "logs/evaluate_robustness/{data}/{clips}/{training}/{recognizer}/seed{seed}.log",
    benchmark:
        "logs/evaluate_robustness/{data}/{clips}/{training}/{recognizer}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=120,
        gpu=1,
    params:
        attacks=lambda wildcards: PLAN.robustness.shards_by_attack(wildcards),
        transfers=lambda wildcards: PLAN.robustness.transfers(wildcards),
        code=lambda wildcards: code(
            "evaluate_robustness.py",
            *PLAN.recognition.recognizers_code,
            *PLAN.robustness.wrapper_code(wildcards.training),
        ),
    script:
        "../scripts/evaluate_robustness.py"


rule evaluate_transfer:
    input:
        clips=paths.CLIPS,
        models=PLAN.recognition.target_models,
        surrogate=paths.filled(
            paths.RECOGNIZER, training="clean", recognizer="{surrogate}"
        ),
        shards=PLAN.recognition.shards_of(
            paths.filled(paths.SHARD, recognizer="{surrogate}")
        ),
    output:
        table=paths.TRANSFER_TABLE,
    log:
        "logs/evaluate_transfer/{data}/{clips}/{attack}/{surrogate}/seed{seed}.log",
    benchmark:
        "logs/evaluate_transfer/{data}/{clips}/{attack}/{surrogate}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
        gpu=1,
    params:
        targets=lambda wildcards: PLAN.recognition.targets(
            wildcards.data, wildcards.clips, wildcards.seed
        ),
        code=lambda wildcards: code(
            "evaluate_transfer.py",
            PLAN.recognition.recognizer_code(wildcards.surrogate),
            *map(
                PLAN.recognition.recognizer_code,
                PLAN.recognition.targets(
                    wildcards.data, wildcards.clips, wildcards.seed
                ),
            ),
        ),
    script:
        "../scripts/evaluate_transfer.py"


rule certify_recognizer:
    input:
        clips=paths.CLIPS,
        model=paths.RECOGNIZER,
    output:
        table=paths.CERTIFICATES,
    log:
        "logs/certify_recognizer/{data}/{clips}/{training}/{recognizer}/seed{seed}.log",
    benchmark:
        "logs/certify_recognizer/{data}/{clips}/{training}/{recognizer}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 6000 * attempt,
        runtime=720,
        gpu=1,
    params:
        certificates=PLAN.robustness.certificate_settings,
        code=lambda wildcards: code(
            "certify_recognizer.py",
            PLAN.recognition.recognizer_code(wildcards.recognizer),
            *PLAN.robustness.wrapper_code(wildcards.training),
        ),
    script:
        "../scripts/certify_recognizer.py"


rule time_defences:
    input:
        clips=paths.CLIPS,
        models=lambda wildcards: PLAN.robustness.of_recognizer(wildcards),
    output:
        table=paths.COSTS,
    log:
        "logs/time_defences/{data}/{clips}/{recognizer}.log",
    benchmark:
        "logs/time_defences/{data}/{clips}/{recognizer}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
        gpu=1,
    params:
        trainings=PLAN.robustness.trainings,
        code=lambda wildcards: code(
            "time_defences.py",
            PLAN.recognition.recognizer_code(wildcards.recognizer),
            *PLAN.robustness.all_wrapper_code,
        ),
    script:
        "../scripts/time_defences.py"


rule picture_attacks:
    input:
        unpack(
            lambda wildcards: PLAN.recognition.pictured(
                wildcards.data, wildcards.recognizer, wildcards.shown
            )
        ),
    output:
        scenes=PLAN.attack_scenes,
    log:
        f"logs/picture_attacks/{RUN}/{{shown}}-{{data}}-{{recognizer}}.log",
    benchmark:
        f"logs/picture_attacks/{RUN}/{{shown}}-{{data}}-{{recognizer}}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        code=code_of("picture_attacks.py"),
    script:
        "../scripts/picture_attacks.py"


rule evaluate_backdoor:
    input:
        samples=lambda wildcards: PLAN.backdoors[wildcards.modality].samples(wildcards),
        clips=lambda wildcards: PLAN.rendered(wildcards, wildcards.tested),
        victim=paths.VICTIM,
        clean=lambda wildcards: PLAN.backdoors[wildcards.modality].model(
            wildcards, "clean"
        ),
    output:
        records=paths.BACKDOOR_RECORDS,
    log:
        "logs/evaluate_backdoor/{modality}/{data}/{samples}/{training}/{network}/on-{tested}/seed{seed}.log",
    benchmark:
        "logs/evaluate_backdoor/{modality}/{data}/{samples}/{training}/{network}/on-{tested}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 6000 * attempt,
        runtime=60,
        gpu=1,
    params:
        poison=lambda wildcards: PLAN.backdoors[wildcards.modality].poison(
            wildcards.tested
        ),
        controls=lambda wildcards: PLAN.backdoors[wildcards.modality].controls,
        code=lambda wildcards: code(
            "evaluate_backdoor.py",
            PLAN.network_code(wildcards.modality, wildcards.network),
            PLAN.backdoors[wildcards.modality].poison_code(wildcards.tested),
        ),
    script:
        "../scripts/evaluate_backdoor.py"

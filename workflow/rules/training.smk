# Samples, clean or poisoned, to trained models.


rule train_predictor:
    input:
        windows=paths.WINDOWS,
    output:
        model=paths.filled(paths.PREDICTOR, strategy="clean"),
        log=paths.filled(paths.TRAINING, strategy="clean"),
    log:
        "logs/train_predictor/{data}/{protocol}/clean/{predictor}/seed{seed}.log",
    benchmark:
        "logs/train_predictor/{data}/{protocol}/clean/{predictor}/seed{seed}.jsonl"
    priority: 10  # the longest jobs first: begun last, one keeps all other cores waiting
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=720,
        gpu=1,
    params:
        predictor=lambda wildcards: PLAN.prediction.predictors[wildcards.predictor],
        code=lambda wildcards: code(
            "train_predictor.py", PLAN.prediction.predictor_code(wildcards.predictor)
        ),
    script:
        "../scripts/train_predictor.py"


use rule train_predictor as train_victim with:
    input:
        windows=paths.WINDOWS,
        poison=paths.POISON,
    output:
        model=paths.PREDICTOR,
        log=paths.TRAINING,
    log:
        "logs/train_predictor/{data}/{protocol}/{strategy}/{predictor}/seed{seed}.log",
    benchmark:
        "logs/train_predictor/{data}/{protocol}/{strategy}/{predictor}/seed{seed}.jsonl"


rule train_recognizer:
    input:
        clips=paths.CLIPS,
    output:
        model=paths.filled(paths.RECOGNIZER, training="clean"),
        log=paths.filled(paths.RECOGNIZER_TRAINING, training="clean"),
    log:
        "logs/train_recognizer/{data}/{clips}/clean/{recognizer}/seed{seed}.log",
    benchmark:
        "logs/train_recognizer/{data}/{clips}/clean/{recognizer}/seed{seed}.jsonl"
    priority: 10  # the longest jobs first: begun last, one keeps all other cores waiting
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 6000 * attempt,
        runtime=1440,
        gpu=1,
    params:
        recognizer=lambda wildcards: PLAN.recognition.recognizer(wildcards.recognizer),
        code=lambda wildcards: code(
            "train_recognizer.py",
            PLAN.recognition.recognizer_code(wildcards.recognizer),
        ),
    script:
        "../scripts/train_recognizer.py"


rule fuse_recognizers:
    input:
        members=PLAN.recognition.members,
    output:
        model=paths.filled(paths.RECOGNIZER, training="clean"),
        log=paths.filled(paths.RECOGNIZER_TRAINING, training="clean"),
    log:
        "logs/fuse_recognizers/{data}/{clips}/clean/{recognizer}/seed{seed}.log",
    benchmark:
        "logs/fuse_recognizers/{data}/{clips}/clean/{recognizer}/seed{seed}.jsonl"
    wildcard_constraints:
        recognizer="|".join(PLAN.recognition.ensembles) or "(?!)",
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        members=lambda wildcards: list(
            PLAN.recognition.ensembles[wildcards.recognizer]["members"]
        ),
        average=lambda wildcards: PLAN.recognition.ensembles[wildcards.recognizer][
            "average"
        ],
        code=code_of("fuse_recognizers.py"),
    script:
        "../scripts/fuse_recognizers.py"


ruleorder: fuse_recognizers > train_recognizer


rule defend_recognizer:
    input:
        clips=paths.CLIPS,
        model=paths.filled(paths.RECOGNIZER, training="clean"),
    output:
        model=paths.RECOGNIZER,
        log=paths.RECOGNIZER_TRAINING,
    log:
        "logs/defend_recognizer/{data}/{clips}/{training}/{recognizer}/seed{seed}.log",
    benchmark:
        "logs/defend_recognizer/{data}/{clips}/{training}/{recognizer}/seed{seed}.jsonl"
    wildcard_constraints:
        training="(?!clean/)[A-Za-z0-9_]+",
    priority: 10
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 6000 * attempt,
        runtime=1440,
        gpu=1,
    params:
        recognizer=lambda wildcards: PLAN.recognition.recognizer(wildcards.recognizer),
        defence=lambda wildcards: PLAN.robustness.defence(wildcards.training),
        code=lambda wildcards: code(
            "defend_recognizer.py",
            PLAN.recognition.recognizer_code(wildcards.recognizer),
            *PLAN.robustness.defence_code(wildcards.training),
        ),
    script:
        "../scripts/defend_recognizer.py"


use rule train_recognizer as train_poisoned_recognizer with:
    input:
        clips=paths.filled(paths.CLIPS, clips="{samples}"),
        poison=paths.filled(paths.POISONED_STORE, modality="skeleton"),
    output:
        model=paths.filled(paths.VICTIM, modality="skeleton"),
        log=paths.filled(paths.VICTIM_TRAINING, modality="skeleton"),
    log:
        "logs/train_recognizer/{data}/{samples}/{training}/{network}/seed{seed}.log",
    benchmark:
        "logs/train_recognizer/{data}/{samples}/{training}/{network}/seed{seed}.jsonl"
    params:
        recognizer=lambda wildcards: PLAN.recognition.recognizer(wildcards.network),
        code=lambda wildcards: code(
            "train_recognizer.py",
            PLAN.recognition.recognizer_code(wildcards.network),
        ),


rule train_videonet:
    input:
        videos=paths.VIDEOS,
    output:
        model=paths.VIDEONET,
        log=paths.VIDEONET_TRAINING,
    log:
        "logs/train_videonet/{data}/{videos}/clean/{network}/seed{seed}.log",
    benchmark:
        "logs/train_videonet/{data}/{videos}/clean/{network}/seed{seed}.jsonl"
    priority: 10
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 12000 * attempt,
        runtime=1440,
        gpu=1,
    params:
        network=lambda wildcards: PLAN.video.network(wildcards.network),
        code=lambda wildcards: code(
            "train_videonet.py", PLAN.video.network_code(wildcards.network)
        ),
    script:
        "../scripts/train_videonet.py"


use rule train_videonet as train_poisoned_videonet with:
    input:
        videos=paths.filled(paths.VIDEOS, videos="{samples}"),
        poison=paths.filled(paths.POISONED_STORE, modality="video"),
    output:
        model=paths.filled(paths.VICTIM, modality="video"),
        log=paths.filled(paths.VICTIM_TRAINING, modality="video"),
    log:
        "logs/train_videonet/{data}/{samples}/{training}/{network}/seed{seed}.log",
    benchmark:
        "logs/train_videonet/{data}/{samples}/{training}/{network}/seed{seed}.jsonl"

# Samples, clean or poisoned, to trained models.


rule train_predictor:
    input:
        windows="results/windows/{data}/{protocol}/windows.zarr/zarr.json",
    output:
        model=model_path("clean"),
        log=model_path("clean").replace("model.safetensors", "training.json"),
    log:
        "logs/train_predictor/{data}/{protocol}/clean/{predictor}/seed{seed}.log",
    benchmark:
        "logs/train_predictor/{data}/{protocol}/clean/{predictor}/seed{seed}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=720,
        gpu=1,
    params:
        predictor=predictor_of,
        code=lambda wildcards: code("train_predictor.py", predictor_module(wildcards)),
    script:
        "../scripts/train_predictor.py"


use rule train_predictor as train_victim with:
    input:
        windows="results/windows/{data}/{protocol}/windows.zarr/zarr.json",
        poison="results/poisons/{data}/{protocol}/{strategy}/seed{seed}/poison.zarr/zarr.json",
    output:
        model=model_path("{strategy}"),
        log=model_path("{strategy}").replace("model.safetensors", "training.json"),
    log:
        "logs/train_predictor/{data}/{protocol}/{strategy}/{predictor}/seed{seed}.log",
    benchmark:
        "logs/train_predictor/{data}/{protocol}/{strategy}/{predictor}/seed{seed}.jsonl"


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

# Records to the run's tables, and those beside what papers print.


rule table_prediction:
    input:
        tables=[
            *PLAN.prediction.evaluations(),
            *PLAN.prediction.poisons(paths.STEALTH_TABLE),
        ],
        told_apart=PLAN.prediction.poisons(paths.STEALTH_TEST),
        selected=PLAN.prediction.poisons(paths.SELECTED_TABLE),
    output:
        **PLAN.table_outputs(PLAN.poison_tables),
        table=f"results/artifacts/{RUN}/tables/prediction_backdoor.csv",
    log:
        f"logs/table_prediction/{RUN}.log",
    benchmark:
        f"logs/table_prediction/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        rows=PLAN.prediction.part.get("table", {}),
        code=code_of("table_prediction.py"),
    script:
        "../scripts/table_prediction.py"


rule table_trigger_strength:
    input:
        tables=PLAN.strength.files(paths.STRENGTH_TABLE),
    output:
        table=f"results/artifacts/{RUN}/tables/trigger_strength.csv",
    log:
        f"logs/table_trigger_strength/{RUN}.log",
    benchmark:
        f"logs/table_trigger_strength/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        code=code_of("table_trigger_strength.py"),
    script:
        "../scripts/table_trigger_strength.py"


rule table_defences:
    input:
        tables=PLAN.defences.files(paths.DEFENCE_TABLE),
    output:
        table=f"results/artifacts/{RUN}/tables/prediction_defences.csv",
    log:
        f"logs/table_defences/{RUN}.log",
    benchmark:
        f"logs/table_defences/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        code=code_of("table_defences.py"),
    script:
        "../scripts/table_defences.py"


rule table_recognition:
    input:
        accuracy=PLAN.recognition.evaluations(paths.ACCURACY_TABLE),
        attacks=PLAN.recognition.attack_files(paths.ATTACK_TABLE),
        records=PLAN.recognition.attack_files(paths.ATTACK_RECORDS),
        transfer=PLAN.recognition.transfers(),
        tuning=PLAN.recognition.tunings(),
    output:
        **PLAN.table_outputs(PLAN.recognition_tables),
    log:
        f"logs/table_recognition/{RUN}.log",
    benchmark:
        f"logs/table_recognition/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        code=code_of("table_recognition.py"),
    script:
        "../scripts/table_recognition.py"


use rule table_recognition as table_blackbox with:
    input:
        attacks=PLAN.recognition.attack_files(
            paths.ATTACK_TABLE, PLAN.recognition.hard_label
        ),
        records=PLAN.recognition.attack_files(
            paths.ATTACK_RECORDS, PLAN.recognition.hard_label
        ),
    output:
        **PLAN.table_outputs(PLAN.blackbox_tables),
    log:
        f"logs/table_blackbox/{RUN}.log",
    benchmark:
        f"logs/table_blackbox/{RUN}.jsonl"


rule table_robustness:
    input:
        accuracy=PLAN.robustness.files(paths.ACCURACY_TABLE),
        accuracy_records=PLAN.robustness.files(paths.ACCURACY_RECORDS),
        attacks=PLAN.robustness.files(paths.ROBUST_TABLE),
        records=PLAN.robustness.files(paths.ROBUST_RECORDS),
        certificates=PLAN.robustness.certificates(),
    output:
        **PLAN.table_outputs(PLAN.robustness_tables),
    log:
        f"logs/table_robustness/{RUN}.log",
    benchmark:
        f"logs/table_robustness/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        defences=PLAN.robustness.described(),
        attacks=PLAN.robustness.judged(),
        code=code_of("table_robustness.py"),
    script:
        "../scripts/table_robustness.py"


rule table_backdoor:
    input:
        records=PLAN.backdoor_files(paths.BACKDOOR_RECORDS),
        imperceptibility=[
            path
            for on in PLAN.backdoors.values()
            for path in on.of_tested(paths.IMPERCEPTIBILITY)
        ],
        detections=PLAN.detections(paths.DETECTION_TABLE),
    output:
        **PLAN.table_outputs(PLAN.backdoor_tables),
    log:
        f"logs/table_backdoor/{RUN}.log",
    benchmark:
        f"logs/table_backdoor/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        **PLAN.of_backdoors(),
        code=code_of("table_backdoor.py", *PLAN.triggers_code),
    script:
        "../scripts/table_backdoor.py"


rule compare_with_papers:
    input:
        tables=PLAN.table_files(PLAN.compared_tables),
        reference=ancient("config/papers/reference.csv"),
        trainings=PLAN.prediction.trainings(),
        receipts=expand(paths.RECEIPT, data=PLAN.prediction.datasets),
        motions=expand(paths.MOTIONS, data=PLAN.prediction.datasets),
    output:
        table=f"results/artifacts/{RUN}/tables/paper_comparison.csv",
    log:
        f"logs/compare_with_papers/{RUN}.log",
    benchmark:
        f"logs/compare_with_papers/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        data=list(PLAN.prediction.datasets),
        # ancient, with its hash: in a fresh clone the file is newer than results
        reference_hash=file_hash("config/papers/reference.csv"),
        modules={name: PLAN.modules[name] for name in PLAN.prediction.datasets},
        protocols=PLAN.prediction.published_protocols(),
        code=code_of("compare_with_papers.py"),
    script:
        "../scripts/compare_with_papers.py"

# The perceptual study: a page that people answer, and what their answers say.


rule make_study:
    input:
        unpack(lambda wildcards: PLAN.study.inputs()),
    output:
        page=PLAN.study.page,
        trials=PLAN.study.trials,
    log:
        f"logs/make_study/{RUN}.log",
    benchmark:
        f"logs/make_study/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        settings=PLAN.study.settings,
        # the page's own files, which the code's hash does not see
        page=[
            file_hash(REPOSITORY / f"src/kinesec/report/study/study.{end}")
            for end in ("html.j2", "css", "js")
        ],
        code=code_of("make_study.py"),
    script:
        "../scripts/make_study.py"


rule read_study:
    input:
        trials=PLAN.study.trials,
        answers=PLAN.study.answers,
    output:
        rates=f"results/artifacts/{RUN}/tables/study_rates.csv",
        subjects=f"results/artifacts/{RUN}/tables/study_subjects.csv",
        pairs=f"results/artifacts/{RUN}/tables/study_pairs.csv",
    log:
        f"logs/read_study/{RUN}.log",
    benchmark:
        f"logs/read_study/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        code=code_of("read_study.py"),
    script:
        "../scripts/read_study.py"


rule figure_study:
    input:
        rates=f"results/artifacts/{RUN}/tables/study_rates.csv",
        subjects=f"results/artifacts/{RUN}/tables/study_subjects.csv",
    output:
        **PLAN.figure(PLAN.study.figure, "pdf", "svg", "png"),
    log:
        f"logs/figure_study/{RUN}.log",
    benchmark:
        f"logs/figure_study/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        code=code_of("figure_study.py"),
    script:
        "../scripts/figure_study.py"

# The report: what a run leaves for people, and films of its animations for those who ask.


rule report:
    input:
        tables=PLAN.tables(),
        figures=PLAN.figure_files(PLAN.figures),
        receipts=expand(paths.RECEIPT, data=PLAN.sources),
        motions=expand(paths.MOTIONS, data=PLAN.sources),
        windows=PLAN.prediction.windows(),
        trainings=PLAN.prediction.trainings(),
        scenes=[path for stores in PLAN.scenes().values() for path in stores],
    output:
        page=f"results/artifacts/{RUN}/report/index.html",
        verdicts=PLAN.verdicts,
        latex=list(prints.latex(PLAN).values()),
    log:
        f"logs/report/{RUN}.log",
    benchmark:
        f"logs/report/{RUN}.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        run=RUN,
        seeds=PLAN.seeds,
        modules=PLAN.modules,
        configuration=PLAN.shown,
        captions=PLAN.captions(),
        scenes=PLAN.scenes(),
        # read at run time, so no import tells of them
        shown_by=[
            file_hash(path)
            for path in sorted(REPOSITORY.glob("src/kinesec/report/viewer/viewer.*"))
        ],
        printed=list(prints.latex(PLAN)),
        code=lambda wildcards: code(
            "report.py",
            *(source.code() for source in PLAN.sources.values()),
        ),
    script:
        "../scripts/report.py"


rule film:
    input:
        animation=f"{PLAN.folder}/figures/{{animation}}.webp",
    output:
        **PLAN.figure("{animation}", *prints.FILMS),
    log:
        f"logs/film/{RUN}/{{animation}}.log",
    benchmark:
        f"logs/film/{RUN}/{{animation}}.jsonl"
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        code=code_of("film.py"),
    script:
        "../scripts/film.py"

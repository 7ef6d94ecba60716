# The report: what a run leaves for people.


rule report:
    input:
        tables=tables(),
        figures=figures(),
        receipts=expand("resources/{data}/receipt.json", data=DATA),
        motions=expand("results/motions/{data}/motions.zarr/zarr.json", data=DATA),
        windows=windows_of_run(),
        trainings=trainings(),
    output:
        page=f"results/artifacts/{RUN}/report/index.html",
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
        seeds=SEEDS,
        modules={name: data["module"] for name, data in DATA.items()},
        configuration=SHOWN,
        captions=captions(),
        code=lambda wildcards: code(
            "report.py",
            *(f"sources.datasets.{data['module']}" for data in DATA.values()),
        ),
    script:
        "../scripts/report.py"

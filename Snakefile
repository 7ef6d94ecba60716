from snakemake.utils import min_version

min_version("9.27")


# --configfile replaces the demo's configuration: the directive alone would merge the two
if not workflow.config_settings.configfiles:

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/hooks.smk"
include: "workflow/rules/sources.smk"
include: "workflow/rules/samples.smk"
include: "workflow/rules/poisoning.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/attacks.smk"
include: "workflow/rules/defences.smk"
include: "workflow/rules/evaluation_prediction.smk"
include: "workflow/rules/evaluation_recognition.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures_prediction.smk"
include: "workflow/rules/figures_recognition.smk"
include: "workflow/rules/figures_robustness.smk"
include: "workflow/rules/figures_backdoor.smk"
include: "workflow/rules/figures_added.smk"
include: "workflow/rules/study.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/provenance.smk"


wildcard_constraints:
    data="[A-Za-z0-9_]+",
    protocol="[A-Za-z0-9_]+",
    predictor="[A-Za-z0-9_]+",
    defence="[A-Za-z0-9_]+",
    strategy="[a-z0-9_]+-[a-z0-9_]+-[a-z0-9_]+(-sequence)?(-hardened)?-[0-9.]+",
    seed="[0-9]+",
    clips="[A-Za-z0-9_]+",
    training="[A-Za-z0-9_]+(-[a-z_]+[A-Za-z0-9_.+-]+)?",
    recognizer="[A-Za-z0-9_]+",
    surrogate="[A-Za-z0-9_]+",
    attack="[A-Za-z0-9_]+",
    criterion="AB[0-9]*|SA",
    shard="[0-9]+of[0-9]+",
    figure="[A-Za-z0-9_]+",
    shown="attack|blackbox",
    modality="skeleton|video",
    tested="[A-Za-z0-9_]+(-[a-z_]+[A-Za-z0-9_.+-]+)?",
    samples="[A-Za-z0-9_]+",
    videos="[A-Za-z0-9_]+",
    network="[A-Za-z0-9_]+",
    detector="[A-Za-z0-9_]+",
    animation="[a-z_]*animation-[^/]+",


localrules:
    all,
    prediction,
    recognition,
    blackbox,
    robustness,
    backdoor,
    study,
    animations,
    retrieve,


rule all:
    default_target: True
    input:
        f"{PLAN.folder}/report/index.html",
        f"{PLAN.folder}/ro-crate-metadata.json",
        PLAN.study.pages,


rule prediction:
    input:
        PLAN.table_files(PLAN.prediction_tables),
        PLAN.figure_files(PLAN.figures_of_prediction),


rule recognition:
    input:
        PLAN.table_files(PLAN.recognition_tables),
        PLAN.figure_files(PLAN.figures_of_recognition),


rule blackbox:
    input:
        PLAN.table_files(PLAN.blackbox_tables),
        PLAN.figure_files(PLAN.figures_of_blackbox),


rule robustness:
    input:
        PLAN.table_files(PLAN.robustness_tables),
        PLAN.figure_files(PLAN.figures_of_robustness),


rule backdoor:
    input:
        PLAN.table_files(PLAN.backdoor_tables),
        PLAN.figure_files(PLAN.figures_of_backdoors),


rule study:
    input:
        PLAN.study.pages,
        PLAN.table_files(PLAN.study.tables),
        PLAN.figure_files(PLAN.study.figures()),


rule animations:
    input:
        prints.films(PLAN),

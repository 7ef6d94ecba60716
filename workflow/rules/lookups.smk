# Look-ups by wildcards, for the inputs and params of the stages.


def manifest(wildcards):
    return DATA[wildcards.data]["manifest"] or ""


def manifest_hash(wildcards):
    path = manifest(wildcards)
    return file_sha256(path) if path else ""


def data_code(script):
    """The code of a data set's job; `folder` picks its reader by name, so all of them are its code."""

    def of(wildcards):
        name = DATA[wildcards.data]["module"]
        readers = (
            [f"readers.{one}" for one in names.available("readers")]
            if name == "folder"
            else []
        )
        return code(script, f"datasets.{name}", *readers)

    return of


PREDICTION = config.get("prediction", {})
EVALUATION = (
    "results/evaluations/prediction/{data}/{protocol}/{strategy}/{predictor}/seed{seed}"
)
EVALUATION_RECORDS = f"{EVALUATION}.records.parquet"
EVALUATION_TABLE = f"{EVALUATION}.csv"


def protocol_of(wildcards):
    """The protocol's settings with what the data set says of its unit and root."""
    data = DATA[wildcards.data]
    return {
        **PREDICTION["protocols"][wildcards.protocol],
        "nominal_unit_mm": data["nominal_unit_mm"],
        "root": data["root"],
    }


def strategy_of(wildcards):
    """A poisoning strategy from its name, trigger-target-selection-ratio."""
    trigger, target, selection, ratio = wildcards.strategy.split("-")
    return {
        "trigger": trigger,
        "target": target,
        "selection": selection,
        "ratio": float(ratio),
        "mode": PREDICTION["mode"],
        "limb": PREDICTION["limb"],
        "wrong_limb": PREDICTION["wrong_limb"],
        "trigger_settings": PREDICTION["trigger_settings"].get(trigger, {}),
        "target_settings": PREDICTION["target_settings"].get(target, {}),
        "selection_settings": PREDICTION["selection_settings"].get(selection, {}),
    }


def strategy_modules(wildcards):
    trigger, target, selection, _ = wildcards.strategy.split("-")
    return [
        f"poisoning.triggers.{trigger}",
        f"poisoning.targets.{target}",
        f"poisoning.selections.{selection}",
    ]


def predictor_of(wildcards):
    return PREDICTION["predictors"][wildcards.predictor]


def predictor_module(wildcards):
    return f"predictors.{predictor_of(wildcards)['predictor']}"


def model_path(poison):
    return f"results/models/{{data}}/{{protocol}}/{poison}/{{predictor}}/seed{{seed}}/model.safetensors"


def evaluations():
    """The evaluation tables of the run: each data set, strategy, predictor and seed."""
    return [
        EVALUATION_TABLE.format(
            data=data,
            protocol=spec["protocol"],
            strategy=strategy,
            predictor=name,
            seed=seed,
        )
        for data in PREDICTION.get("datasets", [])
        for strategy in configuration.strategy_names(PREDICTION)
        for name, spec in PREDICTION["predictors"].items()
        for seed in SEEDS
    ]

# Look-ups by wildcards, for the inputs and params of the stages.
import json


def manifest(wildcards):
    return DATA[wildcards.data]["manifest"] or ""


def manifest_hash(wildcards):
    path = manifest(wildcards)
    return file_sha256(path) if path else ""


def generated(data):
    return not data["folder"] and not data["manifest"]


def raw_of(wildcards):
    """What says where a data set's raw files come from; its settings say so only where they are generated."""
    data = DATA[wildcards.data]
    settings = data["settings"] if generated(data) else {}
    return {
        "module": data["module"],
        "folder": data["folder"],
        "mirror_folder": data["mirror_folder"],
        "settings": settings,
    }


def raw_code(wildcards):
    """The code that generates raw files; all others are what their hashes say, whatever code puts them in place."""
    data = DATA[wildcards.data]
    return (
        code("retrieve.py", f"sources.datasets.{data['module']}")
        if generated(data)
        else ""
    )


def recordings_of(wildcards):
    """What says how raw files are labelled, split and read."""
    data = DATA[wildcards.data]
    return {"module": data["module"], "settings": data["settings"]}


def recordings_code(wildcards):
    """The code that reads a data set; `folder` picks its reader by name, so all of them are its code."""
    name = DATA[wildcards.data]["module"]
    readers = names.available("sources.readers") if name == "folder" else []
    return code(
        "ingest.py",
        f"sources.datasets.{name}",
        *(f"sources.readers.{one}" for one in readers),
    )


PREDICTION = config.get("prediction", {})
EVALUATION = (
    "results/evaluations/prediction/{data}/{protocol}/{strategy}/{predictor}/seed{seed}"
)
EVALUATION_RECORDS = f"{EVALUATION}.records.parquet"
EVALUATION_TABLE = f"{EVALUATION}.csv"
EVALUATION_SAMPLES = f"{EVALUATION}.samples.zarr/zarr.json"
STEALTH_TABLE = (
    "results/evaluations/stealth/{data}/{protocol}/{strategy}/seed{seed}.csv"
)


def protocol_of(wildcards):
    """The protocol's settings with what the data set says of its unit and root."""
    data = DATA[wildcards.data]
    return {
        **PREDICTION["protocols"][wildcards.protocol],
        "nominal_unit_mm": data["nominal_unit_mm"],
        "root": data["root"],
    }


def strategy_of(wildcards):
    """A poisoning strategy: what its name says and what the configuration says of its parts."""
    named = parse_strategy(wildcards.strategy)
    settings = {
        f"{part}_settings": PREDICTION[f"{part}_settings"].get(named[part], {})
        for part in ("trigger", "target", "selection")
    }
    return {
        **named,
        **settings,
        "mode": PREDICTION["mode"],
        "limb": PREDICTION["limb"],
        "wrong_limb": PREDICTION["wrong_limb"],
    }


def strategy_modules(wildcards):
    named = parse_strategy(wildcards.strategy)
    return [
        f"poisoning.prediction.{part}s.{named[part]}"
        for part in ("trigger", "target", "selection")
    ]


def predictor_of(wildcards):
    return PREDICTION["predictors"][wildcards.predictor]


def predictor_module(wildcards):
    return f"models.predictors.{predictor_of(wildcards)['predictor']}"


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
        for strategy in strategy_names(PREDICTION) or ["clean"]
        for name, spec in PREDICTION["predictors"].items()
        for seed in SEEDS
    ]


def protocols_used():
    return sorted(
        {spec["protocol"] for spec in PREDICTION.get("predictors", {}).values()}
    )


def stealth_tables():
    """How conspicuous poisoned windows are: each data set, protocol in use, strategy and seed."""
    return expand(
        STEALTH_TABLE,
        data=PREDICTION.get("datasets", []),
        protocol=protocols_used(),
        strategy=stealth_names(PREDICTION),
        seed=SEEDS,
    )


PREDICTION_DATA = list(PREDICTION.get("datasets", []))
# what the report shows of the configuration; a mirror is where files came from, not what they are; in one order,
# whichever keys were written out and whichever filled in
SHOWN = json.loads(json.dumps(config, sort_keys=True))
SHOWN.pop("mirror", None)


def trainings():
    """The training logs of the run: the clean models and their victims."""
    return [
        model_path(poison)
        .format(data=data, protocol=spec["protocol"], predictor=name, seed=seed)
        .replace("model.safetensors", "training.json")
        for data in PREDICTION_DATA
        for poison in ("clean", *strategy_names(PREDICTION))
        for name, spec in PREDICTION["predictors"].items()
        for seed in SEEDS
    ]


def published_protocols():
    """The protocols of the run that are the published one, whatever they are called."""
    published = {"protocol": "ltd", "history": 10, "future": 25, "stride": 2}
    return [
        name
        for name, spec in PREDICTION.get("protocols", {}).items()
        if spec == published
    ]


def windows_of_run():
    return expand(
        "results/windows/{data}/{protocol}/windows.zarr/zarr.json",
        data=PREDICTION_DATA,
        protocol=protocols_used(),
    )


def table_paths(*named):
    return expand("results/artifacts/{run}/tables/{table}.csv", run=RUN, table=named)


def prediction_tables():
    """The tables on prediction."""
    named = ["prediction_backdoor"] if PREDICTION_DATA else []
    return table_paths(*named, *(["prediction_defences"] if DEFENCES else []))


def compared_tables():
    """The tables that published numbers are set beside."""
    named = ["prediction_backdoor"] if PREDICTION_DATA else []
    spoken = ("recognition_attacks", "transfer")
    made = [name for name in recognition_table_names() if name in spoken]
    return table_paths(*named, *made)


def tables():
    """The tables of the run."""
    return [
        *prediction_tables(),
        *recognition_tables(),
        *table_paths("paper_comparison"),
    ]

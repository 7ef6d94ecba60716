# What defences a run has, and the files they make; before the rules that ask.
from kinesec.plan.defences import kind

DEFENCES = PREDICTION.get("defences", {})
DEFENDED = {
    "predictors": list(PREDICTION.get("predictors", {})),
    "strategies": strategy_names(PREDICTION),
    **PREDICTION.get("defended", {}),
}
DEFENCE = "results/defences/prediction/{data}/{protocol}/{strategy}/{predictor}/{defence}/seed{seed}"


def defended(pattern, names=None, data=None, predictor=None):
    """A file of each data set, strategy, predictor, defence and seed, or of those that are named."""
    return [
        pattern.format(
            data=dataset,
            protocol=spec["protocol"],
            strategy=strategy,
            predictor=name,
            defence=defence,
            seed=seed,
        )
        for dataset in ([data] if data else PREDICTION.get("datasets", []))
        for strategy in DEFENDED["strategies"]
        for name, spec in PREDICTION.get("predictors", {}).items()
        if name in DEFENDED["predictors"] and predictor in (None, name)
        for defence in (DEFENCES if names is None else names)
        for seed in SEEDS
    ]


def detectors():
    return [
        name for name, spec in DEFENCES.items() if kind(spec["defence"]) == "detection"
    ]


def tunings():
    return [name for name, spec in DEFENCES.items() if spec["defence"] == "fine_tuning"]

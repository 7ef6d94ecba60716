# Which figures a run draws: those that its configuration has something to show in.
from itertools import product


def _drawn():
    """The figures that the configuration has something to show in: name, kinds of files and caption."""
    tested = "Bars and bands: 95 % intervals over test windows, and over seeds where there are several."
    backdoors = strategy_names(PREDICTION)
    ratios = set(PREDICTION.get("strategies", {}).get("ratio", []))
    still, moving = ["pdf", "svg", "png"], ["webp", "png"]
    for data, predictor in product(PREDICTION_DATA, PREDICTION.get("predictors", {})):
        of = f"{predictor} on {data}"
        yield f"horizons-{data}-{predictor}", still, (
            f"Error per horizon of {of}: clean windows against the true future"
            + (
                ", triggered windows against the attacker's target. "
                if backdoors
                else ". "
            )
            + tested
        )
        if len(ratios) > 1:
            yield f"ratio-{data}-{predictor}", still, (
                f"Errors of {of} against the share of poisoned training windows: CDE on clean windows, BDE on "
                f"triggered ones, averaged over all future frames. {tested}"
            )
        if backdoors:
            yield f"near_misses-{data}-{predictor}", still, (
                f"What else sets the backdoor of {of} off: distance to the target (BDE) and share of windows within "
                "the threshold (ASR) when the triggered limb is turned about its anchor, when half the history carries "
                "the trigger, when the wrong limb does, and on the clean windows whose limb is nearest to it. "
                + tested
            )
        for strategy in pictured(PREDICTION):
            words = (
                f"A clean window and the same one triggered ({strategy}), with what the clean model and the victim of "
                f"{of} predict over the truth or the attacker's target. The window is the test window of median error."
            )
            yield f"filmstrip-{data}-{predictor}-{strategy}", still, words
            yield f"animation-{data}-{predictor}-{strategy}", moving, f"{words} Animated."
    if backdoors:
        for data, protocol in product(PREDICTION_DATA, protocols_used()):
            yield f"stealth-{data}-{protocol}", still, (
                f"Smoothness and bone lengths of poisoned training windows of {data}, {protocol}, by selection, beside "
                "the same windows before poisoning and all training windows; whole windows and the seam between "
                "history and future. Bars and bands: 95 % bootstrap intervals."
            )
    for data, predictor in product(PREDICTION_DATA, DEFENDED["predictors"]):
        if detectors():
            yield f"roc-{data}-{predictor}", still, (
                f"Detectors of the backdoors of {predictor} on {data}: true against false positives. Dashed: the same "
                "detector on a clean model or a clean training set."
            )
        if tunings():
            yield f"fine_tuning-{data}-{predictor}", still, (
                f"Fine-tuning {predictor} on {data}: errors on clean windows (CDE) and distance to the target on "
                "triggered ones (BDE) after each epoch, of the victim and of the clean model."
            )


PREDICTION_DRAWN = list(_drawn()) if PREDICTION_DATA else []
DRAWN = list(PREDICTION_DRAWN)


def files_of(drawn):
    """The files of some figures."""
    folder = f"results/artifacts/{RUN}/figures"
    return [
        f"{folder}/{name}.{suffix}"
        for name, suffixes, _ in drawn
        for suffix in suffixes
    ]


def figures():
    return files_of(DRAWN)


def captions():
    return {name: caption for name, _, caption in DRAWN}


def samples_of(wildcards):
    """The sample poses of a strategy's first seed."""
    protocol = PREDICTION["predictors"][wildcards.predictor]["protocol"]
    return EVALUATION_SAMPLES.format(
        data=wildcards.data,
        protocol=protocol,
        strategy=wildcards.strategy,
        predictor=wildcards.predictor,
        seed=SEEDS[0],
    )

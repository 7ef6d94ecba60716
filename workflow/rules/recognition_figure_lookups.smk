# What a run draws of recognizers and attacks.


def _pictured_attacks(recognizer):
    """The attacks on a recognizer that are drawn side by side: at most four of strategy AB, in their order."""
    on = [name for name in ATTACKS if recognizer in attacked_recognizers(name)]
    return [name for name in on if ATTACKS[name]["strategy"] == "AB"][:4]


def _drawn_of_recognition():
    still, moving = ["pdf", "svg", "png"], ["webp", "png"]
    for data, clips in product(RECOGNITION_DATA, RECOGNITION.get("clips", {})):
        members = [name for name in RECOGNIZERS if clips_on(name, data) == clips]
        if any(map(_pictured_attacks, members)):
            yield f"attack_curves-{data}-{clips}", still, (
                f"Success of the AB attacks on {data}, {clips}, within a budget of perceptual cost; the dot is at the mean "
                "cost of the clips that succeed. Bands: 95 % bootstrap intervals over takes."
            )
        crossed = [
            name for name in RECOGNITION["transfer"] if attacked_recognizers(name)
        ]
        if crossed and len(members) > 1:
            yield f"transfer_matrix-{data}-{clips}", still, (
                f"Clips of {data}, {clips}, attacked on one recognizer (row) and shown to another (column): success over "
                "the clips that the second gets right unattacked. The diagonal is the white-box attack."
            )
    for data, name in product(RECOGNITION_DATA, RECOGNIZERS):
        if not clips_on(name, data):
            continue
        of = f"{name} on {data}"
        yield f"confusion-{data}-{name}", still, (
            f"What {of} takes for what: share of each class's test clips, over all seeds."
        )
        shown = _pictured_attacks(name)
        if shown:
            told = ", ".join(shown)
            yield f"joint_displacement-{data}-{name}", still, (
                f"How far attacks ({told}) move each joint of {of}: mean and standard deviation over the clips on which "
                "they succeed."
            )
            yield f"displacement_correlation-{data}-{name}", still, (
                f"Which joints {shown[0]} moves together on {of}, and with what: Pearson correlation of joints' "
                "displacements with each other, and with the clean motion's speed and acceleration."
            )
            words = (
                f"A test clip, clean and as attacked ({told}), with what {of} then says. The clip is that of median "
                "displacement."
            )
            yield f"attack_filmstrip-{data}-{name}", still, words
            yield f"attack_animation-{data}-{name}", moving, f"{words} Animated."


RECOGNITION_DRAWN = list(_drawn_of_recognition())
DRAWN += RECOGNITION_DRAWN


def pictured_attacks(pattern):
    """A file of each pictured attack on the wildcards' recognizer, of the first seed."""

    def files(wildcards):
        return [
            pattern.format(
                data=wildcards.data,
                clips=clips_on(wildcards.recognizer, wildcards.data),
                recognizer=wildcards.recognizer,
                attack=attack,
                seed=SEEDS[0],
            )
            for attack in _pictured_attacks(wildcards.recognizer)
        ]

    return files


def pictured_shards(wildcards):
    """All shards of the pictured attacks on the wildcards' recognizer, of the first seed."""
    of_shard = (pictured_attacks(pattern) for pattern in shards_of(SHARD))
    return [
        path for files in zip(*(of(wildcards) for of in of_shard)) for path in files
    ]


def clips_of_recognizer(wildcards):
    clips = clips_on(wildcards.recognizer, wildcards.data)
    return CLIPS.format(data=wildcards.data, clips=clips)


def figure_files(name, *suffixes):
    """The named outputs of a figure, one a kind of file."""
    folder = f"results/artifacts/{RUN}/figures"
    return {suffix: f"{folder}/{name}.{suffix}" for suffix in suffixes}

# What recognizers, attacks and transfers a run has, and the files they make; before the rules that ask.
RECOGNITION = config.get("recognition", {})
RECOGNIZERS = RECOGNITION.get("recognizers", {})
ATTACKS = RECOGNITION.get("attacks", {})
SHARDS = RECOGNITION.get("shards", 1)
RECOGNITION_DATA = list(RECOGNITION.get("datasets", []))
CLIPS = "results/clips/{data}/{clips}/clips.zarr/zarr.json"
RECOGNIZER_MODEL = "results/models/recognition/{data}/{clips}/{training}/{recognizer}/seed{seed}/model.safetensors"
ACCURACY = (
    "results/evaluations/recognition/{data}/{clips}/{training}/{recognizer}/seed{seed}"
)
SHARD = "results/attacks/{data}/{clips}/{recognizer}/{attack}/seed{seed}/shard{shard}.zarr/zarr.json"
ATTACKED = "results/evaluations/attacks/{data}/{clips}/{recognizer}/{attack}/seed{seed}"
TRANSFER = "results/evaluations/transfer/{data}/{clips}/{attack}/{surrogate}/{recognizer}/seed{seed}.csv"


def clips_of(wildcards):
    return RECOGNITION["clips"][wildcards.clips]


def clips_code(wildcards):
    return code(
        "cut_clips.py", f"samples.clips.protocols.{clips_of(wildcards)['protocol']}"
    )


def clips_on(recognizer, data):
    """The clips of a data set that a recognizer is trained on; None where it is not."""
    named = RECOGNIZERS[recognizer]["clips"]
    return named if isinstance(named, str) else named.get(data)


def recognizer_of(wildcards):
    """What makes a trained recognizer; on which clips its path says."""
    spec = RECOGNIZERS[wildcards.recognizer]
    return {key: spec[key] for key in ("recognizer", "settings", "recipe", "augment")}


def recognizer_module(name):
    return f"models.recognizers.{RECOGNIZERS[name]['recognizer']}"


def attack_of(wildcards):
    """What an attack does; on whom, and in how many jobs, its path says."""
    spec = ATTACKS[wildcards.attack]
    return {
        **{key: spec[key] for key in ("attack", "preset", "strategy", "settings")},
        "batch": spec["batch"],
        "limit": RECOGNITION["limit"],
    }


def attack_modules(name):
    """The module of an attack, and of the one that it wraps."""
    spec = ATTACKS[name]
    wraps = {"pgd"} if spec["attack"] == "eot" else set()
    if isinstance(spec["settings"].get("attack"), dict):
        wraps = {spec["settings"]["attack"].get("attack", "pgd")}
    return [f"attacks.{one}" for one in (spec["attack"], *wraps)]


def shards_of(pattern):
    """The shards of one attack on one recognizer, of the wildcards' data set, clips and seed."""
    named = [f"{one + 1}of{SHARDS}" for one in range(SHARDS)]
    return [pattern.replace("{shard}", shard) for shard in named]


def attacked_recognizers(attack):
    return ATTACKS[attack].get("recognizers", list(RECOGNIZERS))


def recognized(pattern, data=None, recognizer=None):
    """A file of each data set, clean recognizer and seed, or of those that are named."""
    return [
        pattern.format(
            data=one,
            clips=clips_on(name, one),
            training="clean",
            recognizer=name,
            seed=seed,
        )
        for one in ([data] if data else RECOGNITION_DATA)
        for name in RECOGNIZERS
        if recognizer in (None, name) and clips_on(name, one)
        for seed in SEEDS
    ]


def attacked(pattern, data=None, recognizer=None):
    """A file of each data set, attacked recognizer, attack and seed, or of those that are named."""
    return [
        pattern.format(
            data=one,
            clips=clips_on(name, one),
            recognizer=name,
            attack=attack,
            seed=seed,
        )
        for one in ([data] if data else RECOGNITION_DATA)
        for attack in ATTACKS
        for name in attacked_recognizers(attack)
        if recognizer in (None, name) and clips_on(name, one)
        for seed in SEEDS
    ]


def transferred(pattern=TRANSFER):
    """A file of each data set, attack, surrogate, recognizer of the same clips and seed."""
    return [
        pattern.format(
            data=data,
            clips=clips_on(surrogate, data),
            attack=attack,
            surrogate=surrogate,
            recognizer=name,
            seed=seed,
        )
        for data in RECOGNITION_DATA
        for attack in RECOGNITION.get("transfer", [])
        for surrogate in attacked_recognizers(attack)
        for name in RECOGNIZERS
        if clips_on(surrogate, data) == clips_on(name, data) is not None
        for seed in SEEDS
    ]


def recognition_table_names():
    """The tables on recognition, from what the run has jobs of."""
    named = ["recognition_accuracy"] if RECOGNITION_DATA else []
    if attacked(ATTACKED):
        named += ["recognition_attacks", "attack_curves", "attack_pairs"]
        named += ["smart_table_1", "smart_table_4"]
    if transferred():
        named += ["transfer", "smart_table_2", "smart_table_3"]
    return named


def recognition_tables():
    return table_paths(*recognition_table_names())

"""What NTU RGB+D 60 and 120 share: file names, protocols, class names, and the list of samples without skeletons."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from kinesec.errors import ConfigError
from kinesec.motion.recording import Motion
from kinesec.sources.datasets._splits import check_keys, setting
from kinesec.sources.datasets.base import Item, Settings
from kinesec.sources.readers import ntu

ACCESS = "ask the ROSE Lab: https://rose1.ntu.edu.sg/dataset/actionRecognition/"
TERMS = "ROSE Lab: academic research alone, after signing its agreement; no redistribution"
TRAIN_SUBJECTS_60 = frozenset((1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38))
_NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})", re.ASCII)

# The data set's own names: github.com/shahroudy/NTURGB-D, README.
ACTIONS: tuple[str, ...] = (
    "drink water",
    "eat meal/snack",
    "brushing teeth",
    "brushing hair",
    "drop",
    "pickup",
    "throw",
    "sitting down",
    "standing up (from sitting position)",
    "clapping",
    "reading",
    "writing",
    "tear up paper",
    "wear jacket",
    "take off jacket",
    "wear a shoe",
    "take off a shoe",
    "wear on glasses",
    "take off glasses",
    "put on a hat/cap",
    "take off a hat/cap",
    "cheer up",
    "hand waving",
    "kicking something",
    "put something inside pocket / take out something from pocket",
    "hopping (one foot jumping)",
    "jump up",
    "make a phone call/answer phone",
    "playing with phone/tablet",
    "typing on a keyboard",
    "pointing to something with finger",
    "taking a selfie",
    "check time (from watch)",
    "rub two hands together",
    "nod head/bow",
    "shake head",
    "wipe face",
    "salute",
    "put the palms together",
    "cross hands in front (say stop)",
    "sneeze/cough",
    "staggering",
    "falling",
    "touch head (headache)",
    "touch chest (stomachache/heart pain)",
    "touch back (backache)",
    "touch neck (neckache)",
    "nausea or vomiting condition",
    "use a fan (with hand or paper)/feeling warm",
    "punching/slapping other person",
    "kicking other person",
    "pushing other person",
    "pat on back of other person",
    "point finger at the other person",
    "hugging other person",
    "giving something to other person",
    "touch other person's pocket",
    "handshaking",
    "walking towards each other",
    "walking apart from each other",
    "put on headphone",
    "take off headphone",
    "shoot at the basket",
    "bounce ball",
    "tennis bat swing",
    "juggling table tennis balls",
    "hush (quiet)",
    "flick hair",
    "thumb up",
    "thumb down",
    "make ok sign",
    "make victory sign",
    "staple book",
    "counting money",
    "cutting nails",
    "cutting paper (using scissors)",
    "snapping fingers",
    "open bottle",
    "sniff (smell)",
    "squat down",
    "toss a coin",
    "fold paper",
    "ball up paper",
    "play magic cube",
    "apply cream on face",
    "apply cream on hand back",
    "put on bag",
    "take off bag",
    "put something into a bag",
    "take something out of a bag",
    "open a box",
    "move heavy objects",
    "shake fist",
    "throw up cap/hat",
    "hands up (both hands)",
    "cross arms",
    "arm circles",
    "arm swings",
    "running on the spot",
    "butt kicks (kick backward)",
    "cross toe touch",
    "side kick",
    "yawn",
    "stretch oneself",
    "blow nose",
    "hit other person with something",
    "wield knife towards other person",
    "knock over other person (hit with body)",
    "grab other person's stuff",
    "shoot at other person with a gun",
    "step on foot",
    "high-five",
    "cheers and drink",
    "carry something with other person",
    "take a photo of other person",
    "follow other person",
    "whisper in other person's ear",
    "exchange things with other person",
    "support somebody with one's hand",
    "finger-guessing game (playing rock-paper-scissors)",
)


def label(action: int) -> str:
    """``A001 drink water``: number and name, so that labels sort in the data set's order."""
    return f"A{action:03d} {ACTIONS[action - 1]}"


def _missing(settings: Settings) -> set[str]:
    """Names in the user's copy of the publisher's list of samples without complete skeletons; its prose is skipped."""
    file = settings.get("missing_list")
    if file is None:
        return set()
    try:
        text = Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"missing_list: found {file} ({error.strerror}), expected the publisher's list") from None
    names = {match.group() for match in _NAME.finditer(text)}
    if not names:
        raise ConfigError(f"missing_list: found no name like S001C002P005R002A008 in {file}, expected one a line")
    return names


def _subjects(settings: Settings, default: Collection[int]) -> frozenset[int]:
    given = settings.get("validation_subjects")
    subjects = default if given is None else given
    if not isinstance(subjects, Collection) or not all(type(subject) is int for subject in subjects):
        raise ConfigError(f"validation_subjects: found {subjects!r}, expected a list of subject numbers")
    return frozenset(subjects)


def items(
    files: Sequence[str],
    settings: Settings,
    *,
    name: str,
    setups: int,
    actions: int,
    train_subjects: frozenset[int],
    protocols: tuple[str, ...],
    validation: Collection[int],
) -> list[Item]:
    """The samples of a data set with ``setups`` setups and ``actions`` classes, in the order of their names.

    ``xsub`` trains on ``train_subjects``; ``xview`` on cameras 2 and 3; ``xset`` on setups of even number. Training
    samples of the validation subjects make the validation split. Files of other names are left out, and so are the
    samples of ``missing_list``. Raises ``ConfigError`` for a setting that cannot be used, or when nothing is left.
    """
    check_keys(settings, ("protocol", "validation_subjects", "missing_list", "bodies"))
    protocol = setting(settings, "protocol", protocols[0], protocols)
    held_out = _subjects(settings, validation)
    if protocol == "xsub" and not held_out < train_subjects:
        strange = sorted(held_out - train_subjects) or "all training subjects"
        raise ConfigError(f"validation_subjects: found {strange}, expected some of the training subjects of xsub")
    missing, labelled = _missing(settings), []
    for file in files:
        path = PurePosixPath(file)
        match = _NAME.fullmatch(path.stem)
        if match is None or path.suffix.lower() not in ntu.EXTENSIONS or path.stem in missing:
            continue
        setup, camera, subject, repetition, action = map(int, match.groups())
        if not (1 <= setup <= setups and 1 <= action <= actions):
            continue
        train = {"xsub": subject in train_subjects, "xview": camera in (2, 3), "xset": setup % 2 == 0}[protocol]
        split = "test" if not train else "val" if subject in held_out else "train"
        take = f"S{setup:03d}C{camera:03d}R{repetition:03d}"
        labelled.append(Item(file, label(action), split, subject=f"P{subject:03d}", take=take))
    if not labelled:
        raise ConfigError(
            f"{name}: found no sample among {len(files)} files, expected names like S001C001P001R001A001.skeleton"
        )
    return sorted(labelled, key=lambda item: PurePosixPath(item.path).stem)


def read(root: Path, item: Item, settings: Settings) -> tuple[Motion, ...]:
    """The at most ``bodies`` (2) bodies of a sample that move most; raises ``BadFile``."""
    bodies = settings.get("bodies", 2)
    if type(bodies) is not int or not 1 <= bodies <= ntu.KINECT_BODIES:
        raise ConfigError(f"bodies: found {bodies!r}, expected 1 to {ntu.KINECT_BODIES}")
    return ntu.read(root / item.path, bodies=bodies)

"""Names in print for what configurations call things, and abbreviations with what they stand for."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

# what configurations name and readers of papers know by another spelling; other names lose their underscores
KNOWN = {
    **{"ltd": "LTD", "hri": "HRI", "simlpe": "siMLPe", "auxformer": "AuxFormer", "zero_velocity": "zero velocity"},
    **{"hrnn": "HRNN", "st_gcn": "ST-GCN", "as_gcn": "AS-GCN", "agcn": "2s-AGCN", "dgnn": "DGNN", "ms_g3d": "MS-G3D"},
    **{"sgn": "SGN", "ctr_gcn": "CTR-GCN", "r2plus1d": "R(2+1)D", "s3d": "S3D", "i3d": "I3D", "slowfast": "SlowFast"},
    **{"cmu_expmap": "CMU, exponential maps", "cmu_asfamc": "CMU, ASF/AMC", "hdm05": "HDM05", "h36m": "Human3.6M"},
    **{"mhad": "MHAD", "ntu60": "NTU 60", "ntu120": "NTU 120", "bandai_namco": "Bandai Namco"},
    **{"procedural": "generated motion", "mi_fgsm": "MI-FGSM", "pgd": "PGD", "apgd": "APGD", "smart_at": "SMART-AT"},
    **{"hop_skip_jump": "HopSkipJump", "neural_cleanse": "Neural Cleanse", "pt_red": "PT-RED"},
}
ABBREVIATIONS = {
    "BadHMP": "a published backdoor on motion prediction (arXiv 2409.19638)",
    "SMART": "a published attack on skeleton recognizers that sees gradients (CVPR 2021)",
    "BASAR": "a published attack that sees predicted labels alone (CVPR 2021)",
    "BEAT": "a published defence: Bayesian energy-based adversarial training",
    "TDBA": "a published backdoor that hides its trigger in the frequencies of time (AAAI 2024)",
    "CDE": "clean data error: distance of predicted from true joints on clean windows",
    "BDE": "backdoor data error: distance of predicted joints from the attacker's target on triggered windows",
    "ASR": "attack success rate",
    "ACC": "accuracy on clean test samples",
    "AUC": "area under the ROC curve: 0.5 is chance, 1 is perfect",
    "ROC": "receiver operating characteristic: true against false positives",
    "FPR": "false positive rate",
    "MPJPE": "mean distance per joint between prediction and truth",
    "BLC": "change of bones' lengths from frame to frame",
    "Acc": "acceleration: mean length of the second difference of joint positions",
    "PSNR": "peak signal-to-noise ratio: the lower, the more is to be seen",
    "AB": "any wrong class counts as success",
    "ABn": "success when the true class is not among the first n",
    "SA": "success when one given wrong class is predicted",
}
_TOKEN = re.compile(r"(?<![\w./])[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*(?![\w/]|\.\w)")
_SHORT = re.compile(r"\b(" + "|".join(sorted(ABBREVIATIONS, key=len, reverse=True)) + r")\b")
# the same where their underscores went before
_SPACED = re.compile(r"\b(" + "|".join(key.replace("_", " ") for key in KNOWN if "_" in key) + r")\b")
# what turns the text around it, or cannot be seen: shown by its number
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)


def visible(text: str) -> str:
    """Text whose marks of direction and control characters are shown as ``[U+202E]`` and have no effect."""
    return _HIDDEN.sub(lambda mark: f"[U+{ord(mark[0]):04X}]", text)


def _display(token: str) -> str:
    parts = token.split("_")
    for end in range(len(parts), 0, -1):
        head = "_".join(parts[:end])
        if head in KNOWN:
            return " ".join([KNOWN[head], *parts[end:]])
    return " ".join(parts)


def named(text: object) -> str:
    """Text with names in print for those that configurations use; paths stay as they are."""
    said = _TOKEN.sub(lambda token: _display(token[0]), str(text))
    return _SPACED.sub(lambda words: KNOWN[words[0].replace(" ", "_")], said)


def abbreviated(text: object) -> Markup:
    """Escaped text whose abbreviations say what they stand for."""
    said = _SHORT.sub(lambda word: f'<abbr title="{escape(ABBREVIATIONS[word[0]])}">{word[0]}</abbr>', escape(text))
    return Markup(said)


def prose(text: Any) -> Markup:
    """A sentence as markup: names in print, abbreviations explained, what stands in backticks as code."""
    parts = str(text).split("`")
    if len(parts) % 2 == 0:  # a backtick of its own is a backtick
        return abbreviated(named(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else abbreviated(named(part))
        for place, part in enumerate(parts)
    )

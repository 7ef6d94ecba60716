from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from recognized import RECOGNITION

from kinesec.errors import ConfigError
from kinesec.plan.configuration import check, check_recognition, data_set
from kinesec.plan.prediction_names import check_prediction

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = ROOT / "workflow" / "schemas"
CONFIGS = sorted((ROOT / "config").glob("*.yaml"))
DATASETS = ROOT / "config" / "datasets"


def demo() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((ROOT / "config" / "config.yaml").read_text("utf-8"))
    return config


def whole(config: dict[str, Any]) -> dict[str, Any]:
    """What the workflow checks before any job."""
    check(config, SCHEMAS / "config.schema.yaml")
    data_sets = {
        name: data_set(name, changes, DATASETS, SCHEMAS / "dataset.schema.yaml")
        for name, changes in config["datasets"].items()
    }
    check_prediction(config)
    return data_sets


@pytest.mark.parametrize("path", CONFIGS, ids=[path.stem for path in CONFIGS])
def test_the_shipped_configurations_pass(path: Path) -> None:
    config = yaml.safe_load(path.read_text("utf-8"))
    checked = whole(config)
    assert set(checked) == set(config["datasets"])


@pytest.mark.parametrize("path", sorted(DATASETS.glob("*.yaml")), ids=lambda path: str(path.stem))
def test_the_shipped_data_sets_pass(path: Path) -> None:
    assert data_set(path.stem, {}, DATASETS, SCHEMAS / "dataset.schema.yaml")["module"]


LTD = "prediction.predictors.ltd_small."
BAD: list[tuple[str, Any, str]] = [
    ("ruun", "x", "ruun: found an unknown key, expected one of .*run"),
    ("prediction.samplingz", [8], r"prediction\.samplingz: found an unknown key, expected one of .*samplings"),
    (
        LTD + "predictor",
        "ltdd",
        r"predictors\.ltd_small\.predictor: found 'ltdd', expected one of .*ltd, .*zero_velocity",
    ),
    (LTD + "predictor", None, r"predictors\.ltd_small\.predictor: found None"),
    (LTD + "protocol", "ltd99", r"predictors\.ltd_small\.protocol: found 'ltd99', expected one of ltd25"),
    ("prediction.strategies.ratio", [0], r"strategies\.ratio\.0: found 0"),
    ("prediction.strategies.ratio", [1.5], r"strategies\.ratio\.0: found 1\.5"),
    ("prediction.strategies.ratio", ["x"], r"strategies\.ratio\.0: found 'x'"),
    ("prediction.strategies.ratio", [float("nan")], r"strategies\.ratio: found nan"),
    ("prediction.strategies.ratio", [], r"strategies\.ratio: found \[\]"),
    ("prediction.strategies.trigger", ["rigidd"], r"strategies\.trigger: found 'rigidd', expected one of rigid"),
    (
        "prediction.strategies.target",
        ["stuck"],
        r"strategies\.target: found 'stuck', expected one of carried, decaying",
    ),
    (
        "prediction.trigger_strength.disturbances",
        {"noise": {"disturbance": "noise", "levels": [1]}},
        r"trigger_strength\.disturbances\.noise\.disturbance: found 'noise', expected one of amplitude, .*joint_noise",
    ),
    (
        "prediction.trigger_strength.disturbances",
        {"none": {"disturbance": "drift", "levels": [1]}},
        r"disturbances: found the name 'none', that of none",
    ),
    ("prediction.trigger_strength.disturbances", {"a": {"disturbance": "drift", "levels": []}}, r"levels: found \[\]"),
    ("prediction.trigger_strength.predictors", ["hri"], r"trigger_strength\.predictors: found 'hri', expected one of"),
    (
        "prediction.trigger_strength.strategies",
        ["rigid-jammed-random-0.2"],
        r"trigger_strength\.strategies: found 'rigid-jammed-random-0\.2', expected one of rigid-jammed-random-0\.1",
    ),
    (
        "prediction.trigger_strength.strategies",
        ["rigid-jammed-random-hardened-0.1"],
        r"strategies: found 'rigid-jammed-random-hardened-0\.1', expected `hardening` that says how",
    ),
    (
        "prediction.repeated",
        {"predictors": ["hri"], "strategies": ["rigid-jammed-random-0.1"], "seeds": [1]},
        r"repeated\.predictors: found 'hri', expected one of",
    ),
    ("prediction.hardening", {"decoys": 1, "disturbances": {}}, r"hardening\."),
    ("prediction.trigger_settings", {"soft_": {}}, r"trigger_settings: found 'soft_', expected one of"),
    ("prediction.datasets", ["cmu"], r"prediction\.datasets: found 'cmu', expected one of procedural"),
    ("prediction.samplings", [9], r"samplings\.0: found 9"),
    ("prediction.mode", "mix", r"prediction\.mode: found 'mix'"),
    ("prediction.protocols.ltd25.history", 1, r"protocols\.ltd25\.history: found 1"),
    ("prediction.protocols.ltd25.protocol", "lt", r"protocols\.ltd25\.protocol: found 'lt', expected one of full, ltd"),
    ("seeds", [-1], r"seeds\.0: found -1"),
    ("seeds", 3, "seeds: found 3"),
    ("run", "a/b", "run: found 'a/b'"),
    ("on_bad_file", "ignore", "on_bad_file: found 'ignore'"),
    ("threads", 0, "threads: found 0"),
    ("datasets", {}, "datasets: found {}"),
    ("datasets.procedural", None, r"datasets\.procedural: found None"),
    ("datasets.strange", {}, r"datasets\.strange: found no `module`, expected one, or a name of .*cmu_expmap"),
    ("datasets.procedural", {"module": "strange"}, r"datasets\.procedural\.module: found 'strange', expected one of"),
    ("datasets.procedural", {"rooot": 1}, r"datasets\.procedural\.rooot: found an unknown key"),
    ("datasets.procedural", {"settings": 3}, r"datasets\.procedural\.settings: found 3"),
    ("datasets.procedural", {"nominal_unit_mm": 0}, r"datasets\.procedural\.nominal_unit_mm: found 0"),
]


@pytest.mark.parametrize(("key", "value", "message"), BAD, ids=[f"{key}={value}" for key, value, _ in BAD])
def test_a_mistake_is_one_line_that_names_the_key(key: str, value: Any, message: str) -> None:
    config = demo()
    *above, last = key.split(".")
    inside = config
    for name in above:
        inside = inside[name]
    inside[last] = value
    with pytest.raises(ConfigError, match=message) as raised:
        whole(config)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith("configuration: ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("recognizers.hrnn.recognizer", "lstm"),
        ("recognizers.hrnn.settings", "tiny"),
        ("recognizers.hrnn.clips", "long"),
        ("clips.short.protocol", "kit"),
        ("attacks.pgd_sa.attack", "cw"),
        ("attacks.pgd_sa.strategy", "SB"),
        ("attacks.pgd_sa.recognizers", ["sgn"]),
        ("transfer", ["fgsm"]),
        ("attacks.pgd_sa.seeds", [7]),
        ("recognizers.hrnn.seeds", [7]),
        ("attacks.pgd_sa.tune", 3),
        ("attacks.pgd_sa.choice_of", "pgd_sa"),
        ("attacks.pgd_sa.bounds_mm", 3),
    ],
)
def test_a_mistake_of_recognition_names_the_key(key: str, value: Any) -> None:
    config = {**demo(), "recognition": copy.deepcopy(RECOGNITION)}
    *above, last = key.split(".")
    inside = config["recognition"]
    for name in above:
        inside = inside[name]
    inside[last] = value

    def checked() -> None:
        whole(config)
        check_recognition(config)

    with pytest.raises(ConfigError, match=rf"^configuration: recognition\.{key}: found .*") as raised:
        checked()
    assert "\n" not in str(raised.value)


def test_ensembles_are_of_recognizers_of_the_same_clips() -> None:
    config = {**demo(), "recognition": copy.deepcopy(RECOGNITION)}
    recognition = config["recognition"]
    recognition["ensembles"] = {"both": {"members": ["hrnn", "st_gcn"]}}
    recognition["attacks"]["smart_ab"]["recognizers"] = ["both", "hrnn"]
    whole(config)
    check_recognition(config)
    key = r"^configuration: recognition\.ensembles"
    recognition["ensembles"] = {"both": {"members": ["hrnn", "lstm"]}}
    with pytest.raises(ConfigError, match=rf"{key}\.both\.members: found 'lstm'"):
        check_recognition(config)
    recognition["ensembles"] = {"hrnn": {"members": ["hrnn", "st_gcn"]}}
    with pytest.raises(ConfigError, match=rf"{key}: found 'hrnn', the name of a recognizer"):
        check_recognition(config)
    recognition["ensembles"] = {"both": {"members": ["hrnn", "st_gcn"]}}
    recognition["seeds"] = [0, 1]
    recognition["recognizers"]["hrnn"]["seeds"], recognition["recognizers"]["st_gcn"]["seeds"] = [0], [1]
    with pytest.raises(ConfigError, match=rf"{key}\.both\.members: found members that share no seed, expected"):
        check_recognition(config)
    recognition["recognizers"]["hrnn"]["clips"] = {"procedural": "short"}
    with pytest.raises(ConfigError, match=rf"{key}\.both\.members: found members of different clips"):
        check_recognition(config)


def test_bounds_in_mm_are_of_bounded_attacks() -> None:
    config = {**demo(), "recognition": copy.deepcopy(RECOGNITION)}
    config["recognition"]["attacks"]["pgd_sa"]["bounds_mm"] = [20]
    check_recognition(config)
    config["recognition"]["attacks"]["smart_ab"]["bounds_mm"] = [20, 40]
    with pytest.raises(ConfigError, match=r"smart_ab\.bounds_mm: found \[20, 40\] for smart, expected none: .* pgd"):
        check_recognition(config)


@pytest.mark.parametrize("strategy", ["AB3", "AB", "SA"])
def test_a_hard_label_attack_takes_no_ranks(strategy: str) -> None:
    attack = {"attack": "basar", "strategy": strategy}
    config = {**demo(), "recognition": {**copy.deepcopy(RECOGNITION), "attacks": {"b": attack}, "transfer": []}}
    whole(config)
    if strategy != "AB3":
        check_recognition(config)
        return
    with pytest.raises(
        ConfigError, match=r"attacks\.b\.strategy: found AB3, expected AB or SA: basar sees labels alone"
    ):
        check_recognition(config)


def paths(config: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    for key, value in (
        config.items() if isinstance(config, dict) else enumerate(config) if isinstance(config, list) else ()
    ):
        yield from paths(value, (*above, key))


@pytest.mark.parametrize(
    "key", ["run", "seeds", "datasets", "prediction.predictors", "prediction.protocols.ltd25.future"]
)
def test_a_missing_key_is_named(key: str) -> None:
    config = demo()
    *above, last = key.split(".")
    inside = config
    for name in above:
        inside = inside[name]
    del inside[last]
    with pytest.raises(ConfigError, match=f"found no '{last}', expected one"):
        whole(config)


SCALAR = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.dates())
JUNK = st.recursive(
    SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=4), st.integers(), st.none(), st.booleans()), inner, max_size=3),
    ),
    max_leaves=4,
)


@given(data=st.data(), junk=JUNK)
@settings(max_examples=60)
def test_junk_anywhere_is_nothing_but_a_line(data: st.DataObject, junk: Any) -> None:
    config = demo()
    where = data.draw(st.sampled_from([path for path in paths(config) if path]))
    inside = config
    for key in where[:-1]:
        inside = inside[key]
    inside[where[-1]] = junk
    if isinstance(inside, dict) and data.draw(st.booleans()):
        inside[data.draw(st.one_of(st.integers(), st.none(), st.text(max_size=4)))] = copy.deepcopy(junk)
    try:
        whole(config)
    except ConfigError as error:
        assert "\n" not in str(error)  # noqa: PT017


@given(junk=JUNK)
@settings(max_examples=40)
def test_junk_instead_of_a_configuration(junk: Any) -> None:
    with pytest.raises(ConfigError):
        check(junk, SCHEMAS / "config.schema.yaml")


def test_a_change_goes_on_top_of_the_data_sets_own_settings() -> None:
    merged = data_set(
        "cmu_expmap", {"settings": {"walking_extra": True}, "root": "Spine"}, DATASETS, SCHEMAS / "dataset.schema.yaml"
    )
    assert merged["settings"] == {"validation": "last_take", "walking_extra": True}
    assert (merged["root"], merged["nominal_unit_mm"], merged["folder"]) == ("Spine", 70, None)


def described(schema: Any, place: str) -> Iterator[str]:
    for name, inner in schema.get("properties", {}).items():
        if not inner.get("description"):
            yield f"{place}.{name}"
        yield from described(inner, f"{place}.{name}")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from described(schema["additionalProperties"], f"{place}.*")


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.yaml")), ids=lambda path: str(path.stem))
def test_every_property_has_a_description(path: Path) -> None:
    schema = yaml.safe_load(path.read_text("utf-8"))
    assert schema["description"]
    assert not list(described(schema, path.stem))


def test_no_prediction_is_no_mistake() -> None:
    check_prediction({"datasets": {}})


def test_a_variant_of_a_data_set_has_its_settings(repository: Path) -> None:
    folder, schema = repository / "config/datasets", repository / "workflow/schemas/dataset.schema.yaml"
    variant = data_set("cmu_all", {"base": "cmu_expmap", "settings": {"validation": "none"}}, folder, schema)
    assert variant["module"] == "cmu_expmap"
    assert variant["settings"] == {"validation": "none", "walking_extra": False}
    with pytest.raises(ConfigError, match=r"datasets.x.base: found 'cmu', expected one of bandai_namco"):
        data_set("x", {"base": "cmu"}, folder, schema)


@pytest.mark.parametrize(
    ("defended", "line"),
    [
        ({"predictors": ["hri"]}, r"prediction.defended.predictors: found 'hri', expected one of small"),
        (
            {"strategies": ["rigid-jammed-random-0.3"]},
            r"defended.strategies: found 'rigid-jammed-random-0.3', expected one of",
        ),
        ({"adaptive": ["rigid-shaking-random-0.1"]}, r"adaptive: rigid-shaking-random-0.1: target: found 'shaking'"),
        ({"adaptive": ["rigid-jammed"]}, r"adaptive: found 'rigid-jammed', expected trigger-target-selection"),
        ({"adaptive": ["rigid-jammed-random-0"]}, r"adaptive: found ratio 0.0, expected more than 0"),
        ({"adaptive": ["rigid-jammed-random-0.1"]}, r"adaptive: found 'rigid-jammed-random-0.1', expected none of"),
    ],
)
def test_only_victims_of_the_run_can_be_defended(defended: dict[str, Any], line: str) -> None:
    prediction = {
        "datasets": ["procedural"],
        "protocols": {"p": {"protocol": "ltd"}},
        "predictors": {"small": {"predictor": "ltd", "protocol": "p"}},
        "strategies": {"trigger": ["rigid"], "target": ["jammed"], "selection": ["random"], "ratio": [0.1]},
        "defended": defended,
    }
    with pytest.raises(ConfigError, match=line):
        check_prediction({"datasets": {"procedural": {}}, "prediction": prediction})

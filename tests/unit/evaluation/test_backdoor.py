"""Records of a backdoored classifier."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kinesec.errors import KinesecError
from kinesec.evaluation.backdoor import BACKDOOR_RECORDS, records

IDENTITY = {
    "modality": "video",
    "data": "hdm05",
    "samples": "points",
    "network": "s3d_s",
    "training": "dft",
    "seed": "3",
}


class Few(SimpleNamespace):
    """Three samples, with the fields that clips and videos have."""

    def __len__(self) -> int:
        return 3


def few() -> Any:
    names = ["a", "b", "a"]
    return Few(row=np.array([4, 5, 9]), subject=names, label=np.array([0, 1, 2]), take=["1", "1", "2"])


def said(**changes: Any) -> dict[str, Any]:
    names = ("predicted_clean", "predicted_triggered", "clean_model_clean", "clean_model_triggered")
    return {name: np.arange(3) + place for place, name in enumerate(names)} | changes


def test_a_row_a_sample_says_whose_it_is_and_what_is_said_of_it() -> None:
    table = records(few(), target=1, identity=IDENTITY, **said())
    assert tuple(table.columns) == BACKDOOR_RECORDS
    assert list(table["take"]) == ["a/0/1", "b/1/1", "a/2/2"]
    assert list(table["row"]) == [4, 5, 9]
    assert list(table["clean_model_triggered"]) == [3, 4, 5]
    assert set(table["poison"]) == {"dft"}
    assert set(table["seed"]) == {3}
    assert set(table["target"]) == {1}


def test_one_prediction_a_sample_or_one_line() -> None:
    with pytest.raises(KinesecError, match=r"clean_model_clean: found shape \(2,\), expected \(3,\), one a sample"):
        records(few(), target=1, identity=IDENTITY, **said(clean_model_clean=np.zeros(2)))

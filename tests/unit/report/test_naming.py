"""Names in print, abbreviations with what they stand for, and marks that would turn the text around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesec.report.naming import ABBREVIATIONS, abbreviated, named, prose, visible


@pytest.mark.parametrize(
    ("raw", "printed"),
    [
        ("st_gcn_small", "ST-GCN small"),
        ("st gcn small", "ST-GCN small"),
        ("cmu_expmap, ltd25 \u00b7 ltd_small", "CMU, exponential maps, ltd25 \u00b7 LTD small"),
        ("DFT (dft-rms_mm10)", "DFT (dft-rms mm10)"),
        ("random_phase", "random phase"),
        ("test/some_file.txt", "test/some_file.txt"),
        ("results/a_b/c_d.csv", "results/a_b/c_d.csv"),
        ("12.5 (10.0\u201315.0) %", "12.5 (10.0\u201315.0) %"),
    ],
)
def test_names_are_those_in_print_and_paths_stay(raw: str, printed: str) -> None:
    assert named(raw) == printed


def test_abbreviations_say_what_they_stand_for_and_text_is_escaped() -> None:
    assert abbreviated("<i> ASR") == f'&lt;i&gt; <abbr title="{ABBREVIATIONS["ASR"]}">ASR</abbr>'
    assert abbreviated("ASRs") == "ASRs"
    assert prose("no part `prediction.st_gcn`, `") == "no part `prediction.st_gcn`, `"
    assert prose("no part `prediction.st_gcn`.") == "no part <code>prediction.st_gcn</code>."
    assert prose("`<b>`") == "<code>&lt;b&gt;</code>"


@given(st.text(st.characters(categories=["Cc", "Cf", "Lu", "Lo"])))
def test_nothing_that_turns_text_is_left(text: str) -> None:
    shown = visible(text)
    assert not set(shown) & set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\0\x1b")
    assert visible(shown) == shown

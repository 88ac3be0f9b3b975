"""What a lesion's reading may say."""

from __future__ import annotations

from equipoise.trial.lesion import Reading, lesion_problems, readings


def test_a_reading_in_the_log_and_back() -> None:
    seen = Reading("T01", "target", "measured", 12.5, "LUNG", slice_mm=5.0)
    assert seen.data() == {
        "lesion": "T01",
        "kind": "target",
        "state": "measured",
        "size": 12.5,
        "organ": "LUNG",
        "slice_mm": 5.0,
    }
    assert readings([seen.data()]) == [seen]
    assert not list(lesion_problems([seen.data()]))


def test_all_that_is_wrong_is_said() -> None:
    found = [
        {"lesion": "T01", "kind": "target", "state": "measured"},
        {"lesion": "T02", "kind": "target", "state": "present"},
        {"lesion": "T02", "kind": "target", "state": "measured", "size": 2000.0},
        {"lesion": "N1", "kind": "odd", "state": "present"},
        {"lesion": "T03", "kind": "target", "state": "merged"},
        {"lesion": 4, "kind": "target", "colour": "red"},
        "T04",
        {"lesion": " ", "kind": "new", "state": "equivocal"},
    ]
    assert [p.code for p in lesion_problems(found)] == [
        "no-size", "unknown-state", "size-out-of-range", "lesion-twice", "unknown-kind", "no-part-of", "unknown-key",
        "wrong-type", "missing", "wrong-type", "no-name",
    ]  # fmt: skip

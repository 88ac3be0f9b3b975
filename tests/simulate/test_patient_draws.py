"""A patient's uniform numbers: the rows of the named streams, whichever are asked for and when."""

from __future__ import annotations

from equipoise.numerics.random.streams import short_uniforms
from equipoise.simulate.patient_draws import PatientDraws


def test_a_patient_has_its_row_of_each_stream_in_any_order() -> None:
    draws = PatientDraws({"patient": 16, "visits": 5}, 7, 3)
    for index in (300, 2, 257, 0):
        own = draws.of(index)
        for purpose, width in (("visits", 5), ("patient", 16)):
            assert own[purpose] == short_uniforms(7, purpose, 3, 512, width)[index].tolist()

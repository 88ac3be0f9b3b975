"""What the standards say of variables, and datasets arranged by them."""

from __future__ import annotations

import numpy as np
import pytest

from equipoise.standards import adam_variables, sdtm_variables
from equipoise.standards.metadata import arrange, domain, guess, variable

NAMES = [*sdtm_variables.DOMAINS, *adam_variables.DATASETS]


@pytest.mark.parametrize("name", NAMES)
def test_names_and_labels_fit_a_transport_file(name: str) -> None:
    found = domain(name)
    assert found is not None
    assert len(found.label) <= 40
    names = [v.name for v in found.variables]
    assert len(set(names)) == len(names)
    for v in found.variables:
        assert v.name.isalnum()
        assert v.name.isupper()
        assert len(v.name) <= 8
        assert 0 < len(v.label) <= 40
        assert v.core in ("Req", "Exp", "Perm", "Cond")
        assert v.kind in ("text", "integer", "float", "date")
    keys = sorted(v.key for v in found.variables if v.key)
    assert keys == list(range(1, len(keys) + 1))


def test_arranged_in_the_order_of_the_standard() -> None:
    made = arrange("DM", {"AGE": [61, None], "USUBJID": ["1", "2"], "STUDYID": ["S", "S"]})
    names = [v.name for v in made.variables]
    assert names[:3] == ["STUDYID", "DOMAIN", "USUBJID"]
    assert list(made.columns["DOMAIN"]) == ["", ""]
    assert np.isnan(made.columns["AGE"][1])
    assert next(v for v in made.variables if v.name == "USUBJID").length == 1
    with pytest.raises(KeyError, match="EYES"):
        arrange("DM", {"EYES": ["blue"]})


def test_kinds_come_from_names_not_from_data() -> None:
    assert variable("rs_recist", "VISITNUM").kind == "float"
    assert guess("ADTTE_ONCO", "ADT").kind == "date"
    assert guess("LB", "LBSTRESN").kind == "float"
    assert guess("LB", "LBSEQ").kind == "integer"
    assert guess("DM", "SUBJID").kind == "text"
    assert domain("SUPPAE") is not None
    assert domain("NOTHING") is None

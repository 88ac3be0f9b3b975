"""How long a dose-finding trial takes, on average: exactly, where cohorts wait for one another."""

from __future__ import annotations

from equipoise.design.dose.exact import DoseCharacteristics


def expected_months(found: DoseCharacteristics, cohorts: float, accrual: float, window: float) -> float:
    """Expected months until the last patient's window is over.

    Patients come at random (Poisson), ``accrual`` a month, and who comes while a cohort is waited for is turned away; the next cohort
    begins when the last patient of the one before has been followed for ``window`` months. So each patient costs 1/accrual
    and each cohort a window, and expectations add up whatever the design decides. ``cohorts``: expected number of them.
    """
    return found.total / accrual + cohorts * window

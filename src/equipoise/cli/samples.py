"""`equipoise conduct sample`: what is said of a concentration that was measured."""

from __future__ import annotations

import click

HELP = "Record a concentration of a drug that was measured, on the day on which the sample was taken."
#: The details of the event, as options.
OPTIONS = (
    click.option("--drug", required=True),
    click.option("--analyte", required=True, help="What was measured, as [[samples]] of the trial file names it."),
    click.option("--specimen", help="'plasma', 'serum' …"),
    click.option("--cycle", type=int, required=True),
    click.option("--day", type=int, required=True, help="Day of the cycle whose dose the hours count from."),
    click.option("--hours", type=float, required=True, help="Planned hours after that dose's start; 0: before it."),
    click.option("--at", help="When it was taken, by the clock: HH:MM."),
    click.option("--dose-at", help="When that dose began: HH:MM. With --at it says the hours that really passed."),
    click.option("--concentration", type=float),
    click.option("--unit", help="ug/mL, ng/mL, pg/mL or nmol/L."),
    click.option("--below-limit", type=bool, help="true where it was below the limit of quantification."),
    click.option("--limit", type=float, help="The lower limit of quantification, in the same unit."),
)

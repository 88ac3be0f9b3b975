"""What a result offers to a reader: tables and figures as plain values, before anybody draws them.

A result knows its exhibits and the report knows how to draw an exhibit; neither knows the other. To show something new
in the report, build one of these values from it. A new *kind* of figure is a new class here and a drawer in
``report/figures``.

Times are in months unless an axis label says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from equipoise.trial.dose_exhibits import CourseFigure, DecisionGrid, EscalationFigure, PathFigure

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows under headings. Cells are shown as given: format numbers before you put them here."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    #: a heading may span rows: a row of one cell is drawn as a sub-heading
    #: as a study report numbers it: '14.1.1'; '' takes the next number of the document
    number: str = ""


@dataclass(frozen=True)
class Curve:
    """A line with optional band. ``steps``: hold the value until the next x (survival curves, accrual).

    Curves of one ``hue`` share a colour, told apart by ``dashed``; None: each has its own.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    lower: Sequence[float] | None = None
    upper: Sequence[float] | None = None
    steps: bool = False
    dashed: bool = False
    points: bool = False
    texts: Sequence[str] = ()
    hue: int | None = None


@dataclass(frozen=True)
class Mark:
    """A labelled reference line: vertical at ``x`` or horizontal at ``y`` (exactly one is given)."""

    label: str
    x: float | None = None
    y: float | None = None


@dataclass(frozen=True)
class LineFigure:
    """Curves on two axes: operating characteristics, accrual against plan. ``x_names``: of 1, 2, …, where x counts things."""

    title: str
    x_label: str
    y_label: str
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()
    caption: str = ""
    y_range: tuple[float, float] | None = None
    percent: bool = False
    x_names: Sequence[str] = ()


@dataclass(frozen=True)
class SurvivalArm:
    """One Kaplan–Meier curve with its band, its censoring times and the numbers at risk at the figure's ``ticks``.

    ``events`` and ``lost``: events, and censored patients, up to each tick and on it. ``note`` stands beside its name: the median.
    """

    label: str
    time: Sequence[float]
    survival: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]
    censored: Sequence[float]
    at_risk: Sequence[int]
    events: Sequence[int] = ()
    lost: Sequence[int] = ()
    note: str = ""


@dataclass(frozen=True)
class SurvivalFigure:
    """Kaplan–Meier curves, one an arm, with the table of numbers at risk below.

    ``inset``: lines that stand on the figure, such as a hazard ratio.
    """

    title: str
    x_label: str
    y_label: str
    arms: Sequence[SurvivalArm]
    ticks: Sequence[float]
    marks: Sequence[Mark] = ()
    caption: str = ""
    inset: Sequence[str] = ()


@dataclass(frozen=True)
class Lane:
    """One patient of a swimmer plot. ``spans`` are (from, to, state); ``points`` are (when, what); ``response`` is the best, in words."""

    patient: str
    group: str
    spans: Sequence[tuple[float, float, str]]
    points: Sequence[tuple[float, str]]
    ongoing: bool = False
    response: str = ""


@dataclass(frozen=True)
class SwimmerFigure:
    """A lane a patient, longest on top, arms as groups. ``until``: the end of the axis, where several figures share it."""

    title: str
    x_label: str
    lanes: Sequence[Lane]
    caption: str = ""
    until: float | None = None


@dataclass(frozen=True)
class Bar:
    """One patient of a waterfall: best change from baseline (percent), its arm and best overall response."""

    patient: str
    group: str
    change: float
    response: str


@dataclass(frozen=True)
class WaterfallFigure:
    """Best change in the sum of diameters, a bar a patient, sorted from growth to shrinkage."""

    title: str
    y_label: str
    bars: Sequence[Bar]
    marks: Sequence[Mark] = ()
    caption: str = ""


@dataclass(frozen=True)
class FlowBox:
    """A box of the CONSORT diagram: a heading, its n, and lines such as reasons."""

    heading: str
    n: int | None = None
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class FlowArm:
    """The column of one arm: its name and its boxes from allocation down to analysis."""

    label: str
    boxes: Sequence[FlowBox]


@dataclass(frozen=True)
class FlowFigure:
    """Patient flow after CONSORT 2010: the trunk, what left it on the side, and a column an arm."""

    title: str
    trunk: Sequence[FlowBox]
    side: Sequence[FlowBox]
    arms: Sequence[FlowArm]
    caption: str = ""


@dataclass(frozen=True)
class HeatFigure:
    """A number for each row and column, by shade and in figures; NaN where there is none. Shades begin at 0 and go to
    ``top``, or to the largest number: a difference within the Monte-Carlo error is no difference to the eye."""

    title: str
    x_label: str
    y_label: str
    columns: Sequence[str]
    rows: Sequence[str]
    values: Sequence[Sequence[float]]
    texts: Sequence[Sequence[str]]
    unit: str
    caption: str = ""
    top: float | None = None


@dataclass(frozen=True)
class TimelineSpan:
    """A stretch of time and what goes on in it."""

    start: float
    end: float
    kind: str


@dataclass(frozen=True)
class TimelinePoint:
    """Something that happens, on average ``at``; ``low`` to ``high`` hold most of it."""

    at: float
    low: float
    high: float
    label: str


@dataclass(frozen=True)
class TimelineRow:
    """One way that things may go; rows of a group stand together."""

    label: str
    group: str
    spans: Sequence[TimelineSpan]
    points: Sequence[TimelinePoint]


@dataclass(frozen=True)
class TimelineFigure:
    """What happens when, one row for each way of running a trial."""

    title: str
    x_label: str
    rows: Sequence[TimelineRow]
    caption: str = ""


@dataclass(frozen=True)
class ForestRow:
    """An estimate with its interval. ``weight`` (share) sizes its square; ``hollow`` is not observed as such; ``doubtful``
    is unverified. ``kind`` 'mean' is a diamond, 'prediction' a bar.
    """

    label: str
    note: str
    estimate: float
    lower: float
    upper: float
    weight: float = 0.0
    hollow: bool = False
    doubtful: bool = False
    kind: str = "arm"


@dataclass(frozen=True)
class ForestFigure:
    """Estimates under each other with their intervals, and what they add up to. ``mark`` is an upright line (x, label).

    ``scale``: rates from 0 to 1, differences in points, or ratios on a logarithmic axis.
    """

    title: str
    x_label: str
    rows: Sequence[ForestRow]
    mark: tuple[float, str] | None = None
    caption: str = ""
    scale: Literal["rate", "points", "ratio"] = "rate"


@dataclass(frozen=True)
class DotRow:
    """A term with its share in each of two groups, and the difference of the first less the second with its interval (all from −1 to 1)."""

    label: str
    shares: tuple[float, float]
    difference: float
    lower: float
    upper: float


@dataclass(frozen=True)
class DotFigure:
    """Shares of two groups side by side as dots, and their differences with intervals beside them, a row a term."""

    title: str
    x_label: str
    difference_label: str
    groups: tuple[str, str]
    rows: Sequence[DotRow]
    caption: str = ""


@dataclass(frozen=True)
class SpiderLine:
    """One patient's change of tumour size from baseline (%) by months, and his best overall response."""

    patient: str
    group: str
    months: Sequence[float]
    change: Sequence[float]
    response: str


@dataclass(frozen=True)
class SpiderFigure:
    """Change of tumour size over time, a line a patient, a panel a group."""

    title: str
    x_label: str
    y_label: str
    lines: Sequence[SpiderLine]
    marks: Sequence[Mark] = ()
    caption: str = ""


Figure = (
    LineFigure
    | SurvivalFigure
    | SwimmerFigure
    | WaterfallFigure
    | FlowFigure
    | HeatFigure
    | TimelineFigure
    | ForestFigure
    | DotFigure
    | SpiderFigure
    | EscalationFigure
    | CourseFigure
    | DecisionGrid
    | PathFigure
)


@dataclass(frozen=True)
class Paragraph:
    """Plain text. ``tone`` is 'plain', 'note' (small print), 'caution' or 'decision' (set out in a box)."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True)
class Facts:
    """A short list of name and value, such as a synopsis."""

    rows: Sequence[tuple[str, str]]


Exhibit = Table | Figure | Paragraph | Facts


@dataclass(frozen=True)
class Section:
    """A headed part of a document; ``name`` is its anchor and the stem of the names of its files."""

    name: str
    heading: str
    exhibits: Sequence[Exhibit] = field(default_factory=tuple)

"""From any figure exhibit to its SVG."""

from __future__ import annotations

from equipoise.report.figures.course import draw_course
from equipoise.report.figures.dots import draw_dots
from equipoise.report.figures.escalation import draw_escalation
from equipoise.report.figures.flow import draw_flow
from equipoise.report.figures.forest import draw_forest
from equipoise.report.figures.grid import draw_grid
from equipoise.report.figures.heat import draw_heat
from equipoise.report.figures.line import draw_line
from equipoise.report.figures.paths import draw_paths
from equipoise.report.figures.spider import draw_spider
from equipoise.report.figures.survival import draw_survival
from equipoise.report.figures.swimmer import draw_swimmer
from equipoise.report.figures.timeline import draw_timeline
from equipoise.report.figures.waterfall import draw_waterfall
from equipoise.trial.dose_exhibits import CourseFigure, DecisionGrid, EscalationFigure, PathFigure
from equipoise.trial.exhibits import (
    DotFigure,
    Figure,
    FlowFigure,
    ForestFigure,
    HeatFigure,
    LineFigure,
    SpiderFigure,
    SurvivalFigure,
    SwimmerFigure,
    TimelineFigure,
    WaterfallFigure,
)

#: A file of its own says what it is; inside a page an SVG does not.
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


def svg_file(figure: Figure, name: str) -> str:
    """The figure as the text of an SVG file."""
    return DECLARATION + draw(figure, name)


def draw(figure: Figure, name: str) -> str:
    """The figure as an SVG element whose ids begin with ``name``. Raises Missing without matplotlib."""
    match figure:
        case LineFigure():
            return draw_line(figure, name)
        case SurvivalFigure():
            return draw_survival(figure, name)
        case SwimmerFigure():
            return draw_swimmer(figure, name)
        case WaterfallFigure():
            return draw_waterfall(figure, name)
        case FlowFigure():
            return draw_flow(figure, name)
        case HeatFigure():
            return draw_heat(figure, name)
        case TimelineFigure():
            return draw_timeline(figure, name)
        case ForestFigure():
            return draw_forest(figure, name)
        case DotFigure():
            return draw_dots(figure, name)
        case SpiderFigure():
            return draw_spider(figure, name)
        case EscalationFigure():
            return draw_escalation(figure, name)
        case CourseFigure():
            return draw_course(figure, name)
        case DecisionGrid():
            return draw_grid(figure, name)
        case PathFigure():
            return draw_paths(figure, name)

"""What an event tells of an arm or of results: the part of it that can be withheld while the rest is shown."""

from __future__ import annotations

from collections.abc import Mapping

#: Kind → the details that are guarded. The log's lines are written by this table, and read by it again: for a kind that is there it is
#: fixed, once a log holds one; a new kind, or a new detail of a kind, may be added.
GUARDED: Mapping[str, frozenset[str]] = {
    "enrolled": frozenset({"arm"}),
    "randomised": frozenset({"arm", "actual"}),
    "assigned": frozenset({"level"}),
    "treated": frozenset({"drug", "dose", "unit", "times_a_day"}),
    "dose omitted": frozenset({"drug"}),
    "sampled": frozenset({"drug", "analyte", "specimen", "concentration", "unit", "below_limit", "limit"}),
    "decided": frozenset({"action", "attained", "history", "level", "recommended"}),
    "safety look": frozenset({"speaks", "events", "watched"}),
}
#: Kinds of which the reason speaks of results: it is guarded with the details.
GUARDED_WHY = frozenset({"decided", "safety look"})

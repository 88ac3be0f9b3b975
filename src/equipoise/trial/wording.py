"""What a file's entry should have been, in this house's words, for each way in which pydantic refuses one; and what a missing one may look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Kind of error → what is allowed. {…} are of the error's context.
WORDS: Mapping[str, str] = {
    "string_type": 'a text, in quotes: "…"',
    "string_too_short": "a text that is not empty",
    "string_too_long": "a text of at most {max_length} characters",
    "int_type": "a whole number, without quotes: 12",
    "int_parsing": "a whole number, without quotes: 12",
    "int_from_float": "a whole number: 12",
    "float_type": "a number, without quotes: 0.5",
    "float_parsing": "a number, without quotes: 0.5",
    "bool_type": "true or false, without quotes",
    "bool_parsing": "true or false, without quotes",
    "date_type": "a day, without quotes: 2024-01-31",
    "date_parsing": "a day, without quotes: 2024-01-31",
    "date_from_datetime_parsing": "a day, without quotes: 2024-01-31",
    "date_from_datetime_inexact": "a day without a time: 2024-01-31",
    "tuple_type": "an array, in brackets: [ … ]",
    "list_type": "an array, in brackets: [ … ]",
    "set_type": "an array, in brackets: [ … ]",
    "frozen_set_type": "an array, in brackets: [ … ]",
    "dict_type": "a table: {{ … }}",
    "mapping_type": "a table: {{ … }}",
    "model_type": "a table: {{ … }}",
    "model_attributes_type": "a table: {{ … }}",
    "too_short": "at least {min_length}",
    "too_long": "at most {max_length}",
    "none_required": "nothing",
    "multiple_of": "a multiple of {multiple_of}",
}

#: The smallest text of an entry that a trial file must have: alone in a file with the others it is valid.
SMALLEST: Mapping[str, str] = {
    "format": "format = 1",
    "id": 'id = "my-trial"',
    "title": 'title = "One drug in one disease"',
    "phase": 'phase = "II"',
    "start": "start = 2024-01-08",
    "target_enrolment": "target_enrolment = 33",
    "population": 'population = "Who may enter, in a line"',
    "arms": 'arms = [{ name = "T", label = "Study drug", tested = true }]',
    "eligibility": 'eligibility = [{ number = 1, kind = "inclusion", text = "…" }]',
    "sites": 'sites = [{ name = "S01", activation = 2024-01-08, rate = 1 }]',
    "endpoints": (
        'endpoints = [{ name = "OS", label = "Overall survival", role = "primary", kind = "time to event", origin = "randomisation", '
        'events = ["death"], censoring = [{ when = "no event", at = "last contact" }] }]'
    ),
    "assessments": '[assessments] criterion = "RECIST 1.1", first = "6 weeks", every = "6 weeks", follow_up_every = "3 months"',
    "monitoring": '[monitoring] endpoint = "ORR", while_waiting = "continue", readout_delay = "2 weeks", final_follow_up = "18 weeks"',
}


def allowed(error: Mapping[str, Any]) -> str:
    """What is allowed in place of what an error refused; pydantic's own message where there is no word for it here."""
    words = WORDS.get(error["type"])
    if words is not None:
        return words.format(**error.get("ctx", {}))
    message = str(error["msg"]).removeprefix("Input should be ")
    return message[0].lower() + message[1:]

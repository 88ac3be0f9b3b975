"""SDTM: its records become events of the log, each naming its record, and the log becomes SDTM again."""

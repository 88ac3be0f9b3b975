"""The field's own formats: datasets as SDTM and ADaM know them, and the roads between them and the log."""

"""Names of countries by ISO 3166-1 alpha-3: those in which oncology trials mostly run; of others the code stands for the name."""

from __future__ import annotations

_TEXT = """
ARG Argentina|AUS Australia|AUT Austria|BEL Belgium|BRA Brazil|BGR Bulgaria|CAN Canada|CHE Switzerland|CHL Chile|CHN China|COL Colombia
CZE Czechia|DEU Germany|DNK Denmark|ESP Spain|EST Estonia|FIN Finland|FRA France|GBR United Kingdom of Great Britain and Northern Ireland
GEO Georgia|GRC Greece|HKG Hong Kong|HRV Croatia|HUN Hungary|IND India|IRL Ireland|ISR Israel|ITA Italy|JPN Japan|KOR Republic of Korea
LTU Lithuania|LVA Latvia|MEX Mexico|NLD Netherlands|NOR Norway|NZL New Zealand|PER Peru|POL Poland|PRT Portugal|ROU Romania
SRB Serbia|SGP Singapore|SVK Slovakia|SVN Slovenia|SWE Sweden|THA Thailand|TUR Türkiye|TWN Taiwan|UKR Ukraine|USA United States of America
ZAF South Africa
"""
COUNTRIES = {pair[:3]: pair[4:] for line in _TEXT.strip().splitlines() for pair in (p.strip() for p in line.split("|"))}

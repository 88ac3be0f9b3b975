"""Which domains there are for the log, what each must have, and which of them a trial's endpoints cannot do without."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from equipoise.trial.endpoint import Outcome, Response, TimeToEvent, Toxicity
from equipoise.trial.trial import Trial

#: Domains whose sequence numbers no supplement that we read refers to: one that stands twice makes nothing ambiguous.
NUMBERED_FOR_NOBODY = frozenset(("TR", "RS"))
#: What each domain must have; of several names with '|' one.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "DM": ("USUBJID", "ARMCD"),
    "DS": ("USUBJID", "DSDECOD|DSTERM", "DSSTDTC"),
    "EX": ("USUBJID", "EXTRT", "EXDOSE", "EXSTDTC"),
    "AE": ("USUBJID", "AETERM|AEDECOD", "AESTDTC"),
    "TU": ("USUBJID", "TULNKID", "TUSTRESC|TUORRES"),
    "TR": ("USUBJID", "TRTESTCD", "TRSTRESC|TRORRES", "TRDTC"),
    "RS": ("USUBJID", "RSTESTCD", "RSSTRESC|RSORRES", "RSDTC"),
    "PC": ("USUBJID", "PCTESTCD|PCTEST", "PCSTRESC|PCORRES", "PCDTC", "PCELTM|PCTPT"),
    "PP": ("USUBJID", "PPTESTCD", "PPSTRESN|PPORRES"),
    "SS": ("USUBJID", "SSTESTCD", "SSSTRESC|SSORRES", "SSDTC"),
    "SV": ("USUBJID", "SVSTDTC"),
    "CM": ("USUBJID", "CMTRT", "CMSTDTC"),
    "SUPPDM": ("USUBJID", "QNAM", "QVAL"),
    "SUPPAE": ("USUBJID", "IDVARVAL", "QNAM", "QVAL"),
    "SUPPTU": ("USUBJID", "IDVARVAL", "QNAM", "QVAL"),
}


def needed(trial: Trial) -> dict[str, str]:
    """Domain → what the trial reads from it, in the order of the domains: without it, that would be another number."""
    found = {"DM": "every endpoint", "DS": "every endpoint"}

    def need(by: str, *domains: str) -> None:
        for domain in domains:
            found.setdefault(domain, by)

    for e in trial.endpoints:
        by = f"endpoint {e.name}"
        if isinstance(e, TimeToEvent):
            when = {*e.events, *(c.when for c in e.censoring)}
            if e.origin == "first response" or any("progression" in word or word == "response" for word in when):
                need(by, "RS", "TR", "TU", "SUPPTU")
            if "next therapy" in when:
                need(by, "CM")
            if e.origin == "first dose":
                need(by, "EX")
            if any(c.at == "last contact" for c in e.censoring):
                need(by, "SS", "SV")
        elif isinstance(e, Response):
            need(by, "RS", "TR", "TU", "SUPPTU")
        elif isinstance(e, Outcome):
            need(by, "RS")
        elif isinstance(e, Toxicity):
            need(by, "AE", "SUPPAE", "EX")
    for rule in trial.safety:
        if not rule.on_endpoint:
            need(f"safety rule {rule.name}", "AE", "SUPPAE", "EX")
    if trial.factors:
        need("the stratification", "SUPPDM")
    return {domain: found[domain] for domain in REQUIRED if domain in found}


def absent(trial: Trial, held: Collection[str]) -> dict[str, str]:
    """Domain → what needs it, of domains that are not ``held`` and without which nothing of that kind could be known of anybody.

    A domain without a record is another thing: it says that there was nothing to record.
    """
    wanted = needed(trial)
    lesions = trial.assessments is not None and trial.assessments.responses == "from lesions"
    tumours = ("TR", "TU") if lesions else ("RS",)
    return {d: by for d, by in wanted.items() if d in (*tumours, "AE") and d not in held}

"""What is taken away: recorded before it is given, made from what its reader sees, and right in its format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from equipoise.files.log_lines import read_lines
from equipoise.site.folder import Installation
from overseen_log import OTHER, OWN, overseen
from people_log import PEOPLE, north, with_other_arms
from site_server import Served, key_of, posted, serve

Client = Callable[[str], Any]


@pytest.fixture
def acted(site_installation: Installation, tmp_path: Path) -> Served:
    """The log with acts about its record."""
    return serve(site_installation, tmp_path, overseen())


def taken(served: Served, role: str, name: str) -> bytes:
    answer = posted(served.client(role), f"/exports/{name}/", why="a copy")
    assert answer.status_code == 200, answer.content
    assert "attachment" in answer["Content-Disposition"]
    return bytes(answer.content)


def test_an_export_is_recorded_before_it_is_given_and_has_a_reason(acted: Served) -> None:
    before = len(acted.log())
    head = acted.log().head
    assert b"required" in acted.client("monitor").post("/exports/csv/", {"key": "k"}).content
    assert len(acted.log()) == before
    taken(acted, "monitor", "csv")
    event = acted.log()[before]
    assert (event.kind, event.by, event.data["what"], event.why) == ("exported", PEOPLE["monitor"], "csv", "a copy")
    assert event.data["head"] == head


def test_a_site_s_copy_of_the_log_verifies_by_itself_and_holds_no_other_site(acted: Served) -> None:
    found = read_lines(taken(acted, "investigator", "log").splitlines(), "copy")
    assert found.hashes == acted.log().hashes()
    assert OWN in {e.patient for e in found.events}
    assert OTHER not in {e.patient for e in found.events}


@pytest.mark.parametrize("name", ["log", "csv", "odm"])
@pytest.mark.parametrize("role", ["data manager", "medical monitor", "inspector"])
def test_no_file_tells_an_arm(acted: Served, role: str, name: str) -> None:
    text = taken(acted, role, name).decode()
    assert OWN in text
    # The title and the definition name the arms to everybody, and tell of nobody which is his.
    definition = north().definition
    for told in (json.dumps(definition, ensure_ascii=False)[1:-1], definition.replace('"', '""'), north().title):
        text = text.replace(told, "")
    assert "IMGN901" not in text


def test_sdtm_tells_no_arm_and_is_the_same_in_two_worlds(site_installation: Installation, tmp_path: Path) -> None:
    import io
    import zipfile

    from equipoise.files.datasets import read_datasets

    worlds: list[dict[str, object]] = []
    for world in (overseen(), overseen(with_other_arms)):
        served = serve(site_installation, tmp_path, world)
        packed = zipfile.ZipFile(io.BytesIO(taken(served, "data manager", "sdtm")))
        assert {"dm.xpt", "ae.xpt", "ex.xpt", "define.xml"} <= set(packed.namelist())
        found: dict[str, object] = {}
        for name in packed.namelist():
            if name.endswith(".xpt"):
                path = tmp_path / name
                path.write_bytes(packed.read(name))
                found[name] = {
                    v: [str(x) for x in c]
                    for v, c in read_datasets([path])[name.removesuffix(".xpt").upper()].columns.items()
                }
        worlds.append(found)
        assert set(found["dm.xpt"]["ARM"]) == {"", "masked"}  # type: ignore[index]
        assert "IMGN901" not in str(found["ex.xpt"])
        own = zipfile.ZipFile(io.BytesIO(taken(served, "investigator", "sdtm")))
        assert OTHER.encode() not in own.read("dm.xpt")
        assert OWN.encode() in own.read("dm.xpt")
    assert worlds[0] == worlds[1]


@pytest.mark.slow
def test_the_open_report_is_a_pdf_and_the_same_in_two_worlds(site_installation: Installation, tmp_path: Path) -> None:
    pytest.importorskip("weasyprint")
    files = [
        taken(serve(site_installation, tmp_path, world), "data manager", "report")
        for world in (overseen(), overseen(with_other_arms))
    ]  # fmt: skip
    assert files[0].startswith(b"%PDF")
    assert files[0] == files[1]


def test_two_worlds_give_the_same_file(site_installation: Installation, tmp_path: Path) -> None:
    import re

    files = []
    for world in (overseen(), overseen(with_other_arms)):
        served = serve(site_installation, tmp_path, world)
        files.append(
            {
                name: re.sub(rb"\d{4}-?\d\d-?\d\dT[0-9:.]+", b"", taken(served, "data manager", name))
                for name in ("csv", "odm")
            }
        )
    assert files[0]["odm"] == files[1]["odm"]
    assert files[0]["csv"] == files[1]["csv"]


def test_the_odm_file_is_valid_and_carries_audit_and_signature(acted: Served, tmp_path: Path) -> None:
    from odmlib.loader import ODMLoader  # type: ignore[import-untyped]
    from odmlib.odm_loader import XMLODMLoader  # type: ignore[import-untyped]
    from odmlib.odm_parser import ODMSchemaValidator  # type: ignore[import-untyped]

    path = tmp_path / "log.xml"
    path.write_bytes(taken(acted, "investigator", "odm"))
    ODMSchemaValidator(standard="odm", version="1.3.2").validate_file(str(path))
    loader = ODMLoader(XMLODMLoader(model_package="odm_1_3_2", ns_uri="http://www.cdisc.org/ns/odm/v1.3"))
    loader.open_odm_document(str(path))
    odm = loader.load_odm()
    subject = next(s for s in odm.ClinicalData[0].SubjectData if s.SubjectKey == OWN)
    forms = subject.StudyEventData[0].FormData
    signed = next(f for f in forms if f.FormOID == "F.signed")
    assert signed.Signature.UserRef.UserOID == f"U.{PEOPLE['investigator']}"
    event = next(f for f in forms if f.FormOID == "F.adverse_event")
    grade = next(i for i in event.ItemGroupData[0].ItemData if i.ItemOID == "I.adverse_event.grade")
    assert grade.Value == "3"
    assert grade.AuditRecord.UserRef.UserOID == f"U.{PEOPLE['investigator']}"
    assert grade.AuditRecord.DateTimeStamp._content.startswith("2013-02-0")


def test_a_text_is_no_formula(acted: Served) -> None:
    from equipoise.desk.taken_away import _safe

    assert [_safe(t) for t in ("=1+1", "-5", "+x", "@a", "plain")] == ["'=1+1", "-5", "'+x", "'@a", "plain"]


def test_a_program_reads_what_a_person_sees(acted: Served) -> None:
    patients = acted.client("coordinator").get("/api/patients/").json()["patients"]
    assert {p["site"] for p in patients} == {"S01"}
    events = acted.client("coordinator").get(f"/api/p/{key_of(OWN)}/events/").json()["events"]
    assert {"adverse event", "query opened", "signed"} <= {e["kind"] for e in events}
    assert acted.client("coordinator").get(f"/api/p/{key_of(OTHER)}/events/").status_code == 404
    assert acted.client("sponsor").get("/api/patients/").status_code == 403
    assert acted.client("coordinator").post("/api/patients/", {}).status_code in (200, 405)

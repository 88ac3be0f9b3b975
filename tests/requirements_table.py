"""docs/requirements.md, generated: each demand of regulation (R1 to R32) with the tests that hold it. Run to write it anew."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: Number → the sentence, from where, and the tests that hold it (file without 'test_' and '.py' → names).
REQUIREMENTS: dict[int, tuple[str, str, tuple[str, ...]]] = {
    1: ("No row or event of the log can be updated, deleted or truncated by the app's database user.", "11.10(e); E6 4.2.2(b)",
        ("test_nothing_is_changed_or_taken_out_even_by_the_owner", "test_the_application_s_user_may_read_and_add_and_no_more")),
    2: ("There is no setting that stops an order from being recorded.", "E6 4.2.2(b)", ("test_an_order_is_refused_where_the_table_s_triggers_are_gone", "test_every_kind_of_event_is_somebody_s_order")),
    3: ("Each value shown can be asked for its whole history: values, who, when in UTC and the site's time, why.", "11.10(e); E6 4.2.2(a)(ii),(d)",
        ("test_the_audit_trail_is_filtered_and_its_review_recorded", "test_the_trail_tells_each_change_and_is_filtered")),
    4: ("A change of a recorded value without a reason is refused.", "E6 4.2.2(a)(ii), 4.2.4", ("test_a_correction_has_a_reason_and_only_what_changed",)),
    5: ("Acts that are not data (verify, query, sign, lock, export, unblind, review) are events too.", "E6 4.2.2(a)(iii)",
        ("test_the_log_of_all_acts_replays_and_verifies", "test_an_export_is_recorded_before_it_is_given_and_has_a_reason")),
    6: ("Account creation, grant, revocation, log-in, failure, log-out are recorded with time and by whom.", "E6 4.2.2(a)(i), 4.3.8(c)",
        ("test_what_becomes_of_log_ins_is_in_the_chain", "test_a_grant_is_an_event_by_the_administrator")),
    7: ("Who may do what is decided by role, site and blinding; the authorised persons of any day can be listed.", "E6 4.3.8(b); FDA 2024",
        ("test_the_page_shows_the_program_s_own_table", "test_the_table_of_roles_keeps_the_walls")),
    8: ("A revoked user's next request is refused, within the same session.", "E6 4.3.8(b); ASVS 7.4.2", ("test_a_revoked_role_ends_within_the_session",)),
    9: ("Two persons cannot use one account unseen: sessions are listed, and can be ended.", "11.100(a); ASVS 7.1.2", ("test_sessions_are_listed_and_others_ended",)),
    10: ("Out of sequence is refused: no randomisation before eligibility, no dose before randomisation, no entry after lock.", "11.10(f)",
        ("test_nothing_is_locked_while_a_look_is_open_and_nothing_written_once_it_is", "test_a_frozen_record_is_not_written_and_says_by_whom")),
    11: ("A signature shows printed name, date and time, and meaning, on screen and in exports.", "11.50",
        ("test_a_signature_asks_again_and_is_of_what_was_shown", "test_the_odm_file_is_valid_and_carries_audit_and_signature")),
    12: ("A signature holds a digest of exactly what was shown; one changed value makes it fall, with the reason.", "11.70",
        ("test_a_signature_is_of_what_was_shown_and_falls_with_a_reason", "test_a_signature_of_another_record_or_another_s_name_is_found",
         "test_a_form_that_changed_meanwhile_is_not_signed")),
    13: ("A signature asks again who one is; a locked or expired session signs nothing.", "11.200(a)(1)", ("test_a_signature_asks_again_and_is_of_what_was_shown",)),
    14: ("Failed attempts lock for a while and are reported to the administrator.", "11.300(d)", ("test_failures_are_limited_by_user_and_address",)),
    15: ("A sponsor role has no order that writes or corrects an investigator's value.", "E6 3.16.1(i)", ("test_the_table_of_roles_keeps_the_walls",)),
    16: ("Investigators can see all data of their patients at any time, and take a copy away that does not pass through the sponsor.", "E6 3.16.1(k); EMA",
        ("test_a_site_s_copy_of_the_log_verifies_by_itself_and_holds_no_other_site",)),
    17: ("No page, export, mail, error text, address or file given to a blinded role depends on an arm that the role may not know.", "E6 4.1, 3.16.1(f); EMA",
        ("test_two_worlds_are_one_to_who_may_not_know", "test_pages_do_not_depend_on_what_the_reader_may_not_know",
         "test_answers_to_orders_do_not_depend_on_what_their_giver_may_not_know", "test_acts_tell_no_arm", "test_two_worlds_give_the_same_file", "test_two_worlds_send_the_same_mails")),
    18: ("Every view of data by arm is recorded: who, what, when, why.", "E6 3.16.1(g), 4.1.4", ("test_a_look_goes_step_by_step_and_the_sponsor_learns_the_recommendation_only",)),
    19: ("Emergency unblinding of one patient works for an authorised investigator, also with the web server down, asks a reason, sends notices without the arm.", "E6 4.1.4; EMA IRT",
        ("test_a_code_is_given_and_broken_once_it_is_recorded", "test_a_masked_patient_is_unblinded_by_the_secret_of_his_time", "test_a_mail_has_a_link_and_a_number_and_no_data")),
    20: ("An unplanned unblinding opens a task that only the sponsor's role closes.", "E6 4.1.4", ("test_an_unblinding_is_a_task_of_the_sponsor_s",)),
    21: ("Before a look: cut-off, checks done, entry closed for the cut, then unblinding: any other order is refused.", "E6 3.16.1(p,q,r)",
        ("test_any_other_order_of_steps_is_refused", "test_entry_is_closed_for_the_cut_and_for_nothing_else")),
    22: ("Investigator endorsement at each cut-off is listed, with what is missing.", "E6 3.16.1(o)", ("test_a_signature_is_of_what_was_shown_and_falls_with_a_reason",)),
    23: ("An amended definition becomes active at a site only on the day recorded for that site's approval.", "E6 4.3.5", ("test_an_amendment_takes_effect_at_each_site_on_the_day_of_its_approval", "test_in_force_is_the_last_that_a_site_has_approved")),
    24: ("The audit trail can be filtered by person, patient, field, kind of change, late entry, and a review of it is an event.", "E6 4.2.3",
        ("test_the_audit_trail_is_filtered_and_its_review_recorded", "test_the_trail_tells_each_change_and_is_filtered")),
    25: ("A certified copy: an export of the log verifies by itself.", "11.10(b); FDA 2024", ("test_a_site_s_copy_of_the_log_verifies_by_itself_and_holds_no_other_site",)),
    26: ("A restore drill is one command; it ends with the same head or the receipts that are missing.", "E6 4.3.3(c,d)",
        ("test_a_back_up_is_restored_to_the_same_head", "test_a_drill_says_what_an_old_copy_lacks")),
    27: ("If the web is down, the command line writes into the same log, with the same judge.", "E6 4.3.6", ("test_a_store_that_is_no_file_holds_the_same_log", "test_no_allocation_is_given_twice")),
    28: ("Personal data entered by mistake can be removed, with a record of who and why, and the chain still verifies.", "E6 4.2.2(b); GDPR 17",
        ("test_a_query_s_words_are_removed_and_the_log_still_verifies",)),
    29: ("Inactive sessions end after a stated time, absolute life is limited, nothing typed is lost.", "FDA 2024; ASVS 7.3", ("test_a_session_ends", "test_a_session_that_ends_in_mid_form_loses_nothing")),
    30: ("Block sizes and secret are in no page, export, log or report before the trial is closed.", "ICH E9 2.3", ("test_sealed_block_sizes", "test_the_commitment_covers_the_sizes", "test_a_secret_is_made_for_its_owner_alone")),
    31: ("Each requirement names the tests that hold it; the table is generated and shipped.", "E6 4.3.4(b,h); GAMP", ("test_the_page_is_generated_and_names_tests_that_are_there",)),
    32: ("Each page says which software version and trial definition it runs; another version's tables are refused.", "E6 4.3.4(c)",
        ("test_gunicorn_serves_no_folder_of_another_version", "test_each_page_says_which_version_and_definition_it_runs")),
}  # fmt: skip


def written_tests() -> dict[str, str]:
    """Name of each test → its file."""
    return {
        name: str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }


def page() -> str:
    """The page."""
    where = written_tests()
    lines = [
        "# Requirements and the tests that hold them", "",
        "What regulation asks of a system that keeps a trial's record, as sentences that a test can hold, and the tests that do. The sentences are ours: they are no quotation, and holding them is not what",
        "an inspector finds of an installation. The table is generated (`python tests/requirements_table.py`) and a test sees that it is today's and that each test is there. E6 is ICH E6(R3), 11 is 21 CFR 11.", "",
        "| | requirement | from | held by |", "|---|---|---|---|",
    ]  # fmt: skip
    for number, (text, source, tests) in REQUIREMENTS.items():
        held = "<br>".join(f"`{t}` ({where.get(t, 'not there')})" for t in tests)
        lines.append(f"| R{number} | {text} | {source} | {held} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (ROOT / "docs" / "requirements.md").write_text(page())

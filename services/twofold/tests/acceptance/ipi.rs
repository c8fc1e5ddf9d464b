//! Preset `ipi` (S0): an authenticator app and ten recovery codes.

use serde_json::json;

use crate::authenticator;
use crate::support::panel::{confirmed, position};
use crate::support::world::World;

#[test]
fn s0_01_an_enrolment_belongs_to_one_tenant_and_one_application_of_it() {
    authenticator::an_enrolment_is_of_one_tenant_and_application("ipi");
}

#[test]
fn s0_03_a_guided_set_up_follows_add_otp_app_and_names_the_recommended_app() {
    authenticator::a_guided_set_up("ipi", "Add OTP app", Some("IPI Authenticator"));
}

#[test]
fn s0_04_the_secret_stands_as_text_beside_the_qr_code() {
    authenticator::the_secret_stands_beside_the_qr_code("ipi", "IPI");
}

#[test]
fn s0_05_the_same_secret_in_a_second_generator_gives_accepted_codes() {
    authenticator::a_second_generator_gives_accepted_codes("ipi");
}

#[test]
fn s0_06_s0_07_s0_08_enabling_gives_ten_recovery_codes_of_eight_characters() {
    authenticator::enabling_gives_recovery_codes("ipi");
}

#[test]
fn s0_09_s0_10_a_recovery_code_lets_the_user_in() {
    authenticator::a_recovery_code_lets_the_user_in("ipi");
}

#[test]
fn s0_11_s0_12_disable_is_confirmed_and_can_be_resumed() {
    authenticator::disable_confirms_and_can_be_resumed("ipi", "Two-factor authentication is disabled.");
}

#[test]
fn s0_13_disable_then_enable_issues_a_new_set_and_the_old_one_is_dead() {
    let world = World::of("ipi");
    let alice = world.panel().register("alice", &json!({}));
    let (_, old) = alice.enrol_app();
    alice.post("/disable", &confirmed()).expect(200);
    let (_, new) = alice.enrol_app();
    assert_eq!(new.len(), 10);
    assert!(new.iter().all(|code| !old.contains(code)), "a new set");
    for code in old.iter().take(4) {
        alice.verify_recovery(code).problem(422, "wrong_code");
    }
    for code in &new {
        alice.verify_recovery(code).expect(200);
    }
}

#[test]
fn s0_14_resetting_only_the_app_keeps_the_recovery_codes() {
    authenticator::resetting_the_authenticator_keeps_the_recovery_codes("ipi");
}

#[test]
fn s0_15_reset_authenticator_and_disable_are_two_commands_with_two_events() {
    let (_world, alice) = authenticator::resetting_the_authenticator_keeps_the_recovery_codes("ipi");
    let done = alice.post("/disable", &confirmed()).expect(200);
    let events = alice.audit(position(&done));
    let of = |kind: &str| events.iter().filter(|event| event["kind"] == kind).collect::<Vec<_>>();
    let (reset, disabled) = (of("authenticator.reset"), of("two_factor.disabled"));
    assert_eq!((reset.len(), disabled.len()), (1, 1), "{events:?}");
    assert_eq!(reset[0]["details"]["recovery_revoked"], false);
    assert_eq!(disabled[0]["details"]["recovery_revoked"], true);
    assert_eq!(disabled[0]["position"], done["position"]);
    assert_ne!(reset[0]["position"], disabled[0]["position"]);
}

//! Preset `hideez` (S1): an authenticator app and recovery codes that can be made anew.

use serde_json::json;

use crate::authenticator;
use crate::support::panel::{confirmed, recovery_codes};
use crate::support::world::World;

const DISABLED: &str = "Two-factor authentication is disabled. But you can always resume it.";

#[test]
fn s1_01_an_enrolment_belongs_to_one_tenant_and_one_application_of_it() {
    authenticator::an_enrolment_is_of_one_tenant_and_application("hideez");
}

#[test]
fn s1_02_a_guided_set_up_follows_add_authenticator_app() {
    authenticator::a_guided_set_up("hideez", "Add authenticator app", None);
}

#[test]
fn s1_03_the_secret_stands_as_text_beside_the_qr_code() {
    authenticator::the_secret_stands_beside_the_qr_code("hideez", "Hideez");
}

#[test]
fn s1_04_the_same_secret_in_a_second_generator_gives_accepted_codes() {
    authenticator::a_second_generator_gives_accepted_codes("hideez");
}

#[test]
fn s1_05_enabling_gives_ten_recovery_codes_of_eight_characters() {
    authenticator::enabling_gives_recovery_codes("hideez");
}

#[test]
fn s1_05_a_recovery_code_lets_the_user_in() {
    authenticator::a_recovery_code_lets_the_user_in("hideez");
}

#[test]
fn s1_06_regenerating_recovery_codes_alone_voids_the_old_ones_and_leaves_2fa_on() {
    let world = World::of("hideez");
    let alice = world.panel().register("alice", &json!({}));
    let (mut app, old) = alice.enrol_app();
    alice.post("/recovery-codes", &json!({})).problem(403, "reauthentication_required");
    alice.verify_recovery(&old[0]).expect(200);
    let done = alice.post("/recovery-codes", &confirmed()).expect(200);
    let new = recovery_codes(&done);
    assert_eq!(new.len(), 10);
    assert!(new.iter().all(|code| code.len() == 8 && !old.contains(code)), "{new:?}");
    assert_eq!(done["message"], "New recovery codes were made. The old ones are no longer valid.");
    for code in &old[1..5] {
        alice.verify_recovery(code).problem(422, "wrong_code");
    }
    alice.verify_recovery(&new[9]).expect(200);
    let shown = alice.get();
    assert_eq!((shown["status"].as_str(), shown["recovery_codes_left"].as_u64()), (Some("enabled"), Some(9)));
    alice.answer(&alice.login(), &app.fresh()).expect(200);
}

#[test]
fn s1_07_disable_is_confirmed_and_can_be_resumed() {
    authenticator::disable_confirms_and_can_be_resumed("hideez", DISABLED);
}

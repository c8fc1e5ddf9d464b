//! The form of snapshots: any state comes back, nothing else is taken for one, and a change of form or fold is noticed.

mod arbitrary;
mod golden;
mod history;

use proptest::prelude::*;
use twofold_crypto::{Keyring, MasterKey};
use twofold_domain::user::{User, evolve};
use twofold_domain::{TenantId, UserToken};
use twofold_event_log::{Seq, Snapshot, Subject};

use super::seal::{self, STATE_VERSION, Unusable};
use crate::chain::Chain;
use crate::user::Loaded;

fn keyring() -> Keyring {
    Keyring::new(&MasterKey::from_text(&"0123456789abcdef".repeat(4)).expect("a key"))
}

fn subject(n: u8) -> Subject {
    Subject::user(3, &TenantId::from_bytes([1; 16]), &UserToken::from_bytes([n; 16]))
}

fn loaded(user: User, seq: u64) -> Loaded {
    Loaded { user, head: Some(Seq(seq)), chain: Chain::from_bytes([9; 32]), unsaved: 7 }
}

fn sealed(user: User, seq: u64) -> Snapshot {
    seal::seal(&keyring(), &subject(1), &loaded(user, seq)).expect("there is a commit")
}

/// A state with something of everything.
fn rich() -> User {
    let mut user = User::default();
    for (event, at) in history::history().iter().take_while(|(event, _)| event.name() != "user.erased") {
        evolve(&mut user, event, *at);
    }
    user
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_state_comes_back_whole(user in arbitrary::user(), seq in 1_u64..) {
        let snapshot = sealed(user.clone(), seq);
        prop_assert_eq!(snapshot.seq, Seq(seq));
        let back = seal::open(&keyring(), &subject(1), &snapshot).expect("ours");
        prop_assert_eq!(&back.user, &user);
        prop_assert_eq!((back.head, back.chain, back.unsaved), (Some(Seq(seq)), Chain::from_bytes([9; 32]), 0));
    }
}

#[test]
fn a_user_without_a_commit_has_no_snapshot() {
    assert_eq!(seal::seal(&keyring(), &subject(1), &Loaded::empty()), None);
}

#[test]
fn a_snapshot_with_any_byte_changed_left_out_or_added_is_not_ours() {
    let snapshot = sealed(rich(), 5);
    let open = |state: Vec<u8>| seal::open(&keyring(), &subject(1), &Snapshot { seq: Seq(5), state: state.into() });
    assert!(open(snapshot.state.to_vec()).is_ok());
    for position in 0..snapshot.state.len() {
        let mut changed = snapshot.state.to_vec();
        changed[position] ^= 1;
        assert!(open(changed).is_err(), "byte {position}");
        assert!(open(snapshot.state[..position].to_vec()).is_err(), "cut at {position}");
    }
    let mut longer = snapshot.state.to_vec();
    longer.push(0);
    assert_eq!(open(longer).expect_err("longer"), Unusable::NotOurs);
}

#[test]
fn a_snapshot_is_bound_to_its_user_its_position_and_the_master_key() {
    let snapshot = sealed(rich(), 5);
    let not_ours = |outcome: Result<Loaded, Unusable>| assert_eq!(outcome.expect_err("not ours"), Unusable::NotOurs);
    not_ours(seal::open(&keyring(), &subject(2), &snapshot));
    not_ours(seal::open(&keyring(), &subject(1), &Snapshot { seq: Seq(6), ..snapshot.clone() }));
    let other = Keyring::new(&MasterKey::from_text(&"fedcba9876543210".repeat(4)).expect("a key"));
    not_ours(seal::open(&other, &subject(1), &snapshot));
}

#[test]
fn a_snapshot_of_another_version_is_passed_over() {
    let snapshot = sealed(rich(), 5);
    for version in [0, STATE_VERSION + 1, u16::MAX] {
        let mut state = snapshot.state.to_vec();
        state[..2].copy_from_slice(&version.to_be_bytes());
        let other = Snapshot { seq: Seq(5), state: state.into() };
        assert_eq!(seal::open(&keyring(), &subject(1), &other).expect_err("other"), Unusable::OtherVersion);
    }
}

#[test]
fn what_carries_our_tag_and_is_no_state_is_unreadable() {
    let keyring = keyring();
    let longer = [&sealed(rich(), 5).state[34..], &[0]].concat();
    for body in [vec![], vec![0; 31], vec![0; 32], vec![2; 40], vec![1; 4000], longer] {
        let mut state = STATE_VERSION.to_be_bytes().to_vec();
        state.extend_from_slice(&keyring.snapshot_mac(subject(1).as_str(), 5, STATE_VERSION, &body));
        state.extend_from_slice(&body);
        let outcome = seal::open(&keyring, &subject(1), &Snapshot { seq: Seq(5), state: state.into() });
        assert_eq!(outcome.expect_err("no state"), Unusable::Unreadable, "{} bytes", body.len());
    }
}

#[test]
fn a_rich_state_is_small() {
    let bytes = sealed(rich(), 5).state.len();
    assert!(bytes < 4096, "{bytes} bytes");
}

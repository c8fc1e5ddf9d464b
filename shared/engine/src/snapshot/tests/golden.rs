//! The golden file: what a fixed history folds to and how that is written. It changes only with [`STATE_VERSION`].

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use twofold_domain::user::{User, evolve};
use twofold_event_log::wire;

use super::super::seal::STATE_VERSION;
use super::history::history;
use super::sealed;

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("golden/state.v{STATE_VERSION}.txt"))
}

/// A line for each event: its name, and how many bytes with what tag the state after it makes.
fn lines() -> String {
    let mut user = User::default();
    let mut text = String::new();
    for (seq, (event, at)) in (1..).zip(history()) {
        evolve(&mut user, &event, at);
        let state = sealed(user.clone(), seq).state;
        write!(text, "{:<26} {:>5} ", event.name(), state.len()).expect("memory");
        state[2..10].iter().for_each(|byte| write!(text, "{byte:02x}").expect("memory"));
        text.push('\n');
    }
    text
}

#[test]
fn form_and_fold_are_those_of_this_version() {
    // The only writing this test ever does: the file of a new version, when asked to.
    let may_add = std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1");
    if may_add && !file().exists() {
        std::fs::File::create_new(file()).expect("new").write_all(lines().as_bytes()).expect("written");
    }
    let golden = std::fs::read_to_string(file()).unwrap_or_else(|_| {
        panic!("{} is missing: run this test once with UPDATE_GOLDEN=1, and delete the older one", file().display())
    });
    assert_eq!(
        golden,
        lines(),
        "snapshots that are out there would be misread, or are of another fold: raise STATE_VERSION"
    );
}

#[test]
fn the_history_has_every_kind_of_event() {
    let there: BTreeSet<&str> = history().iter().map(|(event, _)| event.name()).collect();
    let all: BTreeSet<&str> =
        wire::catalogue().into_iter().filter(|doc| doc.aggregate == "user").map(|doc| doc.name).collect();
    assert_eq!(there, all);
}

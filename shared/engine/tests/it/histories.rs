//! Random use of a few users over three nodes that share snapshots: what a node knows, by whatever way, is the fold of
//! the whole history.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use twofold_domain::user::{Purpose, Target};
use twofold_domain::{ChallengeId, EnrolmentId, Method};
use twofold_engine::{Ask, Caller, Engine, EngineError, RequestContext};
use twofold_event_log::{EventLog as _, Seq};

use crate::snapshots::{YOUNG, assert_same, folded, touch};
use crate::support::*;

const USERS: [&str; 2] = ["mia", "bob"];
const NODES: usize = 3;

#[derive(Debug, Clone, Copy)]
enum Step {
    Touch,
    Enrol(Method),
    Confirm { right: bool },
    Challenge(Option<Method>),
    Code { right: bool },
    Recover,
    Change(u8),
    Wait(i64),
    Erase,
}

fn step() -> impl Strategy<Value = Step> {
    let method = || select([Method::Totp, Method::Email].as_slice());
    prop_oneof![
        40 => Just(Step::Touch),
        30 => method().prop_map(Step::Enrol),
        40 => prop::bool::weighted(0.8).prop_map(|right| Step::Confirm { right }),
        30 => proptest::option::of(method()).prop_map(Step::Challenge),
        60 => any::<bool>().prop_map(|right| Step::Code { right }),
        10 => Just(Step::Recover),
        20 => (0_u8..5).prop_map(Step::Change),
        30 => (1_i64..90).prop_map(Step::Wait),
        1 => Just(Step::Erase),
    ]
}

fn walk() -> impl Strategy<Value = Vec<(Step, usize, usize)>> {
    proptest::collection::vec((step(), 0..USERS.len(), 0..NODES), 20..60)
}

/// What the panel remembers of a user.
#[derive(Debug, Default)]
struct Known {
    secret: Vec<u8>,
    pending: Option<EnrolmentId>,
    challenge: Option<ChallengeId>,
    recovery: Vec<String>,
}

async fn take(world: &World, node: &Engine, caller: &Caller, user: &str, known: &mut Known, step: Step) {
    let ask = match step {
        Step::Touch => return touch_unless_erased(node, caller, user).await,
        Step::Wait(secs) => return world.clock.advance_secs(secs),
        Step::Erase => {
            let provider = Caller { context: RequestContext::system(), ..caller.clone() };
            return node.erase(&provider, &whom(node, caller, user)).await.expect("erased or erased before");
        }
        Step::Enrol(method) => Ask::StartEnrolment { method, destination: None, reauth: confirmed() },
        Step::Challenge(method) => Ask::OpenChallenge { purpose: Purpose::Login, method, destination: None },
        Step::Confirm { right } => {
            let Some(id) = known.pending.clone() else { return };
            Ask::ConfirmEnrolment(id, typed(&enrolment_code(node, caller, user, known, right).await))
        }
        Step::Code { right } => {
            let text = if right { code(&known.secret, world.clock_now()).expose().to_owned() } else { "000000".into() };
            let target = known.challenge.clone().map_or(Target::Direct, Target::Challenge);
            Ask::Verify { target, kind: None, code: typed(&text) }
        }
        Step::Recover => match known.recovery.pop() {
            Some(text) => verify(&text),
            None => return,
        },
        Step::Change(0) => Ask::Reset(confirmed()),
        Step::Change(1) => Ask::Disable(confirmed()),
        Step::Change(2) => Ask::ResetAuthenticator(confirmed()),
        Step::Change(3) => Ask::RegenerateRecoveryCodes(confirmed()),
        Step::Change(_) => Ask::Unlock(None),
    };
    match run(node, caller, user, &ask).await {
        Ok(seen) => {
            known.secret = seen.secret.unwrap_or_else(|| std::mem::take(&mut known.secret));
            known.pending = seen.enrolment.map(|id| id.parse_id());
            known.challenge = seen.challenge.and_then(|id| ChallengeId::parse(&id).ok());
            if !seen.recovery.is_empty() {
                known.recovery = seen.recovery;
            }
        }
        Err(EngineError::Refused(_) | EngineError::Conflict | EngineError::MalformedCode) => {}
        Err(other) => panic!("{step:?}: {other}"),
    }
}

async fn touch_unless_erased(node: &Engine, caller: &Caller, user: &str) {
    let subject = whom(node, caller, user).subject;
    let loaded = node.current(&subject).await.expect("readable");
    if !loaded.user.erased {
        let turn = usize::from(loaded.user.profile.is_some_and(|p| p.locale.as_deref() == Some("de")));
        touch(node, caller, user, turn).await;
    }
}

async fn enrolment_code(node: &Engine, caller: &Caller, user: &str, known: &Known, right: bool) -> String {
    if !right {
        return "000000".to_owned();
    }
    let pending = node.current(&whom(node, caller, user).subject).await.expect("readable").user.enrolment;
    match pending.map(|e| e.method) {
        Some(Method::Email | Method::Sms) => sent_code(node, caller, user, None).await,
        Some(Method::Totp) | None => code(&known.secret, node.clock().now()).expose().to_owned(),
    }
}

async fn walk_through(steps: &[(Step, usize, usize)], after: &[(Step, usize, usize)]) {
    let world = World::new();
    let nodes = [world.node().await, world.node().await, world.node().await];
    let rules = serde_json::json!({"methods": {"allowed": ["totp", "email"], "max_active": 2}});
    let caller = tenant(&nodes[0], "t", rules).await;
    let mut known = [Known::default(), Known::default()];
    for user in USERS {
        enrolled(&nodes[0], &caller, user).await;
    }
    for (step, user, node) in steps {
        take(&world, &nodes[*node], &caller, USERS[*user], &mut known[*user], *step).await;
    }
    for user in USERS {
        // Enough for a snapshot in the middle of the history.
        for _ in 0..70 {
            touch_unless_erased(&nodes[1], &caller, user).await;
        }
        let subject = whom(&nodes[1], &caller, user).subject;
        until("a snapshot", || world.snapshots.kept(&subject).is_some()).await;
    }
    for (step, user, node) in after {
        take(&world, &nodes[*node], &caller, USERS[*user], &mut known[*user], *step).await;
    }
    let fresh = world.silent_node(world.log.clone(), Arc::new(world.snapshots.clone()));
    let mut with_snapshot = 0;
    for user in USERS {
        let subject = whom(&fresh, &caller, user).subject;
        let history = world.log.read_subject(&subject, Seq::ZERO, YOUNG + 1).await.expect("readable");
        with_snapshot += u64::from(history.len() > YOUNG);
        let truth = folded(&fresh, &subject).await;
        for node in nodes.iter().chain([&fresh]) {
            assert_same(&node.current(&subject).await.expect("there"), &truth);
        }
    }
    assert_eq!((fresh.snapshot_counts().read, fresh.snapshot_counts().refused), (with_snapshot, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_node_knows_what_folding_the_whole_history_gives(steps in walk(), after in walk()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(walk_through(&steps, &after));
    }
}

//! What is held back, what passes, and what happens while nothing can be counted.

use std::sync::Arc;

use twofold_domain::delivery::SuppressionCause;
use twofold_domain::destination::{EmailAddress, PhoneNumber};
use twofold_domain::sending::{OperatorLimits, WithheldReason};
use twofold_domain::user::{Patch, Purpose, Target};
use twofold_domain::{Channel, Method, Mode};
use twofold_engine::{
    Ask, Caller, Engine, EngineError, GuardParts, ListChange, ProfileInput, RequestContext, UsageGuard,
};
use twofold_event_log::{
    BoxFuture, Category, Counter, EventLog as _, MemoryUsage, Seq, UsageError, UsageStore, Window,
};

use crate::support::{World, challenge, confirmed, run, sent_code, tenant, typed, verify};

const HOUR: i64 = 3600;

struct House {
    world: World,
    usage: MemoryUsage,
    guard: Arc<UsageGuard>,
    node: Arc<Engine>,
}

/// Lets others in between reading and counting, as a server would.
#[derive(Debug)]
struct Interleaved(MemoryUsage);

impl UsageStore for Interleaved {
    fn add<'a>(&'a self, counters: &'a [Counter], by: u32) -> BoxFuture<'a, Result<Vec<u64>, UsageError>> {
        self.0.add(counters, by)
    }
    fn read<'a>(&'a self, counters: &'a [Counter]) -> BoxFuture<'a, Result<Vec<u64>, UsageError>> {
        Box::pin(async move {
            let totals = self.0.read(counters).await;
            tokio::task::yield_now().await;
            totals
        })
    }
}

impl House {
    async fn new() -> Self {
        Self::with(OperatorLimits { per_destination_hour: None, per_destination_day: None }).await
    }

    async fn with(operator: OperatorLimits) -> Self {
        let world = World::new();
        let usage = MemoryUsage::new();
        let (guard, node) = node(&world, &usage, operator).await;
        Self { world, usage, guard, node }
    }

    async fn another(&self, operator: OperatorLimits) -> Arc<Engine> {
        node(&self.world, &self.usage, operator).await.1
    }

    async fn requested(&self) -> usize {
        self.world.log.read_category(Category::Delivery, Seq::ZERO, 1000).await.expect("readable").len()
    }
}

async fn node(world: &World, usage: &MemoryUsage, operator: OperatorLimits) -> (Arc<UsageGuard>, Arc<Engine>) {
    let guard = Arc::new(UsageGuard::new(GuardParts {
        log: world.log.clone(),
        usage: Arc::new(Interleaved(usage.clone())),
        keyring: Arc::clone(&world.keyring),
        operator,
    }));
    (Arc::clone(&guard), world.guarded_node(guard).await)
}

fn settings(delivery: &serde_json::Value) -> serde_json::Value {
    serde_json::json!({
        "methods": {"allowed": ["totp", "email", "sms"], "max_active": 3},
        "enrolment": {"trigger": ["profile"]},
        "notices": {"enabled": false},
        "sms": {"countries": ["DE", "GB"]},
        "delivery": delivery,
    })
}

async fn register(engine: &Engine, caller: &Caller, user: &str, phone: &str) {
    let email = Patch::Set(EmailAddress::parse(&format!("{user}@example.com")).expect("an address"));
    let phone = Patch::Set(PhoneNumber::parse(phone, None).expect("a number"));
    let system = Caller { context: RequestContext::system(), ..caller.clone() };
    let profile = ProfileInput { email, phone, ..ProfileInput::default() };
    run(engine, &system, user, &Ask::PutProfile(Box::new(profile))).await.expect("registered");
}

/// Asks for a set-up code; answers why there is none.
async fn ask(house: &House, engine: &Engine, caller: &Caller, user: &str, method: Method) -> Option<EngineError> {
    house.world.clock.advance_secs(31);
    let start = Ask::StartEnrolment { method, destination: None, reauth: confirmed() };
    run(engine, caller, user, &start).await.err()
}

async fn reason(house: &House, engine: &Engine, caller: &Caller, user: &str, method: Method) -> &'static str {
    match ask(house, engine, caller, user, method).await {
        None => "sent",
        Some(EngineError::Withheld { reason, .. }) => reason.name(),
        Some(EngineError::Unavailable(_)) => "unavailable",
        Some(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_number_gets_five_codes_an_hour_whatever_tenant_and_node_they_come_from() {
    let five = OperatorLimits { per_destination_hour: Some(5), per_destination_day: Some(20) };
    let house = House::with(five).await;
    let other_node = house.another(five).await;
    let mut callers = Vec::new();
    for name in ["one", "two", "three"] {
        let caller = tenant(&house.node, name, settings(&serde_json::json!({}))).await;
        register(&house.node, &caller, "jane", "+4915112345678").await;
        callers.push(caller);
    }
    for n in 0..5 {
        let seen = reason(&house, &house.node, &callers[n % 3], "jane", Method::Sms).await;
        assert_eq!(seen, "sent", "code {n}");
    }
    let requested = house.requested().await;
    crate::support::until("the other node knows the tenant", || {
        other_node.directory().tenant(&callers[0].tenant.id).is_some()
    })
    .await;
    for node in [&house.node, &other_node] {
        let refused = ask(&house, node, &callers[0], "jane", Method::Sms).await.expect("refused");
        let EngineError::Withheld { reason: WithheldReason::DestinationLimit, retry_after_secs: Some(secs) } = refused
        else {
            panic!("{refused:?}")
        };
        assert!((1..=3600).contains(&secs), "{secs}");
    }
    assert_eq!(house.requested().await, requested, "nothing was appended");
    // The same person's mailbox is another destination, and the next hour is another window.
    assert_eq!(reason(&house, &house.node, &callers[0], "jane", Method::Email).await, "sent");
    house.world.clock.advance_secs(HOUR);
    assert_eq!(reason(&house, &house.node, &callers[0], "jane", Method::Sms).await, "sent");
    assert_eq!(house.guard.counts().withheld[&WithheldReason::DestinationLimit], 1, "the other node has its own");
}

#[tokio::test]
async fn a_user_a_prefix_and_a_budget_have_their_own_limits() {
    for (delivery, method, sent, then) in [
        (serde_json::json!({"per_user_hour": 3}), Method::Sms, 3, "user_limit"),
        (serde_json::json!({"per_user_day": 2}), Method::Email, 2, "user_limit"),
        (serde_json::json!({"prefix_per_hour": 4}), Method::Sms, 4, "prefix_limit"),
        (serde_json::json!({"sms_per_day": 5}), Method::Sms, 5, "tenant_budget"),
        (serde_json::json!({"sms_per_month": 6}), Method::Sms, 6, "tenant_budget"),
        (serde_json::json!({"email_per_day": 0}), Method::Email, 0, "tenant_budget"),
    ] {
        let house = House::new().await;
        let caller = tenant(&house.node, "one", settings(&delivery)).await;
        register(&house.node, &caller, "jane", "+4915112345678").await;
        for n in 0..sent {
            assert_eq!(reason(&house, &house.node, &caller, "jane", method).await, "sent", "{delivery} {n}");
        }
        for _ in 0..2 {
            assert_eq!(reason(&house, &house.node, &caller, "jane", method).await, then, "{delivery}");
        }
        assert_eq!(house.requested().await, sent);
    }
}

#[tokio::test]
async fn what_is_refused_uses_nobodys_budget_up() {
    let house = House::new().await;
    let caller = tenant(&house.node, "one", settings(&serde_json::json!({"per_user_hour": 1, "sms_per_day": 2}))).await;
    for user in ["jane", "joe", "jim"] {
        register(&house.node, &caller, user, "+4915112345678").await;
    }
    assert_eq!(reason(&house, &house.node, &caller, "jane", Method::Sms).await, "sent");
    for _ in 0..5 {
        assert_eq!(reason(&house, &house.node, &caller, "jane", Method::Sms).await, "user_limit");
    }
    assert_eq!(reason(&house, &house.node, &caller, "joe", Method::Sms).await, "sent");
    assert_eq!(reason(&house, &house.node, &caller, "jim", Method::Sms).await, "tenant_budget");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_is_exact_when_many_ask_at_once_and_warns_once() {
    let house = House::new().await;
    let caller = tenant(&house.node, "one", settings(&serde_json::json!({"email_per_day": 10}))).await;
    let users: Vec<String> = (0..40).map(|n| format!("user{n}")).collect();
    for user in &users {
        register(&house.node, &caller, user, "+4915112345678").await;
    }
    house.world.clock.advance_secs(60);
    let asking = users.iter().map(|user| async {
        let start = Ask::StartEnrolment { method: Method::Email, destination: None, reauth: confirmed() };
        run(&house.node, &caller, user, &start).await.is_ok()
    });
    let sent = futures_util::future::join_all(asking).await.into_iter().filter(|sent| *sent).count();
    assert_eq!(sent, 10);
    assert_eq!(house.requested().await, 10);
    let counts = house.guard.counts();
    assert_eq!(counts.withheld[&WithheldReason::TenantBudget], 30);
    assert_eq!(counts.budget_warnings[&Channel::Email], 1);
}

#[tokio::test]
async fn c12_countries_and_stopped_prefixes_are_looked_at_again_at_every_message() {
    let house = House::new().await;
    let caller = tenant(&house.node, "one", settings(&serde_json::json!({}))).await;
    register(&house.node, &caller, "jane", "+4915112345678").await;
    register(&house.node, &caller, "joe", "+998901234567").await;
    assert_eq!(reason(&house, &house.node, &caller, "joe", Method::Sms).await, "country_not_allowed");
    assert_eq!(reason(&house, &house.node, &caller, "joe", Method::Email).await, "sent");
    assert_eq!(reason(&house, &house.node, &caller, "jane", Method::Sms).await, "sent");

    let system = RequestContext::system();
    house.node.stop_prefix(&caller.tenant.id, "+49151", "too many", &system).await.expect("stopped");
    let now = || Caller { tenant: house.node.directory().tenant(&caller.tenant.id).expect("there"), ..caller.clone() };
    assert_eq!(reason(&house, &house.node, &now(), "jane", Method::Sms).await, "prefix_stopped");
    house.node.release_prefix(&caller.tenant.id, "+49151", &system).await.expect("released");
    assert_eq!(reason(&house, &house.node, &now(), "jane", Method::Sms).await, "sent");
}

#[tokio::test]
async fn a_suppressed_destination_gets_nothing_until_it_is_released() {
    let house = House::new().await;
    let caller = tenant(&house.node, "one", settings(&serde_json::json!({}))).await;
    register(&house.node, &caller, "jane", "+4915112345678").await;
    let hash = house.world.keyring.destination_hash(&caller.tenant.id, "+4915112345678");
    let suppress = ListChange::Suppress { channel: Channel::Sms, cause: SuppressionCause::OptedOut, message: None };
    let system = RequestContext::system();
    for (change, then) in [(suppress, "destination_suppressed"), (ListChange::Release { only: None }, "sent")] {
        house.node.change_suppression(&caller.tenant.id, &hash, &change, None, &system).await.expect("changed");
        assert_eq!(reason(&house, &house.node, &caller, "jane", Method::Sms).await, then);
    }
}

#[tokio::test]
async fn without_counting_mail_goes_out_and_text_messages_for_five_seconds_only() {
    let house = House::new().await;
    let caller = tenant(&house.node, "one", settings(&serde_json::json!({}))).await;
    for user in ["jane", "joe"] {
        register(&house.node, &caller, user, "+4915112345678").await;
    }
    house.usage.set_unavailable(true);
    assert_eq!(reason(&house, &house.node, &caller, "jane", Method::Sms).await, "sent", "forgiven");
    assert_eq!(reason(&house, &house.node, &caller, "joe", Method::Sms).await, "unavailable", "31 seconds later");
    assert_eq!(reason(&house, &house.node, &caller, "joe", Method::Email).await, "sent");
    let counts = house.guard.counts();
    assert_eq!((counts.uncounted, counts.unknown), (2, 1));
    house.usage.set_unavailable(false);
    assert_eq!(reason(&house, &house.node, &caller, "jane", Method::Sms).await, "sent");
    assert_eq!(house.requested().await, 3);
}

#[tokio::test]
async fn test_mode_is_not_limited_and_counts_nothing() {
    let house = House::with(OperatorLimits { per_destination_hour: Some(0), per_destination_day: Some(0) }).await;
    let caller = tenant(&house.node, "one", settings(&serde_json::json!({"sms_per_day": 0}))).await;
    let caller = Caller { mode: Mode::Test, ..caller };
    register(&house.node, &caller, "jane", "+998901234567").await;
    for _ in 0..3 {
        assert_eq!(reason(&house, &house.node, &caller, "jane", Method::Sms).await, "sent");
    }
    assert!(house.usage.is_empty());
}

/// C16: news of a change is left out when the budget is used up; the change itself and its event stand.
#[tokio::test]
async fn a_used_up_budget_leaves_the_news_out_and_lets_the_change_stand() {
    let house = House::new().await;
    let mut document = settings(&serde_json::json!({"email_per_day": 1}));
    document["notices"]["enabled"] = true.into();
    let caller = tenant(&house.node, "one", document).await;
    register(&house.node, &caller, "jane", "+4915112345678").await;
    assert_eq!(reason(&house, &house.node, &caller, "jane", Method::Email).await, "sent");
    let code = sent_code(&house.node, &caller, "jane", None).await;
    let (loaded, ..) = {
        let whom = crate::support::whom(&house.node, &caller, "jane");
        house.node.user_state(&caller, &whom).await.expect("there")
    };
    let enrolment = loaded.user.enrolment.expect("pending").id;
    let done = run(&house.node, &caller, "jane", &Ask::ConfirmEnrolment(enrolment, typed(&code))).await.expect("done");
    assert_eq!(done.outcome, "verified");
    assert_eq!(house.requested().await, 1, "the code alone");
    assert_eq!(house.guard.counts().withheld[&WithheldReason::TenantBudget], 1);
}

#[tokio::test]
async fn two_nodes_that_collide_count_a_message_once() {
    let house = House::new().await;
    let caller = tenant(&house.node, "one", settings(&serde_json::json!({"per_user_hour": 1000}))).await;
    register(&house.node, &caller, "jane", "+4915112345678").await;
    let other = house.another(OperatorLimits { per_destination_hour: None, per_destination_day: None }).await;
    let (id, directory) = (caller.tenant.id.clone(), other.directory());
    crate::support::until("the other node knows the tenant", || directory.tenant(&id).is_some()).await;
    // The other node knows the user and then falls behind, so its first decision meets a conflict.
    assert_eq!(reason(&house, &other, &caller, "jane", Method::Sms).await, "sent");
    for _ in 0..5 {
        assert_eq!(reason(&house, &house.node, &caller, "jane", Method::Sms).await, "sent");
        assert_eq!(reason(&house, &other, &caller, "jane", Method::Sms).await, "sent");
    }
    let requested = house.requested().await;
    let user = crate::support::whom(&house.node, &caller, "jane").token;
    let name = format!("user.{}.{user}", caller.tenant.id);
    let counters = [Counter::new(name, Window::day(house.world.clock_now())).expect("a counter")];
    let total = house.usage.read(&counters).await.expect("readable");
    assert_eq!(total, [requested as u64]);
}

#[tokio::test]
async fn logins_without_a_message_are_not_asked_about() {
    let house = House::new().await;
    let caller = tenant(&house.node, "one", settings(&serde_json::json!({"per_user_hour": 1}))).await;
    let (secret, _) = crate::support::enrolled(&house.node, &caller, "jane").await;
    house.usage.set_unavailable(true);
    house.world.clock.advance_secs(60);
    let id = challenge(&house.node, &caller, "jane", Method::Totp).await;
    let code = crate::support::code(&secret, house.world.clock_now()).expose().to_owned();
    let ask = Ask::Verify { target: Target::Challenge(id), kind: None, code: typed(&code) };
    assert_eq!(run(&house.node, &caller, "jane", &ask).await.expect("answered").outcome, "verified");
    let _wrong = run(&house.node, &caller, "jane", &verify("000000")).await;
    let ask = Ask::OpenChallenge { purpose: Purpose::Login, method: None, destination: None };
    assert!(run(&house.node, &caller, "jane", &ask).await.is_ok());
    assert_eq!(house.guard.counts(), twofold_engine::GuardCounts::default());
}

//! The engine with scenarios that answer as they like, on a clock that only moves when all wait.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep, sleep_until};

use super::{BoxFuture, Client, Pace, Plan, Played, Run, Scenario, Verdict, run};

/// Answers after a while, and not at all between two moments.
#[derive(Debug, Clone)]
struct Fake {
    start: Instant,
    takes: Duration,
    stall: (Duration, Duration),
    verdict: Verdict,
    left: Arc<AtomicU64>,
}

impl Fake {
    fn new(takes: Duration) -> Self {
        let left = Arc::new(AtomicU64::new(u64::MAX));
        Self { start: Instant::now(), takes, stall: (Duration::ZERO, Duration::ZERO), verdict: Verdict::Right, left }
    }
}

impl Scenario for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn client(&self, _: usize) -> BoxFuture<'_, Result<Box<dyn Client>>> {
        Box::pin(async { Ok(Box::new(self.clone()) as Box<dyn Client>) })
    }
}

impl Client for Fake {
    fn play(&mut self) -> BoxFuture<'_, Option<Played>> {
        Box::pin(async {
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).ok()?;
            let (from, until) = self.stall;
            if self.start.elapsed() >= from {
                sleep_until(self.start + until).await;
            }
            sleep(self.takes).await;
            Some(Played { kind: "right", verdict: self.verdict.clone(), parts: vec![("part", self.takes)] })
        })
    }
}

async fn play(fake: &Fake, plan: &Plan) -> Run {
    run(fake, plan, false).await.expect("a run")
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stalls_for_a_second_is_charged_for_every_operation_that_was_due_meanwhile() {
    let stall = (Duration::from_secs(4), Duration::from_secs(5));
    let fake = Fake { stall, ..Fake::new(Duration::from_millis(1)) };
    // Ten clients: a loop that waits for answers would see ten slow operations among ten thousand.
    let open = play(&fake, &Plan::open(10, 1000, 10)).await;
    assert_eq!(open.total().right, 10_000);
    // A thousand were due while nothing was answered, so a tenth of all waited, the hundredth worst for 0.9 s.
    assert!(open.latency.ms(0.99) >= 900.0, "{}", open.latency.ms(0.99));
    assert!(open.latency.ms(0.5) < 200.0, "{}", open.latency.ms(0.5));
    assert!(open.schedule.queued >= 990, "{}", open.schedule.queued);
    assert!(open.doubts().iter().any(|doubt| doubt.contains("waited for one of 10 clients")), "{:?}", open.doubts());

    let fake = Fake { start: Instant::now(), ..fake };
    let closed = play(&fake, &Plan::closed(10, 10)).await;
    assert!(closed.latency.ms(0.99) < 10.0, "{}", closed.latency.ms(0.99));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_server_is_asked_at_the_planned_rate_and_leaves_no_doubts() {
    let fake = Fake::new(Duration::from_millis(2));
    let told = play(&fake, &Plan { warm_up_s: 2, ..Plan::open(8, 200, 5) }).await;
    assert_eq!((told.total().right, told.latency.count()), (1000, 1000));
    assert!((told.per_second() - 200.0).abs() < 1.0, "{}", told.per_second());
    assert_eq!(told.timeline.iter().map(|second| second.done).sum::<u64>(), 1000);
    assert_eq!(told.parts["part"].count(), 1000);
    assert_eq!((told.schedule.queued, told.schedule.unsent), (0, 0));
    assert_eq!(told.doubts(), Vec::<String>::new());
    assert!(told.holds());
}

#[tokio::test(start_paused = true)]
async fn a_closed_loop_ends_after_its_time_or_its_operations() {
    let fake = Fake::new(Duration::from_millis(10));
    let told = play(&fake, &Plan::closed(4, 3)).await;
    assert!((1180..=1200).contains(&told.total().right), "{:?}", told.total());
    let told = play(&fake, &Plan { operations: Some(100), warm_up_s: 1, ..Plan::closed(4, 60) }).await;
    assert_eq!(told.total().right, 100);
    assert!(told.took_s < 1.0, "{}", told.took_s);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_answer_or_none_fails_the_run_and_a_refusal_does_not() {
    let plan = Plan { operations: Some(3), ..Plan::closed(1, 60) };
    let of = |verdict| Fake { verdict, ..Fake::new(Duration::from_millis(1)) };
    let wrong = play(&of(Verdict::WrongAnswer("expected 422, got 200".to_owned())), &plan).await;
    assert_eq!((wrong.holds(), wrong.failures, wrong.total().wrong), (false, 3, 3));
    assert_eq!(wrong.examples[0], "right: expected 422, got 200");
    assert!(!play(&of(Verdict::NoAnswer("connection closed".to_owned())), &plan).await.holds());
    let refused = play(&of(Verdict::Refused(429)), &plan).await;
    assert!(refused.holds());
    assert_eq!((refused.refusals[&429], refused.latency.count()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_ends_the_run_after_a_grace_and_fails_it() {
    let fake = Fake::new(Duration::from_hours(1));
    let told = play(&fake, &Plan::open(2, 10, 2)).await;
    assert!(!told.holds());
    assert_eq!((told.counts["unfinished"].unanswered, told.schedule.unsent), (2, 18));
    assert!(told.latency.ms(0.5) > 10_000.0, "{}", told.latency.ms(0.5));
    assert!(told.doubts().iter().any(|doubt| doubt.contains("18 operations were due and never sent")));
}

#[tokio::test(start_paused = true)]
async fn a_scenario_with_nothing_left_ends_the_run_early_and_says_so() {
    let fake = Fake { left: Arc::new(AtomicU64::new(50)), ..Fake::new(Duration::from_millis(1)) };
    let told = play(&fake, &Plan::open(2, 100, 60)).await;
    assert!(told.ended_early && told.holds());
    assert_eq!(told.total().right, 50);
    assert!(told.doubts()[0].contains("nothing left to play"), "{:?}", told.doubts());
}

/// Holds up the only thread: the generator itself has no time.
struct Busy;

impl Scenario for Busy {
    fn name(&self) -> &'static str {
        "busy"
    }

    fn client(&self, _: usize) -> BoxFuture<'_, Result<Box<dyn Client>>> {
        Box::pin(async { Ok(Box::new(Self) as Box<dyn Client>) })
    }
}

impl Client for Busy {
    fn play(&mut self) -> BoxFuture<'_, Option<Played>> {
        Box::pin(async {
            // As a client that waits for its server.
            tokio::task::yield_now().await;
            std::thread::sleep(Duration::from_millis(30));
            Some(Played { kind: "right", verdict: Verdict::Right, parts: Vec::new() })
        })
    }
}

#[tokio::test]
async fn a_generator_that_is_too_slow_for_its_schedule_says_so() {
    let told = run(&Busy, &Plan { operations: Some(20), ..Plan::open(4, 100, 1) }, false).await.expect("a run");
    assert!(told.schedule.slip.ms(0.99) > 5.0, "{}", told.schedule.slip.ms(0.99));
    assert!(told.doubts().iter().any(|doubt| doubt.contains("the generator was too slow")), "{:?}", told.doubts());
}

#[tokio::test(start_paused = true)]
async fn a_run_comes_back_from_json_as_it_was() {
    let fake = Fake::new(Duration::from_millis(3));
    let told = play(&fake, &Plan { label: "x".to_owned(), seed: 7, ..Plan::open(4, 50, 2) }).await;
    let text = serde_json::to_string(&told).expect("written");
    assert_eq!(serde_json::from_str::<Run>(&text).expect("read"), told);
    assert_eq!(told.plan.pace, Pace::Open { per_second: 50 });
}

#[tokio::test(start_paused = true)]
async fn a_plan_without_clients_or_time_is_refused() {
    let fake = Fake::new(Duration::from_millis(3));
    let plans = [Plan::closed(0, 1), Plan::closed(1, 0), Plan::open(1, 0, 1)];
    let mut refused = BTreeSet::new();
    for plan in plans {
        refused.insert(run(&fake, &plan, false).await.expect_err("refused").to_string());
    }
    assert_eq!(refused.len(), 3);
}

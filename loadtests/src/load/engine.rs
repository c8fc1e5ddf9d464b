//! Plays a scenario as planned.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout_at};

use super::live::Live;
use super::plan::Plan;
use super::recorder::{Recorder, Times};
use super::run::Run;
use super::scenario::{Client, Played, Scenario, Verdict};
use super::timetable::Timetable;
use crate::machine;

/// After the end of a run: how long what is late is waited for.
const GRACE: Duration = Duration::from_secs(10);
/// How often the live line is drawn.
const LOOK: Duration = Duration::from_millis(500);
/// How often the generator looks how late it wakes up: all clients may be busy, and nobody wait for a moment.
const BEAT: Duration = Duration::from_millis(10);

/// Plays a scenario as planned; `progress` shows a line that is alive meanwhile, on a terminal.
///
/// # Errors
/// The plan cannot be played, or a client could not begin. Wrong answers are no error here: see [`Run::holds`].
pub async fn run(scenario: &dyn Scenario, plan: &Plan, progress: bool) -> Result<Run> {
    plan.check()?;
    let mut clients = Vec::with_capacity(plan.clients);
    for number in 0..plan.clients {
        clients.push(scenario.client(number).await.with_context(|| format!("client {number}"))?);
    }
    let live = Live::new(scenario.name(), plan, progress);
    let started_at_ms = machine::unix_ms();
    let game = Arc::new(Game::new(plan));
    let mut tasks = JoinSet::new();
    for client in clients {
        tasks.spawn(Arc::clone(&game).play(client));
    }
    let (mut look, mut beat) = (interval(LOOK), interval(BEAT));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            // The beat first: one that is late tells of a generator without time even at the very end.
            biased;
            due = beat.tick() => game.woke(due),
            _ = look.tick() => live.show(&game.recorder.lock()),
            ended = tasks.join_next() => match ended {
                Some(ended) => ended.context("a client")?,
                None => break,
            },
        }
    }
    live.end();
    let ended_early = game.over.load(Ordering::Relaxed);
    let (recorder, took) = game.end();
    Ok(Run {
        scenario: scenario.name().to_owned(),
        plan: plan.clone(),
        started_at_ms,
        took_s: took.as_secs_f64(),
        counts: recorder.counts(),
        parts: recorder.parts(),
        failures: recorder.failures,
        examples: recorder.examples,
        refusals: recorder.refusals,
        latency: recorder.latency,
        timeline: recorder.timeline,
        schedule: recorder.schedule,
        ended_early,
        machine: machine::here(),
        versions: machine::versions(),
    })
}

/// What all clients of a run share.
#[derive(Debug)]
struct Game {
    timetable: Option<Timetable>,
    /// For a closed loop: how many operations are measured.
    operations: u64,
    start: Instant,
    measured_from: Instant,
    end: Instant,
    next: AtomicU64,
    /// The scenario had nothing left.
    over: AtomicBool,
    recorder: Mutex<Recorder>,
}

impl Game {
    fn new(plan: &Plan) -> Self {
        let start = Instant::now();
        Self {
            timetable: Timetable::of(plan),
            operations: plan.operations.unwrap_or(u64::MAX),
            start,
            measured_from: start + Duration::from_secs(plan.warm_up_s),
            end: start + plan.whole(),
            next: AtomicU64::new(0),
            over: AtomicBool::new(false),
            recorder: Mutex::default(),
        }
    }

    async fn play(self: Arc<Self>, mut client: Box<dyn Client>) {
        while let Some(from) = self.next_begin().await {
            let played = match timeout_at(self.end + GRACE, client.play()).await {
                Ok(Some(played)) => played,
                Ok(None) => {
                    self.over.store(true, Ordering::Relaxed);
                    return;
                }
                Err(_) => Played {
                    kind: "unfinished",
                    verdict: Verdict::NoAnswer(format!("nothing {GRACE:?} after the end of the run")),
                    parts: Vec::new(),
                },
            };
            let ended = Instant::now().saturating_duration_since(self.measured_from);
            let from = (from >= self.measured_from).then(|| from - self.measured_from);
            self.recorder.lock().record(Times { from, ended }, played);
        }
    }

    /// Waits until the next operation begins; answers from when its latency counts. Nothing: the run is over.
    async fn next_begin(&self) -> Option<Instant> {
        if self.is_over() {
            return None;
        }
        let Some(timetable) = self.timetable else {
            let now = Instant::now();
            let within = now < self.measured_from || self.next.fetch_add(1, Ordering::Relaxed) < self.operations;
            return (now < self.end && within).then_some(now);
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number >= timetable.operations() {
            return None;
        }
        // Whoever is idle has taken the next number already, so one that is late now found all clients busy.
        let due = self.start + timetable.due(number);
        if Instant::now() > due {
            self.recorder.lock().schedule.queued += u64::from(due >= self.measured_from);
            return Some(due);
        }
        sleep_until(due).await;
        self.woke(due);
        (!self.over.load(Ordering::Relaxed)).then_some(due)
    }

    /// Takes down how late the generator was for a moment that it had waited for.
    fn woke(&self, due: Instant) {
        let now = Instant::now();
        if (self.measured_from..self.end).contains(&due) {
            self.recorder.lock().schedule.slip.record(now.saturating_duration_since(due));
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed) || Instant::now() >= self.end + GRACE
    }

    /// Everything that was taken down, and how long it took after the warm-up.
    fn end(&self) -> (Recorder, Duration) {
        let mut recorder = std::mem::take(&mut *self.recorder.lock());
        recorder.close();
        if self.over.load(Ordering::Relaxed) {
            let last = recorder.last;
            return (recorder, last);
        }
        let mut planned = self.end;
        if let Some(timetable) = self.timetable {
            let now = Instant::now();
            for number in self.next.load(Ordering::Relaxed)..timetable.operations() {
                recorder.record_unsent(now.saturating_duration_since(self.start + timetable.due(number)));
            }
            planned = self.start + timetable.end();
        } else if self.next.load(Ordering::Relaxed) > self.operations {
            planned = self.measured_from;
        }
        let took = recorder.last.max(planned - self.measured_from);
        (recorder, took)
    }
}

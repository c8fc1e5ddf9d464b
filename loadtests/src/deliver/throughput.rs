//! How much workers hand over to providers that take everything at once, how evenly they share it, and how long a
//! message takes at half of that.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::{Instant, sleep};
use twofold_domain::Channel;

use super::place::{Place, Plan};
use super::report::Line;
use super::requests::{Asked, Job, Outcome, Pace, User, each};
use super::tenants::{self, Tenant, Wanted, Way};
use super::{Options, handed_over};
use crate::providers::{Character, Simulator};

/// Tenants of each channel.
const TENANTS: usize = 16;
/// Longest wait for all messages of a round.
const ROUND: Duration = Duration::from_mins(5);
/// Seconds at half load.
const HALF_LOAD_S: u64 = 15;
/// Connections while asking.
const ASKING: usize = 32;
/// What one worker must hand over in a second, and p99 at half of what it can, in milliseconds.
const MAILS: f64 = 1500.0;
const SMS: f64 = 3000.0;
const P99_MS: f64 = 250.0;

/// One run of the scenario.
struct Run<'a> {
    options: &'a Options,
    place: Place,
    simulator: Simulator,
    tenants: Arc<[Tenant]>,
    next_user: usize,
}

/// Both channels, each with every number of workers.
pub(super) async fn play(plan: &Plan, options: &Options) -> Result<Vec<(String, Vec<Line>)>> {
    let counts = &options.workers;
    let plan = Plan { workers: counts.iter().max().copied(), ..plan.clone() };
    let place = Place::start(&plan).await?;
    let ways = [Way::Mail, Way::Twilio];
    let wanted: Vec<Wanted> =
        (0..2 * TENANTS).map(|n| Wanted { way: ways[n % 2], character: Character::Good }).collect();
    let simulator = tenants::simulator(&wanted, options.seed).await?;
    let made = tenants::make(&mut place.door(), &place.operator, &simulator, &wanted, 600).await?;
    let mut run = Run { options, place, simulator, tenants: made.into(), next_user: 0 };
    let mut sections = Vec::new();
    for channel in [Channel::Email, Channel::Sms] {
        for workers in counts {
            sections.push(run.round(channel, *workers).await?);
        }
    }
    Ok(sections)
}

impl Run<'_> {
    fn users(&mut self, channel: Channel, count: usize) -> Arc<[User]> {
        let of: Vec<usize> = self.tenants.iter().filter(|t| t.channel() == channel).map(|t| t.number).collect();
        let first = self.next_user;
        self.next_user += count;
        (0..count).map(|n| User { tenant: of[n % of.len()], number: first + n }).collect()
    }

    async fn each(&self, users: &Arc<[User]>, job: Job, rate: u64) -> Result<Outcome> {
        let pace = Pace { rate, connections: ASKING };
        let outcome = each(&self.place.door(), &self.tenants, users, job, pace).await?;
        ensure!(outcome.refused.is_empty(), "requests were refused: {:?}", outcome.refused);
        Ok(outcome)
    }

    /// Piles up messages while nobody sends, then lets the workers at them.
    async fn round(&mut self, channel: Channel, workers: usize) -> Result<(String, Vec<Line>)> {
        self.place.workers.iter_mut().for_each(crate::faults::house::Role::kill);
        let users = self.users(channel, self.options.codes);
        self.each(&users, Job::Register, 0).await?;
        let asked = self.each(&users, Job::Ask, 0).await?.asked;
        let before = self.simulator.book().taken();
        for worker in self.place.workers.iter_mut().take(workers) {
            worker.start()?;
        }
        for worker in self.place.workers.iter_mut().take(workers) {
            worker.wait_until_ready().await?;
        }
        self.all_taken(before, &asked).await?;
        let rate = self.rate(&asked);
        let bound = match channel {
            Channel::Email => MAILS,
            Channel::Sms => SMS,
        };
        let mut lines = vec![match workers {
            1 => Line::above("handed over a second", rate, bound),
            _ => Line::told("handed over a second", rate),
        }];
        self.written_down(workers, asked.len() as u64).await?;
        lines.extend(self.shares(workers).await?);
        if workers == 1 {
            lines.extend(self.half_load(channel, rate, asked.len()).await?);
        }
        Ok((format!("{}, workers: {workers}", channel.name()), lines))
    }

    /// The sum first: to look up every message costs the time of the workers.
    async fn all_taken(&self, before: u64, asked: &[Asked]) -> Result<()> {
        let (until, book) = (Instant::now() + ROUND, self.simulator.book());
        while book.taken() < before + asked.len() as u64 || handed_over(asked, &self.tenants, book).absent > 0 {
            ensure!(Instant::now() < until, "{} of {} messages taken", book.taken() - before, asked.len());
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Waits until the workers have written down what they handed over: killed before, they would hand it over again,
    /// in the middle of another round.
    async fn written_down(&self, workers: usize, count: u64) -> Result<()> {
        let until = Instant::now() + ROUND;
        while self.place.handed_over(workers).await?.iter().sum::<u64>() < count {
            ensure!(Instant::now() < until, "the workers do not count {count} messages");
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Messages a second, the first and the last twentieth left out.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn rate(&self, asked: &[Asked]) -> f64 {
        let book = self.simulator.book();
        let recipient = |asked: &Asked| self.tenants[asked.user.tenant].recipient(asked.user.number);
        let mut moments: Vec<u64> =
            asked.iter().flat_map(|asked| book.of(&recipient(asked))).map(|(_, entry)| entry.first_taken_ms).collect();
        moments.sort_unstable();
        let (from, to) = (moments.len() / 20, moments.len() - 1 - moments.len() / 20);
        let took_ms = moments[to].saturating_sub(moments[from]).max(1);
        (to - from) as f64 * 1000.0 / took_ms as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "percent for people")]
    async fn shares(&self, workers: usize) -> Result<Vec<Line>> {
        if workers < 2 {
            return Ok(Vec::new());
        }
        let counts = self.place.handed_over(workers).await?;
        let whole = counts.iter().sum::<u64>().max(1) as f64;
        let share = |(n, count): (usize, &u64)| {
            Line::told(&format!("share of worker {}, %", n + 1), *count as f64 * 100.0 / whole)
        };
        Ok(counts.iter().enumerate().map(share).collect())
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "rates of some thousands"
    )]
    async fn half_load(&mut self, channel: Channel, rate: f64, earlier: usize) -> Result<Vec<Line>> {
        let half = ((rate / 2.0) as u64).max(1);
        let users = self.users(channel, usize::try_from(half * HALF_LOAD_S)?);
        self.each(&users, Job::Register, 0).await?;
        let before = self.simulator.book().taken();
        let from = Instant::now();
        let asked = self.each(&users, Job::Ask, half).await?.asked;
        let took = from.elapsed().as_secs_f64();
        self.all_taken(before, &asked).await?;
        self.written_down(1, (earlier + asked.len()) as u64).await?;
        let latency = handed_over(&asked, &self.tenants, self.simulator.book());
        Ok(vec![
            Line::told("half load: asked for a second", asked.len() as f64 / took),
            Line::told("half load: request to hand-off p50, ms", latency.at(0.5)),
            Line::below("half load: request to hand-off p99, ms", latency.at(0.99), P99_MS),
        ])
    }
}

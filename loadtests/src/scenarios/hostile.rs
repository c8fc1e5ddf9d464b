//! A guessing storm on some users while others log in. The others' logins are what the run measures; the storm is beside
//! it, at a pace of its own, and everything it is told is checked as well.

mod ledger;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

pub use self::ledger::Guesses;
use self::ledger::{Ledger, Victim};
use super::caller::Caller;
use super::login;
use super::phone::step_now;
use super::targets::Targets;
use super::users::{User, Users};
use crate::load::{BoxFuture, Client, Played, Scenario, Verdict};
use crate::random::Dice;

/// The scenario.
#[derive(Debug)]
pub struct Hostile {
    targets: Arc<Targets>,
    users: Arc<Users>,
    ledger: Arc<Mutex<Ledger>>,
    _storm: JoinSet<()>,
}

/// How hard it storms.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// Guesses a second over all attackers.
    pub per_second: u64,
    /// Connections.
    pub attackers: usize,
    /// The same seed guesses the same.
    pub seed: u64,
}

impl Hostile {
    /// Starts the storm on `victims`, who are nobody else's users; it ends when this is dropped. `users` log in meanwhile.
    ///
    /// # Errors
    /// An attacker cannot connect.
    pub async fn start(targets: Arc<Targets>, users: Arc<Users>, victims: Vec<User>, storm: Storm) -> Result<Self> {
        let victim = |user| Mutex::new(Victim { user, first: None, evaluated: 0 });
        let victims: Arc<[Mutex<Victim>]> = victims.into_iter().map(victim).collect();
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let mut tasks = JoinSet::new();
        let begun = Instant::now();
        for number in 0..storm.attackers {
            let caller = Caller::open(&targets, number).await?;
            let dice = Dice::of(storm.seed, number);
            let attacker = Attacker { caller, dice, victims: Arc::clone(&victims), ledger: Arc::clone(&ledger) };
            tasks.spawn(attacker.storm(begun, number, storm));
        }
        Ok(Self { targets, users, ledger, _storm: tasks })
    }

    /// What the storm was told so far.
    pub fn guesses(&self) -> Guesses {
        self.ledger.lock().guesses.clone()
    }
}

impl Scenario for Hostile {
    fn name(&self) -> &'static str {
        "hostile"
    }

    fn client(&self, number: usize) -> BoxFuture<'_, Result<Box<dyn Client>>> {
        Box::pin(async move {
            self.users.rested().await;
            let caller = Caller::open(&self.targets, number).await?;
            let (users, ledger) = (Arc::clone(&self.users), Arc::clone(&self.ledger));
            let client: Box<dyn Client> = Box::new(Bystander { caller, users, ledger });
            Ok(client)
        })
    }
}

#[derive(Debug)]
struct Bystander {
    caller: Caller,
    users: Arc<Users>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Client for Bystander {
    fn play(&mut self) -> BoxFuture<'_, Option<Played>> {
        Box::pin(async move {
            let untold = self.ledger.lock().untold.pop();
            if let Some(what) = untold {
                return Some(Played { kind: "guess", verdict: Verdict::WrongAnswer(what), parts: Vec::new() });
            }
            login::play(&mut self.caller, &self.users).await
        })
    }
}

struct Attacker {
    caller: Caller,
    dice: Dice,
    victims: Arc<[Mutex<Victim>]>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Attacker {
    /// Guesses at equal distances, as long as it is let.
    async fn storm(mut self, begun: Instant, number: usize, storm: Storm) {
        if self.victims.is_empty() || storm.per_second == 0 {
            return;
        }
        for turn in 0_u64.. {
            let guess = turn.saturating_mul(storm.attackers as u64).saturating_add(number as u64);
            sleep_until(begun + Duration::from_micros(guess.saturating_mul(1_000_000) / storm.per_second)).await;
            self.guess().await;
        }
    }

    async fn guess(&mut self) {
        let index = usize::try_from(self.dice.below(self.victims.len() as u64)).unwrap_or(0);
        let victims = Arc::clone(&self.victims);
        let user = {
            let mut victim = victims[index].lock();
            victim.first.get_or_insert_with(Instant::now);
            victim.user.clone()
        };
        let (step, guess) = (step_now(), format!("{:06}", self.dice.below(1_000_000)));
        let request = ("POST", &*user.path("/verify"), &*format!(r#"{{"code":"{guess}"}}"#));
        let told = self.caller.call(user.tenant, request).await;
        let mut ledger = self.ledger.lock();
        match told {
            Err(_) => ledger.guesses.unanswered += 1,
            Ok(status) => ledger.note(status, self.caller.body(), &mut victims[index].lock(), (step, &guess)),
        }
    }
}

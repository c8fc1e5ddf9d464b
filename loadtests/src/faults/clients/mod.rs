//! Panels: many users who log in all the time, over whatever nodes answer, and know what they may be told.

mod account;
mod answer;
mod app;
mod doors;
mod letters;
mod mailbox;
mod onlookers;
mod record;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use self::app::AppUsers;
use self::letters::LetterUsers;
use self::mailbox::Mailbox;
use super::house::House;
use crate::random::Dice;
use crate::scenarios::{Targets, User, seed};

pub use self::account::Fact;
pub use self::answer::Reply;
pub use self::doors::Doors;
pub use self::onlookers::Onlookers;
pub use self::record::{Acknowledged, Ending, Record};

/// Connections while users are made.
const SEEDING: usize = 16;

/// How many there are of what.
#[derive(Debug, Clone, Copy)]
pub struct Crowd {
    /// Users with an authenticator app.
    pub app_users: usize,
    /// Users whose codes come by e-mail.
    pub mail_users: usize,
    /// Requests at once.
    pub clients: usize,
}

/// The clients at work.
#[derive(Debug)]
pub struct Clients {
    tasks: JoinSet<Steps>,
    stop: Arc<AtomicBool>,
}

/// Steps that a client sent the code of without an answer: the log may have them or not.
pub type Steps = Vec<(usize, std::collections::BTreeSet<u64>)>;

impl Clients {
    /// Makes the users and sends them to work.
    pub async fn start(house: &House, crowd: Crowd, record: &Arc<Record>, dice: &mut Dice) -> Result<Self> {
        let doors = Doors::new(&house.doors(), &house.key, record);
        let node = format!("http://{}", house.doors().first().context("a node")?);
        let targets = Arc::new(Targets::parse(&[node], std::slice::from_ref(&house.key))?);
        let users = seed::users(&targets, "app", u32::try_from(crowd.app_users)?, SEEDING, true).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        let mailbox = Mailbox::open(&house.mail, &stop);
        let mut letters = Vec::new();
        for n in 0..crowd.mail_users {
            let number = crowd.app_users + n;
            letters.push(LetterUsers::enrol(number, doors.another(), &mailbox, record, dice.split()).await?);
        }
        for letter in letters {
            tasks.spawn(letter.work(Arc::clone(&stop)));
        }
        let mut shares: Vec<Vec<(usize, User)>> = (0..crowd.clients).map(|_| Vec::new()).collect();
        for (number, user) in users.into_iter().enumerate() {
            shares[number % crowd.clients].push((number, user));
        }
        for share in shares {
            let users = AppUsers::new(share, doors.another(), record, dice.split());
            tasks.spawn(users.work(Arc::clone(&stop)));
        }
        Ok(Self { tasks, stop })
    }

    /// Lets everybody finish what they are at.
    pub async fn stop(self) -> Steps {
        self.stop.store(true, Ordering::Relaxed);
        self.tasks.join_all().await.into_iter().flatten().collect()
    }
}

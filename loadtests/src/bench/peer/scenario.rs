//! The mix of the hot path against anything that is described: 90 right codes in a hundred, 8 wrong ones, 2 that were
//! spent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::time::timeout;

use super::description::{Description, Expected, Member};
use crate::client::Connection;
use crate::load::{BoxFuture, Client, Played, Scenario, Verdict};
use crate::random::Dice;
use crate::scenarios::{User, Users, code, step_now, wrong_code};

/// Codes in a hundred that are wrong, and that were spent.
const WRONG_PERCENT: u64 = 8;
const SPENT_PERCENT: u64 = 2;
/// Longest wait for an answer.
const LONGEST: Duration = Duration::from_secs(30);
/// Most of an answer that is quoted, in bytes.
const QUOTED: usize = 300;

/// The scenario.
#[derive(Debug)]
pub struct PeerScenario(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    method: String,
    right: Expected,
    wrong: Expected,
    replay: Expected,
    authorities: Vec<String>,
    members: Vec<Member>,
    turns: Turns,
    seed: u64,
}

/// Whose turn it is.
#[derive(Debug)]
enum Turns {
    /// Each spends a step once.
    Once(Arc<Users>),
    /// Nothing is ever spent.
    Freely(AtomicUsize),
}

impl PeerScenario {
    /// Over all users of a description. `single_use`: each spends a step once, and a replay is one of a spent code.
    ///
    /// # Errors
    /// A description that does not fit.
    pub fn new(described: &Description, single_use: bool, seed: u64) -> Result<Self> {
        let members = described.members()?;
        let turns = if single_use { once(members.len())? } else { Turns::Freely(AtomicUsize::new(0)) };
        Ok(Self(Arc::new(Shared {
            method: described.request.method.clone(),
            right: described.right.clone(),
            wrong: described.wrong.clone(),
            replay: described.replay.clone(),
            authorities: described.authorities()?,
            members,
            turns,
            seed,
        })))
    }
}

/// The turns are those of our own users; what else they are is not looked at.
fn once(count: usize) -> Result<Turns> {
    let prefix: Arc<str> = "peer".into();
    let user = |number| User { prefix: Arc::clone(&prefix), number, tenant: 0, spent: 0, secret: [0; 20] };
    Ok(Turns::Once(Users::new((0..u32::try_from(count)?).map(user).collect())?))
}

impl Scenario for PeerScenario {
    fn name(&self) -> &'static str {
        "verify"
    }

    fn client(&self, number: usize) -> BoxFuture<'_, Result<Box<dyn Client>>> {
        Box::pin(async move {
            let shared = Arc::clone(&self.0);
            if let Turns::Once(users) = &shared.turns {
                users.rested().await;
            }
            let authority = shared.authorities[number % shared.authorities.len()].clone();
            let connection = Some(Connection::bare(&authority).await?);
            let way = Way { shared: Arc::clone(&shared), authority, connection };
            let client: Box<dyn Client> = Box::new(PeerClient { dice: Dice::of(shared.seed, number), way });
            Ok(client)
        })
    }
}

#[derive(Debug)]
struct PeerClient {
    dice: Dice,
    way: Way,
}

impl Client for PeerClient {
    fn play(&mut self) -> BoxFuture<'_, Option<Played>> {
        Box::pin(async {
            let lot = self.dice.below(100);
            let is_wrong = (SPENT_PERCENT..SPENT_PERCENT + WRONG_PERCENT).contains(&lot);
            let shared = Arc::clone(&self.way.shared);
            let users = match &shared.turns {
                Turns::Once(users) => users,
                Turns::Freely(next) => {
                    let at = next.fetch_add(1, Ordering::Relaxed) % shared.members.len();
                    let ask = if is_wrong { Ask::Wrong(self.dice.next()) } else { Ask::Right };
                    return Some(self.way.ask(at, step_now(), ask).await);
                }
            };
            if lot < SPENT_PERCENT
                && let Some(turn) = users.take_spent()
            {
                turn.failed();
                return Some(self.way.ask(number(turn.user()), turn.step, Ask::Spent).await);
            }
            let turn = users.take()?;
            if is_wrong && turn.may_fail() {
                turn.failed();
                return Some(self.way.ask(number(turn.user()), turn.step, Ask::Wrong(self.dice.next())).await);
            }
            let played = self.way.ask(number(turn.user()), turn.step, Ask::Right).await;
            if played.verdict == Verdict::Right {
                turn.passed();
            }
            Some(played)
        })
    }
}

fn number(user: &User) -> usize {
    usize::try_from(user.number).unwrap_or(0)
}

#[derive(Debug, Clone, Copy)]
enum Ask {
    Right,
    /// Chosen by a number.
    Wrong(u64),
    Spent,
}

/// One client's way to its node.
#[derive(Debug)]
struct Way {
    shared: Arc<Shared>,
    authority: String,
    connection: Option<Connection>,
}

impl Way {
    async fn ask(&mut self, member: usize, step: u64, ask: Ask) -> Played {
        let shared = Arc::clone(&self.shared);
        let member = &shared.members[member];
        let (kind, expected, code) = match ask {
            Ask::Right => ("right", &shared.right, code(&member.secret, step)),
            Ask::Wrong(choice) => ("wrong", &shared.wrong, wrong_code(&member.secret, step, choice)),
            Ask::Spent => ("replay", &shared.replay, code(&member.secret, step)),
        };
        let body = member.body.replacen("{code}", &code, 1);
        let (kind, verdict) = match timeout(LONGEST, self.send(&shared.method, member, &body)).await {
            Ok(Ok((status, body))) if expected.is_met(status, &body) => (kind, Verdict::Right),
            // Of a peer this is no failure of the run but something to tell.
            Ok(Ok((status, body))) if kind == "replay" && shared.right.is_met(status, &body) => {
                ("replay-accepted", Verdict::Right)
            }
            Ok(Ok((status @ (429 | 503), _))) => (kind, Verdict::Refused(status)),
            Ok(Ok((status, body))) => {
                let quoted = String::from_utf8_lossy(&body[..body.len().min(QUOTED)]).into_owned();
                (kind, Verdict::WrongAnswer(format!("expected {expected:?}, got {status} {quoted}")))
            }
            Ok(Err(error)) => (kind, Verdict::NoAnswer(format!("{error:#}"))),
            Err(_) => (kind, Verdict::NoAnswer(format!("none in {LONGEST:?}"))),
        };
        if matches!(verdict, Verdict::NoAnswer(_)) {
            self.connection = None;
        }
        Played { kind, verdict, parts: Vec::new() }
    }

    async fn send(&mut self, method: &str, member: &Member, body: &str) -> Result<(u16, Vec<u8>)> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::bare(&self.authority).await?,
        };
        let answer = connection.send_with(method, &member.path, &member.headers, body).await?;
        let (status, body, closes) = (answer.status, answer.body.to_vec(), answer.closes);
        if !closes {
            self.connection = Some(connection);
        }
        Ok((status, body))
    }
}

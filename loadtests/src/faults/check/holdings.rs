//! Everything in the log, by position and by user.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context, Result};
use twofold_domain::user::{Proof, UserEvent};
use twofold_event_log::{Category, EventLog, MAX_READ_COMMITS, Seq, Subject, wire};
use twofold_jetstream::{Broker, BrokerOptions, JetStreamLog, JetStreamLogOptions};

use super::Verdict;
use crate::faults::clients::{Acknowledged, Fact, Steps};
use crate::faults::house::House;

/// A commit, read.
#[derive(Debug)]
pub(super) struct Held {
    pub subject: Subject,
    pub events: Vec<wire::Event>,
}

/// What the log holds.
#[derive(Debug, Default)]
pub struct Holdings {
    pub(super) commits: BTreeMap<u64, Held>,
    /// Commit ids that are there more than once, and gaps between positions.
    disorder: Vec<String>,
}

impl Holdings {
    /// Reads the whole log, past the proxies.
    pub async fn read(house: &House) -> Result<Self> {
        let options = BrokerOptions { servers: house.broker.urls(), ..BrokerOptions::local("") };
        let broker = Broker::connect(&options).await.context("the broker")?;
        let log = JetStreamLog::open(&broker, JetStreamLogOptions::default()).await.context("the log")?;
        let mut held = Self::default();
        let mut ids = BTreeSet::new();
        let mut after = Seq::ZERO;
        loop {
            let page = log.read_all(after, MAX_READ_COMMITS).await.context("the log")?;
            if page.is_empty() {
                break;
            }
            for stored in page {
                if stored.seq != after.plus(1) {
                    held.disorder.push(format!("positions {} to {} are missing", after.plus(1), stored.seq));
                }
                if !ids.insert(stored.id.to_string()) {
                    held.disorder.push(format!("the commit at {} is there twice", stored.seq));
                }
                let events = wire::decode(&stored.subject, &stored.payload).context("a commit")?.events;
                after = stored.seq;
                held.commits.insert(stored.seq.0, Held { subject: stored.subject, events });
            }
        }
        log.close().await;
        broker.close().await;
        Ok(held)
    }

    /// Every acknowledged event is at its position, and no two users share a subject.
    pub fn present(&self, acknowledged: &[Acknowledged]) -> Verdict {
        let mut against = self.disorder.clone();
        let mut subjects: HashMap<usize, &Subject> = HashMap::new();
        for told in acknowledged {
            let Some(held) = self.commits.get(&told.position) else {
                against.push(format!(
                    "nothing is at {}, where user {} was told of {:?}",
                    told.position, told.user, told.fact
                ));
                continue;
            };
            if !held.events.iter().any(|event| is(event, told.fact)) {
                let names: Vec<_> = held.events.iter().map(wire::Event::name).collect();
                against.push(format!("at {} is {names:?}, not {:?} of user {}", told.position, told.fact, told.user));
            }
            let subject = subjects.entry(told.user).or_insert(&held.subject);
            if *subject != &held.subject {
                against.push(format!("user {} was told of {} of another user", told.user, told.position));
            }
        }
        let distinct: BTreeSet<_> = subjects.values().collect();
        if distinct.len() != subjects.len() {
            against.push("two users share a subject".to_owned());
        }
        let (events, commits) = (acknowledged.len(), self.commits.len());
        let about = format!("{events} acknowledged events of {} users, {commits} commits", subjects.len());
        Verdict { promise: "every acknowledged event is in the log, once, at its position", about, against }
    }

    /// No code was accepted twice: not in the log, and not by two answers from one event.
    pub fn once(&self, acknowledged: &[Acknowledged]) -> Verdict {
        let mut against = Vec::new();
        let mut spent: HashMap<&Subject, BTreeSet<String>> = HashMap::new();
        let mut newest: HashMap<&Subject, u64> = HashMap::new();
        let mut accepted = 0;
        for (position, subject, event) in self.user_events() {
            let Some((key, step)) = spends(event) else { continue };
            accepted += 1;
            if !spent.entry(subject).or_default().insert(key.clone()) {
                against.push(format!("{key} of {subject} was accepted again at {position}"));
            }
            if let Some(step) = step
                && newest.insert(subject, step).is_some_and(|before| before >= step)
            {
                against.push(format!("{subject} went back to step {step} at {position}"));
            }
        }
        let mut told = BTreeSet::new();
        let successes = acknowledged.iter().filter(|told| matches!(told.fact, Fact::Accepted(_) | Fact::MailAccepted));
        for success in successes {
            if !told.insert(success.position) {
                against.push(format!("the success at {} was answered twice", success.position));
            }
        }
        let about = format!("{accepted} codes accepted, {} of them acknowledged", told.len());
        Verdict { promise: "no code is accepted twice", about, against }
    }

    /// What the log says was accepted was acknowledged, or sent without an answer: nobody else got in.
    pub fn nothing_else(&self, acknowledged: &[Acknowledged], open: &Steps) -> Verdict {
        let open: HashMap<usize, &BTreeSet<u64>> = open.iter().map(|(user, steps)| (*user, steps)).collect();
        let mut users: HashMap<&Subject, usize> = HashMap::new();
        let mut told = BTreeSet::new();
        for acknowledged in acknowledged {
            if let (Some(held), Fact::Accepted(_)) = (self.commits.get(&acknowledged.position), acknowledged.fact) {
                users.insert(&held.subject, acknowledged.user);
                told.insert(acknowledged.position);
            }
        }
        let (mut against, mut unheard) = (Vec::new(), 0);
        for (position, subject, event) in self.user_events() {
            let UserEvent::VerificationSucceeded { proof: Proof::Totp { step, .. }, .. } = event else { continue };
            let Some(user) = users.get(subject) else { continue };
            if told.contains(&position) {
                continue;
            }
            unheard += 1;
            if !open.get(user).is_some_and(|steps| steps.contains(step)) {
                against.push(format!("step {step} of user {user} was accepted at {position}, and nobody was told"));
            }
        }
        let about = format!("{unheard} codes accepted whose answers were lost");
        Verdict { promise: "nothing is accepted that no client sent", about, against }
    }

    fn user_events(&self) -> impl Iterator<Item = (u64, &Subject, &UserEvent)> {
        let users = self.commits.iter().filter(|(_, held)| held.subject.category() == Category::User);
        users.flat_map(|(position, held)| {
            held.events.iter().filter_map(move |event| match event {
                wire::Event::User(event) => Some((*position, &held.subject, event)),
                wire::Event::Tenant(_)
                | wire::Event::Account(_)
                | wire::Event::Delivery(_)
                | wire::Event::Suppression(_) => None,
            })
        })
    }
}

/// What can be spent once, and the step if it is one.
fn spends(event: &UserEvent) -> Option<(String, Option<u64>)> {
    let step = |step: u64| Some((format!("step {step}"), Some(step)));
    if let UserEvent::EnrolmentConfirmed { step: Some(used), .. } = event {
        return step(*used);
    }
    let UserEvent::VerificationSucceeded { proof, .. } = event else { return None };
    match proof {
        Proof::Totp { step: used, .. } => step(*used),
        Proof::Code { message, .. } => Some((message.to_string(), None)),
        Proof::RecoveryCode { index } => Some((format!("recovery code {index}"), None)),
    }
}

/// Whether an event is what a client was told of.
fn is(event: &wire::Event, fact: Fact) -> bool {
    let wire::Event::User(event) = event else { return false };
    match (fact, event) {
        (Fact::Accepted(told), UserEvent::VerificationSucceeded { proof: Proof::Totp { step, .. }, .. }) => {
            told == *step
        }
        (Fact::MailAccepted, UserEvent::VerificationSucceeded { proof: Proof::Code { .. }, .. })
        | (Fact::Rejected, UserEvent::VerificationFailed { .. })
        | (Fact::Challenged, UserEvent::ChallengeOpened { .. }) => true,
        _ => false,
    }
}

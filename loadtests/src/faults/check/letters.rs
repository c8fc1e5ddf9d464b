//! Messages: whatever was to be sent has an end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::user::UserEvent;
use twofold_event_log::wire;

use super::{Holdings, Verdict};
use crate::faults::house::House;

/// Longest wait for the last messages: what is claimed by a process that was killed comes again after half a minute.
const SETTLES: Duration = Duration::from_secs(90);

/// What became of messages.
#[derive(Debug, Default)]
pub struct Letters {
    /// Requested, by id.
    ends: BTreeMap<String, Option<&'static str>>,
    /// Issued by an event of a user, without a request to send.
    orphans: Vec<String>,
}

impl Letters {
    /// Reads the log until every message has its end, or for as long as that may take.
    pub async fn settled(house: &House) -> Result<Self> {
        let start = Instant::now();
        loop {
            let letters = Self::of(&Holdings::read(house).await?);
            if letters.ends.values().all(Option::is_some) || start.elapsed() > SETTLES {
                return Ok(letters);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    fn of(holdings: &Holdings) -> Self {
        let mut letters = Self::default();
        let mut issued = Vec::new();
        for held in holdings.commits.values() {
            for event in &held.events {
                if let wire::Event::Delivery(DeliveryEvent::Requested(request)) = event {
                    letters.ends.entry(request.message.to_string()).or_default();
                } else if let wire::Event::Delivery(entry) = event
                    && entry.is_final()
                {
                    letters.ends.insert(held.subject.last_token().to_owned(), Some(entry.name()));
                } else if let wire::Event::User(UserEvent::ChallengeOpened { code: Some(code), .. }) = event {
                    issued.push(code.message.to_string());
                }
            }
        }
        issued.retain(|message| !letters.ends.contains_key(message));
        letters.orphans = issued;
        letters
    }

    /// Every message was accepted, died or became pointless; and what was accepted did arrive.
    pub fn verdict(&self, house: &House) -> Result<Verdict> {
        let mut ends: BTreeMap<&str, u64> = BTreeMap::new();
        let mut against: Vec<String> =
            self.orphans.iter().map(|message| format!("{message} was issued and never to be sent")).collect();
        for (message, end) in &self.ends {
            match end {
                Some(end) => *ends.entry(end).or_default() += 1,
                None => against.push(format!("{message} has no end")),
            }
        }
        let arrived = house.mail.messages()?.len() as u64;
        let accepted = ends.get("delivery.accepted").copied().unwrap_or(0);
        if arrived < accepted {
            against.push(format!("{accepted} messages are said to be accepted, {arrived} arrived"));
        }
        let ends: Vec<String> = ends.iter().map(|(end, count)| format!("{count} {end}")).collect();
        let about = format!("{} messages: {}; {arrived} arrived", self.ends.len(), ends.join(", "));
        Ok(Verdict { promise: "no message to be sent is lost", about, against })
    }
}

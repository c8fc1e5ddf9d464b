//! What the log holds of one message, read whole.

use twofold_domain::delivery::DeliveryEvent;
use twofold_event_log::wire::{self, Event};
use twofold_event_log::{Seq, Stored, Subject};

use crate::chain::Chain;
use crate::engine::Engine;
use crate::error::EngineError;

/// Entries read at once; a message has about as many as it had attempts.
const PAGE: usize = 100;

/// An entry with its position.
pub type Entry = (Seq, DeliveryEvent);

impl Engine {
    /// Everything under one subject of a message, in order. Costs one read.
    pub(crate) async fn message_entries(&self, subject: &Subject) -> Result<Vec<Entry>, EngineError> {
        let (mut entries, mut after) = (Vec::new(), Seq::ZERO);
        loop {
            let page = self.parts.log.read_subject(subject, after, PAGE).await?;
            for stored in &page {
                after = stored.seq;
                entries.extend(self.delivery_events(stored)?.into_iter().map(|event| (stored.seq, event)));
            }
            if page.len() < PAGE {
                return Ok(entries);
            }
        }
    }

    fn delivery_events(&self, stored: &Stored) -> Result<Vec<DeliveryEvent>, EngineError> {
        let integrity = |error: String| EngineError::Integrity(error);
        // Entries are written without knowledge of one another: each stands for itself.
        Chain::start().check(&self.parts.keyring, stored).map_err(|error| integrity(error.to_string()))?;
        let decoded = wire::decode(&stored.subject, &stored.payload).map_err(|error| integrity(error.to_string()))?;
        let events = decoded.events.into_iter().filter_map(|event| match event {
            Event::Delivery(event) => Some(event),
            Event::User(_) | Event::Tenant(_) | Event::Account(_) | Event::Suppression(_) => None,
        });
        Ok(events.collect())
    }
}

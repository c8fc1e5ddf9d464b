//! From a message of the consumer to a request and the claim on it.

use async_nats::jetstream;
use twofold_domain::CommitId;
use twofold_event_log::{Claimed, Seq, Stored, Subject};

use super::claim::JetStreamClaim;
use crate::Broker;

/// Why a message cannot be handed out. Internal text.
pub(super) struct Unreadable {
    pub claim: JetStreamClaim,
    pub reason: String,
}

/// `None` for what is no message of a consumer at all.
pub(super) fn read(broker: &Broker, message: async_nats::Message) -> Option<Result<Claimed, Unreadable>> {
    let reply = message.reply.clone()?;
    let claim = JetStreamClaim { broker: broker.clone(), reply };
    let message = jetstream::Message { message, context: broker.jetstream().clone() };
    let info = message.info().ok()?;
    let (seq, times) = (Seq(info.stream_sequence), u64::try_from(info.delivered).unwrap_or(1));
    Some(match stored(&message, seq) {
        Ok(stored) => Ok(Claimed { stored, times, claim: Box::new(claim) }),
        Err(reason) => Err(Unreadable { claim, reason: format!("position {seq}: {reason}") }),
    })
}

fn stored(message: &jetstream::Message, seq: Seq) -> Result<Stored, String> {
    let subject = Subject::parse(&message.subject).map_err(|error| error.to_string())?;
    let header =
        |name| message.headers.as_ref().and_then(|headers| headers.get(name)).map(async_nats::HeaderValue::as_str);
    let id = header("Tf-Commit").ok_or("the message has no commit id")?;
    let id = CommitId::parse(id).map_err(|error| error.to_string())?;
    Ok(Stored { seq, subject, id, payload: message.payload.clone(), trace: header("traceparent").map(Into::into) })
}

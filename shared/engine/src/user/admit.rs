//! Asking the guard about the messages of a command, each of them once.

use std::sync::Arc;

use twofold_crypto::DataKey;
use twofold_domain::settings::Settings;
use twofold_domain::user::{DeliveryRequest, MessageKind};
use twofold_domain::{Channel, KeyedHash, Timestamp};
use zeroize::Zeroizing;

use super::ask::{Caller, UserRef};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::guard::Sending;
use crate::seal::{Label, aad};

/// What the guard let through. Kept over the tries of one command: a conflict is no second message.
#[derive(Debug, Default)]
pub(super) struct Admitted(Vec<(Channel, KeyedHash, bool)>);

/// Whose messages these are.
pub(super) struct Sender<'a> {
    pub engine: &'a Engine,
    pub caller: &'a Caller,
    pub whom: &'a UserRef,
    pub settings: &'a Arc<Settings>,
    pub key: &'a DataKey,
    pub now: Timestamp,
}

impl Admitted {
    /// The messages that may be asked for. A code that may not refuses the command; news for the owner is left out.
    pub async fn of(
        &mut self,
        sender: &Sender<'_>,
        requests: Vec<DeliveryRequest>,
    ) -> Result<Vec<DeliveryRequest>, EngineError> {
        let mut passed = Vec::with_capacity(requests.len());
        for request in requests {
            let is_code = matches!(request.kind, MessageKind::Code { .. });
            let known = (request.channel, request.destination.fingerprint, is_code);
            if !self.0.contains(&known) {
                match sender.ask(&request).await {
                    Ok(()) => self.0.push(known),
                    Err(EngineError::Withheld { .. }) if !is_code => continue,
                    Err(error) => return Err(error),
                }
            }
            passed.push(request);
        }
        Ok(passed)
    }
}

impl Sender<'_> {
    async fn ask(&self, request: &DeliveryRequest) -> Result<(), EngineError> {
        let destination = self.opened(request)?;
        let sending = Sending {
            tenant: &self.caller.tenant,
            mode: self.caller.mode,
            user: &self.whom.token,
            channel: request.channel,
            kind: &request.kind,
            destination: &destination,
            fingerprint: &request.destination.fingerprint,
            settings: self.settings,
            now: self.now,
        };
        self.engine.guard.admit(&sending).await
    }

    fn opened(&self, request: &DeliveryRequest) -> Result<Zeroizing<String>, EngineError> {
        let label = match request.channel {
            Channel::Email => Label::Email,
            Channel::Sms => Label::Phone,
        };
        let aad = aad(label, self.caller.tenant.id.as_str(), self.whom.token.as_str());
        let broken = || EngineError::Integrity("a destination".to_owned());
        let clear = self.key.open(&aad, &request.destination.sealed).map_err(|_| broken())?;
        std::str::from_utf8(&clear).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| broken())
    }
}

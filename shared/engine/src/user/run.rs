//! The one path every change of a user takes: lock, load, look, decide, append, evolve, answer.

use std::sync::Arc;

use bytes::Bytes;
use twofold_crypto::DataKey;
use twofold_domain::actor::{Actor, ActorKind};
use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested};
use twofold_domain::settings::Settings;
use twofold_domain::user::{
    ChannelsReady, Command, Decision, DeliveryRequest, Outcome, Receipt, Refusal, User, UserEvent, decide, evolve,
};
use twofold_domain::{Channel, CommitId, KeyedHash, Mode, PanelId, Timestamp, UserToken};
use twofold_event_log::wire::{self, Meta};
use twofold_event_log::{Append, Expected, NewCommit, Subject};

use super::admit::{Admitted, Sender};
use super::ask::{Ask, Caller, UserRef};
use super::load::Loaded;
use super::prepare::Preparation;
use super::render::{Rendered, Shown};
use crate::answer::{Answer, Idempotency, Reply};
use crate::chain::Chain;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::fresh::fresh;
use crate::seal::{Label, aad};
use crate::snapshot::EVERY;

/// Decisions on a state that turned out stale, before the caller is told to try again. Every one of them means that
/// somebody else has moved the same user on; with several processes that is seldom but not never a few times in a row.
const ATTEMPTS: usize = 32;

impl Engine {
    /// The user of a caller's tenant and mode.
    pub fn user_ref(&self, caller: &Caller, panel_id: PanelId) -> UserRef {
        let token = self.parts.keyring.user_token(&caller.tenant.id, caller.mode, &panel_id);
        let subject = self.subject_of(&caller.tenant.id, &token);
        UserRef { panel_id, token, subject }
    }

    /// The subject of a user.
    pub fn subject_of(&self, tenant: &twofold_domain::TenantId, token: &UserToken) -> Subject {
        let bytes = token.as_str().as_bytes();
        let spread =
            bytes.iter().rev().take(4).fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
        let partition = u16::try_from(spread % u32::from(self.parts.partitions.max(1))).unwrap_or(0);
        Subject::user(partition, tenant, token)
    }

    /// The user's state as the log has it, and his key.
    pub async fn user_state(
        &self,
        caller: &Caller,
        whom: &UserRef,
    ) -> Result<(Loaded, Arc<Settings>, Arc<DataKey>), EngineError> {
        let loaded = self.current(&whom.subject).await?;
        if loaded.user.erased {
            return Err(Refusal::UserErased.into());
        }
        if !loaded.user.is_registered() {
            return Err(Refusal::UserNotFound.into());
        }
        let key = self.parts.vault.existing(&caller.tenant.id, &whom.token).await?;
        let settings = self.settings_of(caller, &loaded.user);
        Ok((loaded, settings, key))
    }

    /// The state of a subject as the log has it now. For reading: a writer learns of staleness by conflict.
    pub async fn current(&self, subject: &Subject) -> Result<Loaded, EngineError> {
        let slot = self.users.slot(subject);
        let mut place = slot.lock().await;
        // Another process may have moved the subject on; a read must not answer from an old state.
        self.refresh(subject, &mut place).await?;
        Ok(place.clone().unwrap_or_else(Loaded::empty))
    }

    fn settings_of(&self, caller: &Caller, user: &User) -> Arc<Settings> {
        let account = user.profile.as_ref().and_then(|p| p.account.as_ref()).map(|a| &a.id);
        self.directory.settings_for(&caller.tenant, account)
    }

    fn channels_of(&self, caller: &Caller) -> ChannelsReady {
        let ready = |channel| {
            caller.mode == Mode::Test
                || caller.tenant.channel(channel).is_some()
                || self.parts.outbound.has_default(channel)
        };
        ChannelsReady { email: ready(Channel::Email), sms: ready(Channel::Sms) }
    }

    async fn actor_of(&self, caller: &Caller, whom: &UserRef, ask: &Ask) -> Result<Actor, EngineError> {
        Ok(match caller.context.actor.kind {
            ActorKind::User => Actor::User,
            ActorKind::System => Actor::System,
            ActorKind::Support => Actor::Support { has_reason: caller.context.has_reason() },
            ActorKind::AccountAdmin => {
                let problem = "an account administrator is named by the panel's own user id in actor.id".to_owned();
                let id = caller.context.actor.id.clone().ok_or(EngineError::Invalid { field: "actor.id", problem })?;
                let admin = self.user_ref(caller, id);
                // On his own factors an administrator is a user like any other: he proves himself first (C14).
                let touches_factors = matches!(ask, Ask::Disable(_) | Ask::Reset(_) | Ask::ResetAuthenticator(_));
                if touches_factors && admin.token == whom.token {
                    return Ok(Actor::User);
                }
                let state = self.current(&admin.subject).await?.user;
                let profile = state.profile.as_ref();
                Actor::AccountAdmin {
                    role: profile.map(|p| p.role).unwrap_or_default(),
                    account: profile.and_then(|p| p.account.as_ref()).map(|a| a.id.clone()),
                }
            }
        })
    }

    /// Asks for a change of a user. The answer is rendered from the state after the events, and given only once they
    /// are durable.
    pub async fn run<A: Answer>(
        &self,
        caller: &Caller,
        whom: &UserRef,
        ask: &Ask,
        idempotency: Option<&Idempotency>,
        render: impl Fn(&Rendered<'_>) -> A,
    ) -> Result<Reply<A>, EngineError> {
        let actor = self.actor_of(caller, whom, ask).await?;
        let slot = self.users.slot(&whom.subject);
        let mut place = slot.lock().await;
        // Whether the state is as the log had it after the request came. Only such a state may be answered from: without
        // an append, nothing would tell that another process has moved the user on.
        let mut current = false;
        let mut admitted = Admitted::default();
        for _ in 0..ATTEMPTS {
            if place.is_none() {
                self.refresh(&whom.subject, &mut place).await?;
                current = true;
            }
            let Some(known) = place.as_ref() else { return Err(EngineError::Conflict) };
            let head = known.head;
            let turn = Turn { engine: self, caller, whom, actor: actor.clone(), idempotency };
            let answer = match turn.take(known, ask, &mut admitted, &render).await {
                Ok(Step::Committed { reply, mut after }) => {
                    self.snapshots.offer(&whom.subject, &mut after, EVERY);
                    *place = Some(*after);
                    return Ok(reply);
                }
                Ok(Step::Answer(reply)) => Some(Ok(reply)),
                Err(error) if error.is_about_the_request() => Some(Err(error)),
                Err(EngineError::Conflict) => None,
                Err(error) => {
                    // The append may have landed although its acknowledgement is lost.
                    *place = None;
                    return Err(error);
                }
            };
            if let Some(answer) = answer {
                if !current {
                    self.refresh(&whom.subject, &mut place).await?;
                }
                if place.as_ref().is_some_and(|now| now.head == head) {
                    return answer;
                }
            } else {
                self.refresh(&whom.subject, &mut place).await?;
            }
            current = true;
        }
        Err(EngineError::Conflict)
    }
}

enum Step<A> {
    Answer(Reply<A>),
    Committed { reply: Reply<A>, after: Box<Loaded> },
}

/// One try on one state.
struct Turn<'a> {
    engine: &'a Engine,
    caller: &'a Caller,
    whom: &'a UserRef,
    actor: Actor,
    idempotency: Option<&'a Idempotency>,
}

impl Turn<'_> {
    async fn take<A: Answer>(
        &self,
        known: &Loaded,
        ask: &Ask,
        admitted: &mut Admitted,
        render: &impl Fn(&Rendered<'_>) -> A,
    ) -> Result<Step<A>, EngineError> {
        let parts = &self.engine.parts;
        let tenant = &self.caller.tenant.id;
        let user = &known.user;
        if !user.is_registered() && !matches!(ask, Ask::PutProfile(_)) {
            return Err(if user.erased { Refusal::UserErased } else { Refusal::UserNotFound }.into());
        }
        let key = match parts.vault.cached(tenant, &self.whom.token) {
            Some(key) => key,
            None if user.is_registered() => parts.vault.existing(tenant, &self.whom.token).await?,
            None => parts.vault.get_or_create(tenant, &self.whom.token).await?,
        };
        let keys = self.idempotency.map(|i| self.receipt_keys(i));
        if let Some(reply) = keys.as_ref().and_then(|keys| self.replay(known, &key, keys).transpose()).transpose()? {
            return Ok(Step::Answer(reply));
        }
        let settings = self.engine.settings_of(self.caller, user);
        let now = parts.clock.now();
        let preparation = Preparation {
            engine: self.engine,
            caller: self.caller,
            whom: self.whom,
            actor: &self.actor,
            user,
            settings: &settings,
            key: &key,
            now,
        };
        let (kind, shown) = preparation.command(ask)?;
        let drawn = fresh(&*parts.rng);
        let command = Command {
            now,
            actor: self.actor.clone(),
            settings: &settings,
            channels: self.engine.channels_of(self.caller),
            fresh: &drawn,
            kind,
        };
        let Decision { mut events, deliveries, outcome } = decide(user, &command)?;
        let answer = |user: &User, outcome: &Outcome, shown: &Shown| {
            render(&Rendered {
                tenant,
                token: &self.whom.token,
                user,
                outcome,
                shown,
                settings: &settings,
                key: &key,
                now,
            })
        };
        if events.is_empty() && deliveries.is_empty() {
            let mut reply = answer(user, &outcome, &shown);
            reply.set_position(known.position().0);
            return Ok(Step::Answer(Reply::Fresh(reply)));
        }
        let (engine, caller, whom) = (self.engine, self.caller, self.whom);
        let sender = Sender { engine, caller, whom, settings: &settings, key: &key, now };
        let deliveries = admitted.of(&sender, deliveries).await?;
        let mut after = user.clone();
        for event in &events {
            evolve(&mut after, event, now);
        }
        let mut reply = answer(&after, &outcome, &shown);
        if let Some((receipt_key, body)) = keys {
            let mut kept = answer(&after, &outcome, &shown);
            kept.strip_shown_once();
            let kept = self.sealed_answer(&key, &kept)?;
            let receipt = UserEvent::ReceiptKept(Receipt { key: receipt_key, body, answer: kept });
            evolve(&mut after, &receipt, now);
            events.push(receipt);
        }
        let (commits, chain) = self.commits(known, &key, now, &events, &deliveries);
        let appended = parts.log.append(Append { commits }).await?;
        let head = appended
            .seqs
            .first()
            .copied()
            .ok_or_else(|| EngineError::Integrity("an append without a position".to_owned()))?;
        reply.set_position(head.0);
        Ok(Step::Committed {
            reply: Reply::Fresh(reply),
            after: Box::new(Loaded { user: after, head: Some(head), chain, unsaved: known.unsaved.saturating_add(1) }),
        })
    }

    fn commits(
        &self,
        known: &Loaded,
        key: &DataKey,
        now: Timestamp,
        events: &[UserEvent],
        deliveries: &[DeliveryRequest],
    ) -> (Vec<NewCommit>, Chain) {
        let parts = &self.engine.parts;
        let tenant = &self.caller.tenant.id;
        let meta = self.meta(key, now);
        let id = CommitId::from_bytes(parts.rng.bytes16());
        let (payload, chain) =
            known.chain.seal(&parts.keyring, &self.whom.subject, &id, wire::encode_user(&meta, events));
        let mut commits = Vec::with_capacity(1 + deliveries.len());
        commits.push(NewCommit { subject: self.whom.subject.clone(), expected: Some(known.expected()), id, payload });
        let plain = Meta { private: None, ..meta };
        let locale = known.user.profile.as_ref().and_then(|p| p.locale.clone());
        for request in deliveries {
            let requested = DeliveryRequested {
                message: request.message.clone(),
                user: self.whom.token.clone(),
                mode: self.caller.mode,
                channel: request.channel,
                destination: request.destination.clone(),
                kind: request.kind.clone(),
                locale: locale.clone(),
                expires_at: request.expires_at,
            };
            let subject = Subject::delivery(request.channel, tenant, &request.message);
            let id = CommitId::from_bytes(parts.rng.bytes16());
            let body = wire::encode_delivery(&plain, &[DeliveryEvent::Requested(requested)]);
            let (payload, _): (Bytes, Chain) = Chain::start().seal(&parts.keyring, &subject, &id, body);
            commits.push(NewCommit { subject, expected: Some(Expected::NoStream), id, payload });
        }
        (commits, chain)
    }

    fn meta(&self, key: &DataKey, now: Timestamp) -> Meta {
        let context = &self.caller.context;
        let tenant = &self.caller.tenant.id;
        let private = context.private().and_then(|private| serde_json::to_vec(&private).ok()).map(|text| {
            key.seal(&aad(Label::Private, tenant.as_str(), self.whom.token.as_str()), &text, &*self.engine.parts.rng)
        });
        let token = |id: &PanelId| self.engine.parts.keyring.user_token(tenant, self.caller.mode, id);
        Meta {
            at: now,
            actor: context.actor.kind,
            actor_token: context.actor.id.as_ref().map(token),
            request_id: context.request_id.clone(),
            private,
        }
    }

    /// What an idempotency key and a body are remembered by.
    fn receipt_keys(&self, idempotency: &Idempotency) -> (KeyedHash, KeyedHash) {
        let keyring = &self.engine.parts.keyring;
        let tenant = &self.caller.tenant.id;
        let key = format!("{}|{}|{}", self.whom.token, idempotency.route, idempotency.key);
        (
            keyring.fingerprint(tenant, "idempotency-key", key.as_bytes()),
            keyring.fingerprint(tenant, "idempotency-body", &idempotency.body),
        )
    }

    fn replay<A>(
        &self,
        known: &Loaded,
        key: &DataKey,
        (receipt_key, body): &(KeyedHash, KeyedHash),
    ) -> Result<Option<Reply<A>>, EngineError> {
        let Some(receipt) = known.user.receipt(receipt_key) else { return Ok(None) };
        if receipt.body != *body {
            return Err(EngineError::IdempotencyKeyReused);
        }
        let clear =
            key.open(&self.receipt_aad(), &receipt.answer).map_err(|e| EngineError::Integrity(e.to_string()))?;
        let (status, body) =
            serde_json::from_slice(&clear).map_err(|_| EngineError::Integrity("a kept answer".to_owned()))?;
        Ok(Some(Reply::Replayed { status, body, position: known.position() }))
    }

    fn sealed_answer<A: Answer>(&self, key: &DataKey, answer: &A) -> Result<twofold_domain::Sealed, EngineError> {
        let text = serde_json::to_vec(&(answer.status(), answer)).map_err(|e| EngineError::Integrity(e.to_string()))?;
        Ok(key.seal(&self.receipt_aad(), &text, &*self.engine.parts.rng))
    }

    fn receipt_aad(&self) -> Vec<u8> {
        aad(Label::Receipt, self.caller.tenant.id.as_str(), self.whom.token.as_str())
    }
}

//! Independent bookkeeping of what was accepted and refused: from the answers, not from the state.

use super::*;

/// Seconds of the lock after so many failures in a row; none: hard.
fn lock_secs(failures: u32) -> Option<u64> {
    const SECS: [u64; 9] = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600];
    SECS.get(usize::try_from(failures / 5).expect("few") - 1).copied()
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    /// In a row, since the last success or unlock.
    failures: u32,
    /// Since the last lock.
    since_lock: u32,
    lock: Lock,
}

#[derive(Debug)]
struct Sent {
    typed: Typed,
    at: Timestamp,
    to: Destination,
    method: Method,
    life_secs: u64,
}

#[derive(Debug)]
pub(super) struct Ledger {
    /// The newest recorded instant.
    latest: Timestamp,
    spent: Vec<Typed>,
    closed: Vec<ChallengeId>,
    sent: Vec<Sent>,
    counts: [(FactorKind, Count); 4],
}

impl Ledger {
    pub(super) fn of(world: &World) -> Self {
        use FactorKind::{Email, RecoveryCode, Sms, Totp};
        let counts = [Totp, Email, Sms, RecoveryCode].map(|kind| (kind, Count::default()));
        let latest = world.user.last_at;
        Self { latest, spent: Vec::new(), closed: Vec::new(), sent: Vec::new(), counts }
    }

    fn count(&mut self, kind: FactorKind) -> &mut Count {
        &mut self.counts.iter_mut().find(|(known, _)| *known == kind).expect("four kinds").1
    }

    /// An accepted command: what it answered must be possible by what was recorded before.
    pub(super) fn record(&mut self, before: &User, world: &World, decision: &Decision, typed: Option<&Typed>) {
        let now = self.latest.max(world.now);
        for event in &decision.events {
            self.event(before, event, typed, now);
        }
        for request in &decision.deliveries {
            if let MessageKind::Code { purpose, reference, nonce, .. } = &request.kind {
                let typed = Typed::Sent { nonce: *nonce, purpose: *purpose, reference: reference.clone() };
                let method = if request.channel == crate::Channel::Sms { Method::Sms } else { Method::Email };
                self.sent.push(Sent { typed, at: now, to: request.destination.clone(), method, life_secs: 300 });
            }
        }
        if !decision.events.is_empty() {
            self.latest = now;
        }
    }

    fn event(&mut self, before: &User, event: &UserEvent, typed: Option<&Typed>, now: Timestamp) {
        match event {
            UserEvent::VerificationSucceeded { target, proof, purpose } => {
                if let Some(Typed::Sent { purpose: asked, .. }) = typed {
                    assert_eq!(asked, purpose, "a code of another purpose");
                }
                self.accept(before, proof.kind(), typed.expect("something typed"), now);
                assert!(!matches!(target, Target::Enrolment(_)), "a set-up proves no login");
                if let Target::Challenge(id) = target {
                    self.close(id);
                }
            }
            UserEvent::EnrolmentConfirmed { method, .. } => {
                self.accept(before, FactorKind::from(*method), typed.expect("something typed"), now);
                let pending = before.enrolment.as_ref().expect("a set-up");
                if let Some(id) = &pending.challenge {
                    self.closed.push(id.clone());
                }
            }
            UserEvent::TwoFactorDisabled { challenge: Some(id), .. } => self.close(id),
            UserEvent::VerificationFailed { kind, counted, .. } => {
                assert!(!self.locked(*kind, now), "{kind:?} was looked at while locked");
                if *counted {
                    let count = self.count(*kind);
                    count.failures += 1;
                    count.since_lock += 1;
                    assert!(count.since_lock <= 5, "{kind:?}: more than five between locks");
                }
            }
            UserEvent::FactorLocked { kind, until, .. } => {
                let count = self.count(*kind);
                assert_eq!(count.since_lock, 5);
                assert_eq!(*until, lock_secs(count.failures).map(|secs| now.plus_secs(secs)));
                count.since_lock = 0;
                count.lock = until.map_or(Lock::Hard, Lock::Until);
            }
            UserEvent::FactorUnlocked { kind } => {
                for (known, count) in &mut self.counts {
                    if kind.is_none_or(|wanted| wanted == *known) {
                        *count = Count::default();
                    }
                }
            }
            UserEvent::Registered(_)
            | UserEvent::ProfileChanged(_)
            | UserEvent::Use2faSet(_)
            | UserEvent::ToggleRightSet(_)
            | UserEvent::EnrolmentStarted { .. }
            | UserEvent::EnrolmentCodeReissued { .. }
            | UserEvent::TwoFactorEnabled
            | UserEvent::FactorReplaced { .. }
            | UserEvent::ChallengeOpened { .. }
            | UserEvent::ChallengeCodeReissued { .. }
            | UserEvent::RecoveryCodesGenerated { .. }
            | UserEvent::AuthenticatorReset { .. }
            | UserEvent::TwoFactorReset { .. }
            | UserEvent::TwoFactorDisabled { challenge: None, .. }
            | UserEvent::ReceiptKept(_)
            | UserEvent::UserErased => {}
        }
    }

    /// Invariant 2: never twice. Invariant 3: never while locked. C9, C10: what, for whom and when.
    fn accept(&mut self, before: &User, kind: FactorKind, typed: &Typed, now: Timestamp) {
        assert!(!self.spent.contains(typed), "accepted twice: {typed:?}");
        assert!(!self.locked(kind, now), "{kind:?} was accepted while locked");
        match typed {
            Typed::Nonsense => panic!("nonsense was accepted"),
            Typed::Totp { secret, step } => {
                assert!((now.as_secs() / 30).abs_diff(*step) <= 1, "outside the window");
                let older = |t: &&Typed| matches!(t, Typed::Totp { secret: s, step: n } if s == secret && n >= step);
                assert!(!self.spent.iter().any(|t| older(&t)), "an older step than one accepted before");
            }
            Typed::Sent { purpose, .. } => {
                let position = self.sent.iter().position(|sent| sent.typed == *typed).expect("was sent");
                let sent = &self.sent[position];
                assert!(now < sent.at.plus_secs(sent.life_secs), "past its life");
                let newer = |s: &Sent| matches!(&s.typed, Typed::Sent { purpose: p, .. } if p == purpose);
                assert!(!self.sent[position + 1..].iter().any(newer), "a newer code was sent for the purpose");
                let registered = before.registered(sent.method).map(|d| d.fingerprint);
                assert_eq!(registered, Some(sent.to.fingerprint), "the destination changed");
            }
            Typed::Recovery(_) => {}
        }
        self.spent.push(typed.clone());
        *self.count(kind) = Count::default();
    }

    fn close(&mut self, id: &ChallengeId) {
        assert!(!self.closed.contains(id), "a challenge was completed twice");
        self.closed.push(id.clone());
    }

    fn locked(&self, kind: FactorKind, now: Timestamp) -> bool {
        let count = self.counts.iter().find(|(known, _)| *known == kind).expect("four kinds").1;
        match count.lock {
            Lock::Open => false,
            Lock::Until(until) => now < until,
            Lock::Hard => true,
        }
    }

    /// The state's budgets are the ledger's.
    pub(super) fn check(&self, user: &User) {
        assert_eq!(user.last_at, self.latest, "time is monotone");
        for (kind, count) in &self.counts {
            let budget = user.budgets.of(*kind);
            assert_eq!(budget.failures, count.failures, "{kind:?}");
            assert_eq!(budget.lock, count.lock, "{kind:?}");
        }
    }
}

//! Commands that steer what is sent: pauses, stopped prefixes, test messages.

use super::decide::{TenantCommand, TenantRefusal, when};
use super::event::TenantEvent;
use super::state::{MAX_TESTS_AN_HOUR, Tenant};
use crate::user_id::is_forbidden;
use crate::{Channel, Timestamp};

/// Pauses a tenant may have at a time (C26).
const MAX_PAUSES: usize = 64;
/// Stopped prefixes a tenant may have at a time (C26).
const MAX_STOPS: usize = 500;
const MAX_PREFIX_DIGITS: usize = 10;
const MAX_REASON_CHARS: usize = 200;
const HOUR_MS: i64 = 3_600_000;

/// Decides the commands of this file; the others have no event here.
pub(super) fn steer(tenant: &Tenant, command: &TenantCommand) -> Result<Vec<TenantEvent>, TenantRefusal> {
    let steering = &tenant.steering;
    match command {
        TenantCommand::PauseDelivery { channel, provider } => {
            let (key, event) = pause(*channel, provider.as_ref())?;
            let fresh = !steering.paused.contains(&key);
            room(fresh, steering.paused.len(), MAX_PAUSES)?;
            Ok(when(fresh, event))
        }
        TenantCommand::ResumeDelivery { channel, provider } => {
            let key = (*channel, provider.clone());
            let event = TenantEvent::DeliveryResumed { channel: *channel, provider: provider.clone() };
            Ok(when(steering.paused.contains(&key), event))
        }
        TenantCommand::StopPrefix { prefix, reason } => {
            let event = stop(prefix, reason)?;
            let fresh = !steering.stopped_prefixes.contains_key(prefix);
            room(fresh, steering.stopped_prefixes.len(), MAX_STOPS)?;
            Ok(when(fresh, event))
        }
        TenantCommand::ReleasePrefix { prefix } => {
            let event = TenantEvent::PrefixReleased { prefix: prefix.clone() };
            Ok(when(steering.stopped_prefixes.contains_key(prefix), event))
        }
        TenantCommand::TestChannel { channel, at } => test(tenant, *channel, *at),
        TenantCommand::Create { .. }
        | TenantCommand::PatchSettings { .. }
        | TenantCommand::CreateApiKey(_)
        | TenantCommand::RevokeApiKey(_)
        | TenantCommand::ConfigureChannel { .. }
        | TenantCommand::RemoveChannel(_)
        | TenantCommand::Suspend
        | TenantCommand::Resume => Ok(Vec::new()),
    }
}

type Paused = ((Channel, Option<String>), TenantEvent);

fn pause(channel: Channel, provider: Option<&String>) -> Result<Paused, TenantRefusal> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    if provider.is_some_and(|name| name.is_empty() || name.len() > 32 || !name.bytes().all(plain)) {
        return Err(TenantRefusal::BadProvider);
    }
    let provider = provider.cloned();
    Ok(((channel, provider.clone()), TenantEvent::DeliveryPaused { channel, provider }))
}

fn stop(prefix: &str, reason: &str) -> Result<TenantEvent, TenantRefusal> {
    let digits = prefix.strip_prefix('+').unwrap_or_default();
    let good = (1..=MAX_PREFIX_DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    // No country code begins with 0: such a prefix would stop nothing.
    if !good || digits.starts_with('0') {
        return Err(TenantRefusal::BadPrefix);
    }
    if reason.trim().is_empty() || reason.chars().count() > MAX_REASON_CHARS || reason.chars().any(is_forbidden) {
        return Err(TenantRefusal::BadReason);
    }
    Ok(TenantEvent::PrefixStopped { prefix: prefix.to_owned(), reason: reason.to_owned() })
}

fn room(fresh: bool, taken: usize, most: usize) -> Result<(), TenantRefusal> {
    if fresh && taken >= most { Err(TenantRefusal::TooMuchSteering) } else { Ok(()) }
}

fn test(tenant: &Tenant, channel: Channel, now: Timestamp) -> Result<Vec<TenantEvent>, TenantRefusal> {
    let hour = |test: &&Timestamp| now.as_millis().saturating_sub(test.as_millis()) < HOUR_MS;
    let recent: Vec<&Timestamp> = tenant.tests.iter().filter(hour).collect();
    match recent.first() {
        Some(first) if recent.len() >= MAX_TESTS_AN_HOUR => {
            Err(TenantRefusal::TooManyTests { at: Timestamp(first.as_millis().saturating_add(HOUR_MS)) })
        }
        Some(_) | None => Ok(vec![TenantEvent::ChannelTested { channel }]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Steering, decide_tenant, evolve_tenant};
    use super::*;

    fn made() -> Tenant {
        let mut tenant = Tenant::default();
        run(&mut tenant, &TenantCommand::Create { name: "acme".to_owned(), preset: None, document: json!({}) });
        tenant
    }

    fn run(tenant: &mut Tenant, command: &TenantCommand) -> Vec<&'static str> {
        let events = decide_tenant(tenant, command).expect("accepted");
        for event in &events {
            evolve_tenant(tenant, event, Timestamp::from_secs(1));
        }
        events.iter().map(TenantEvent::name).collect()
    }

    #[test]
    fn a_channel_or_one_of_its_providers_is_paused_until_resumed() {
        let mut tenant = made();
        let of = |provider: Option<&str>| (Channel::Sms, provider.map(str::to_owned));
        let pause = |provider| TenantCommand::PauseDelivery { channel: Channel::Sms, provider: of(provider).1 };
        let resume = |provider| TenantCommand::ResumeDelivery { channel: Channel::Sms, provider: of(provider).1 };
        assert_eq!(run(&mut tenant, &pause(Some("main"))), ["channel.paused"]);
        assert!(run(&mut tenant, &pause(Some("main"))).is_empty(), "it is already");
        assert!(tenant.steering.is_paused(Channel::Sms, "main") && !tenant.steering.is_paused(Channel::Sms, "other"));
        assert!(!tenant.steering.is_paused(Channel::Email, "main"));
        assert_eq!(run(&mut tenant, &pause(None)), ["channel.paused"]);
        assert!(tenant.steering.is_paused(Channel::Sms, "other"));
        assert_eq!(run(&mut tenant, &resume(None)), ["channel.resumed"]);
        assert!(tenant.steering.is_paused(Channel::Sms, "main"), "what was paused by itself stays so");
        assert_eq!(run(&mut tenant, &resume(Some("main"))), ["channel.resumed"]);
        assert_eq!(tenant.steering, Steering::default());
        for name in ["", "Main", "a b", "a.b", &"x".repeat(33)] {
            assert_eq!(decide_tenant(&tenant, &pause(Some(name))), Err(TenantRefusal::BadProvider), "{name:?}");
        }
    }

    #[test]
    fn prefixes_are_stopped_with_a_reason_and_released() {
        let mut tenant = made();
        let stop = |prefix: &str, reason: &str| TenantCommand::StopPrefix {
            prefix: prefix.to_owned(),
            reason: reason.to_owned(),
        };
        assert_eq!(run(&mut tenant, &stop("+99890", "pumping")), ["prefix.stopped"]);
        assert!(run(&mut tenant, &stop("+99890", "again")).is_empty());
        assert_eq!(tenant.steering.stopped_prefix("+998901234567"), Some("+99890"));
        assert_eq!(tenant.steering.stopped_prefix("+491701234567"), None);
        for bad in ["", "+", "998", "+0", "+49170a", "+12345678901", "+4 9"] {
            assert_eq!(decide_tenant(&tenant, &stop(bad, "x")), Err(TenantRefusal::BadPrefix), "{bad:?}");
        }
        for bad in ["", " ", "a\nb", &"x".repeat(201)] {
            assert_eq!(decide_tenant(&tenant, &stop("+49", bad)), Err(TenantRefusal::BadReason), "{bad:?}");
        }
        let release = TenantCommand::ReleasePrefix { prefix: "+99890".to_owned() };
        assert_eq!(run(&mut tenant, &release), ["prefix.released"]);
        assert!(run(&mut tenant, &release).is_empty());
    }

    #[test]
    fn what_is_stopped_is_bounded() {
        let mut tenant = made();
        let stop = |n: usize| TenantCommand::StopPrefix { prefix: format!("+{}", 1000 + n), reason: "x".to_owned() };
        for n in 0..MAX_STOPS {
            assert_eq!(run(&mut tenant, &stop(n)), ["prefix.stopped"]);
        }
        assert_eq!(decide_tenant(&tenant, &stop(MAX_STOPS)), Err(TenantRefusal::TooMuchSteering));
    }

    #[test]
    fn a_tenant_sends_ten_test_messages_an_hour() {
        let mut tenant = made();
        let at = |secs| TenantCommand::TestChannel { channel: Channel::Email, at: Timestamp::from_secs(secs) };
        for _ in 0..MAX_TESTS_AN_HOUR {
            assert_eq!(run(&mut tenant, &at(1)), ["channel.tested"]);
        }
        let again = TenantRefusal::TooManyTests { at: Timestamp::from_secs(3601) };
        assert_eq!(decide_tenant(&tenant, &at(3600)), Err(again));
        assert_eq!(run(&mut tenant, &at(3601)), ["channel.tested"]);
        assert_eq!(tenant.tests.len(), MAX_TESTS_AN_HOUR);
    }
}

//! What a worker is doing and what became of its messages.

use twofold_delivery::worker::{
    BreakerRow, BreakerState, HANDOFF_BOUNDS_MS, Handoff, QueueSnapshot, StatusSnapshot, TallyKey, TenantQueue,
};
use twofold_domain::TenantId;

use super::super::health::{Health, Sending};
use super::encoder::{Encoder, seconds, signed};

/// In place of a label that says nothing.
const NONE: &str = "-";
/// In place of tenants beyond the bound of a worker's counters.
const OTHERS: &str = "others";
/// In place of a tenant, for what belongs to the operator.
const OPERATOR: &str = "operator";

pub(super) fn encode(to: &mut Encoder<'_>, health: &Health, sending: &Sending) -> std::fmt::Result {
    sums(to, &sending.now)?;
    queues(to, &sending.now.queues)?;
    tenants(to, health, &sending.now.queues)?;
    outcomes(to, health, sending)?;
    breakers(to, health, sending)
}

fn name(health: &Health, tenant: Option<&TenantId>, if_none: &str) -> String {
    tenant.map_or_else(|| if_none.to_owned(), |tenant| health.name(tenant))
}

fn sums(to: &mut Encoder<'_>, now: &StatusSnapshot) -> std::fmt::Result {
    to.gauge("delivery_open_messages", "Messages not yet ended", now.open)?;
    to.gauge("delivery_in_flight", "Attempts under way", now.in_flight)?;
    to.seconds("delivery_oldest_age", "Age of the oldest open message", seconds(signed(now.oldest_age_ms)))?;
    for (name, help, count) in [
        ("delivery_accepted", "Messages a provider took", now.accepted),
        ("delivery_dead", "Messages given up", now.dead),
        ("delivery_retried", "Attempts that failed and were repeated", now.retried),
        ("delivery_expired", "Messages out of time", now.expired),
        ("delivery_superseded", "Messages made pointless by something newer", now.superseded),
        ("delivery_captured", "Messages for the test inbox", now.captured),
        ("delivery_unreadable", "Requests this version cannot read", now.unreadable),
    ] {
        to.counter(name, help, count)?;
    }
    Ok(())
}

fn queues(to: &mut Encoder<'_>, queues: &[QueueSnapshot]) -> std::fmt::Result {
    let by_channel = |value: fn(&QueueSnapshot) -> u64| {
        queues.iter().map(move |queue| ([("channel", queue.channel.name())], signed(value(queue))))
    };
    to.gauges("delivery_waiting", "Messages in this worker that wait for an attempt", by_channel(|q| q.waiting))?;
    to.gauges("delivery_attempts", "Attempts under way, by channel", by_channel(|q| q.in_flight))?;
    let pace = queues.iter().map(|q| ([("channel", q.channel.name())], seconds(signed(q.pace_per_1000_secs))));
    to.gauges("delivery_pace", "Attempts ended in a second, of the last ones", pace)?;
    let slack = |value: fn(&QueueSnapshot) -> Option<i64>| {
        queues.iter().filter_map(move |q| value(q).map(|ms| ([("channel", q.channel.name())], seconds(ms))))
    };
    let help = "Time until the first waiting message is too late to be sent; absent while nothing waits";
    to.seconds_by("delivery_slack", help, slack(|q| q.min_slack_ms))?;
    let help = "The least that will be left to a waiting message at its turn, at the present pace";
    to.seconds_by("delivery_foreseen_slack", help, slack(|q| q.foreseen_slack_ms))
}

fn tenants(to: &mut Encoder<'_>, health: &Health, queues: &[QueueSnapshot]) -> std::fmt::Result {
    let by_tenant = |value: fn(&TenantQueue) -> u64| {
        queues.iter().flat_map(move |queue| {
            queue.tenants.iter().map(move |row| {
                let channel = queue.channel.name().to_owned();
                ([("tenant", health.name(&row.tenant)), ("channel", channel)], signed(value(row)))
            })
        })
    };
    let help = "Waiting messages of the tenants that have the most, 50 of a channel at most";
    to.gauges("delivery_tenant_waiting", help, by_tenant(|row| row.waiting))?;
    to.gauges("delivery_tenant_in_flight", "Attempts under way of those tenants", by_tenant(|row| row.in_flight))
}

fn outcomes(to: &mut Encoder<'_>, health: &Health, sending: &Sending) -> std::fmt::Result {
    let rows = sending.tally.iter().map(|(key, count)| (labels(health, key), *count));
    let help = "What became of messages and attempts, by tenant, provider and country";
    to.counters("delivery_messages", help, rows)?;
    let handoffs = sending
        .handoffs
        .iter()
        .map(|handoff| ([("channel", handoff.channel.name())], seconds(signed(handoff.sum_ms)), buckets(handoff)));
    to.histograms("delivery_handoff", "From the request of a message until a provider took it", handoffs)
}

fn labels(health: &Health, key: &TallyKey) -> [(&'static str, String); 5] {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| NONE.to_owned());
    [
        ("tenant", name(health, key.tenant.as_ref(), OTHERS)),
        ("channel", key.channel.name().to_owned()),
        ("provider", or_none(&key.provider)),
        ("country", or_none(&key.country)),
        ("outcome", key.outcome.to_owned()),
    ]
}

fn buckets(handoff: &Handoff) -> Vec<(f64, u64)> {
    let bounds = HANDOFF_BOUNDS_MS.iter().map(|ms| seconds(signed(*ms))).chain([f64::MAX]);
    bounds.zip(handoff.buckets).collect()
}

fn breakers(to: &mut Encoder<'_>, health: &Health, sending: &Sending) -> std::fmt::Result {
    let labels = |row: &BreakerRow| {
        [
            ("tenant", name(health, row.tenant.as_ref(), OPERATOR)),
            ("channel", row.channel.name().to_owned()),
            ("provider", row.provider.clone()),
        ]
    };
    let open = sending.breakers.iter().map(|row| (labels(row), i64::from(row.state != BreakerState::Closed)));
    to.gauges("delivery_breaker_open", "1 while a provider that failed is left alone, 0 after a failure or two", open)?;
    let failures = sending.breakers.iter().map(|row| (labels(row), i64::try_from(row.failures).unwrap_or(i64::MAX)));
    to.gauges("delivery_breaker_failures", "Failures of a provider within the last minute, 20 at most", failures)
}

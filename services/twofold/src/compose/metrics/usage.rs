//! What became of messages of late, as the read model counts it: also what only users and providers can tell.

use twofold_domain::Channel;
use twofold_read_model::{UsageCounts, UsageRow};

use super::super::health::Health;
use super::encoder::Encoder;

type Count = fn(&UsageCounts) -> i64;
type Labels = [(&'static str, String); 4];

pub(super) fn encode(to: &mut Encoder<'_>, health: &Health, figures: &[UsageRow]) -> std::fmt::Result {
    let states: [(&str, Count); 7] = [
        ("requested", |counts| counts.requested),
        ("accepted", |counts| counts.accepted),
        ("delivered", |counts| counts.delivered),
        ("bounced", |counts| counts.bounced),
        ("dead", |counts| counts.dead),
        ("expired", |counts| counts.expired),
        ("used", |counts| counts.used),
    ];
    let rows = figures.iter().flat_map(|row| {
        states.map(|(state, count)| {
            let [tenant, channel, provider, country] = labels(health, row);
            ([tenant, channel, provider, country, ("state", state.to_owned())], count(&row.counts))
        })
    });
    let help = "Messages requested in this hour and the one before, by what has become of them; one may be in several";
    to.gauges("delivery_recent_messages", help, rows)?;
    let rows = figures.iter().filter_map(|row| Some((labels(health, row), row.counts.conversion()?)));
    let help = "Codes that came back for each message a provider took, of this hour and the one before";
    to.gauges("delivery_conversion_ratio", help, rows)
}

fn labels(health: &Health, row: &UsageRow) -> Labels {
    let or_none = |text: Option<&str>| text.filter(|text| !text.is_empty()).unwrap_or("-").to_owned();
    [
        ("tenant", row.tenant.as_ref().map_or_else(|| "-".to_owned(), |tenant| health.name(tenant))),
        ("channel", or_none(row.channel.map(Channel::name))),
        ("provider", or_none(row.provider.as_deref())),
        ("country", or_none(row.country.as_deref())),
    ]
}

//! The view as text.

use comfy_table::Table;
use serde_json::{Value, json};

use super::view::{View, Way};
use crate::output;

/// The whole view, at most `rows` lines a table.
pub fn lines(view: &View, rows: usize) -> Vec<String> {
    let mut all = vec![head(view)];
    for process in &view.processes {
        if let Some(error) = &process.error {
            all.push(format!("{} has no numbers: {error}", process.url));
        }
    }
    all.extend(table(&channels(view)));
    all.extend(table(&ways("TENANT", view.tenants.iter().map(|(name, way)| (name.clone(), way)), rows)));
    // A channel that is paused as a whole is none of its providers.
    let provider = |((tenant, channel, name), way): ((&String, &String, &String), _)| match name.as_str() {
        "-" => (format!("{tenant} {channel}"), way),
        name => (format!("{tenant} {channel}/{name}"), way),
    };
    let providers = view.providers.iter().map(|((tenant, channel, name), way)| ((tenant, channel, name), way));
    all.extend(table(&ways("PROVIDER", providers.map(provider), rows)));
    let countries = view.countries.iter().map(|((_, country), way)| (country.clone(), way));
    all.extend(table(&ways("COUNTRY", countries, rows)));
    for (tenant, count) in &view.stopped_prefixes {
        all.push(format!("{tenant}: {count} prefixes stopped; `twofold prefix list` names them"));
    }
    all
}

/// For programs.
pub fn json(view: &View) -> Value {
    let named = |name: &'static str, key: Value, way: &Way| {
        let mut row = serde_json::to_value(way).unwrap_or_default();
        row[name] = key;
        row
    };
    let tenants: Vec<Value> = view.tenants.iter().map(|(name, way)| named("tenant", json!(name), way)).collect();
    let provider = |((tenant, channel, name), way): (&(String, String, String), &Way)| {
        let mut row = named("provider", json!(name), way);
        row["tenant"] = json!(tenant);
        row["channel"] = json!(channel);
        row
    };
    let country = |((channel, name), way): (&(String, String), &Way)| {
        let mut row = named("country", json!(name), way);
        row["channel"] = json!(channel);
        row
    };
    json!({
        "processes": view.processes,
        "oldest_age_seconds": view.oldest_age_seconds,
        "channels": view.channels,
        "tenants": tenants,
        "providers": view.providers.iter().map(provider).collect::<Vec<_>>(),
        "countries": view.countries.iter().map(country).collect::<Vec<_>>(),
        "stopped_prefixes": view.stopped_prefixes,
    })
}

fn head(view: &View) -> String {
    let up = view.processes.iter().filter(|process| process.error.is_none()).count();
    let oldest = view.oldest_age_seconds.map_or_else(|| "-".to_owned(), |age| format!("{age:.1} s"));
    format!("twofold top: {up} of {} processes answer, oldest open message {oldest}", view.processes.len())
}

fn channels(view: &View) -> Table {
    let mut table =
        output::table(&["CHANNEL", "QUEUED", "WAITING", "IN FLIGHT", "PER SECOND", "SLACK", "FORESEEN SLACK"]);
    for (name, channel) in &view.channels {
        let seconds = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |secs| format!("{secs:.0} s"));
        table.add_row(vec![
            name.clone(),
            channel.queued.map_or_else(|| "-".to_owned(), |queued| format!("{queued:.0}")),
            format!("{:.0}", channel.waiting),
            format!("{:.0}", channel.in_flight),
            format!("{:.1}", channel.pace),
            seconds(channel.slack_seconds),
            seconds(channel.foreseen_slack_seconds),
        ]);
    }
    table
}

/// Those with the most to do first.
fn ways<'a>(title: &str, all: impl Iterator<Item = (String, &'a Way)>, rows: usize) -> Table {
    let mut all: Vec<(String, &Way)> = all.collect();
    let load = |way: &Way| way.waiting + way.in_flight + way.rate.unwrap_or(0.0);
    all.sort_by(|(a_name, a), (b_name, b)| load(b).total_cmp(&load(a)).then_with(|| a_name.cmp(b_name)));
    let mut table = output::table(&[title, "WAITING", "IN FLIGHT", "PER SECOND", "SUCCESS", "CONVERSION", "STATE"]);
    for (name, way) in all.into_iter().take(rows) {
        let percent =
            |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0));
        table.add_row(vec![
            name,
            format!("{:.0}", way.waiting),
            format!("{:.0}", way.in_flight),
            way.rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}")),
            percent(way.success),
            percent(way.conversion),
            state(way),
        ]);
    }
    table
}

fn state(way: &Way) -> String {
    let breaker = way.breaker.map(|breaker| format!("breaker {breaker}"));
    let paused = way.paused.then(|| "paused".to_owned());
    [paused, breaker].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn table(table: &Table) -> Vec<String> {
    if table.row_count() == 0 {
        return Vec::new();
    }
    let text = table.to_string();
    std::iter::once(String::new()).chain(text.lines().map(|line| line.trim_end().to_owned())).collect()
}

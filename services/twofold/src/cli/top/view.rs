//! From the numbers of all processes to the lines an operator looks at.

use std::collections::BTreeMap;

use serde::Serialize;

use super::samples::Sample;

/// What was scraped at one moment: of each process its numbers, or why there are none.
#[derive(Debug, Clone, Default)]
pub struct Scrape {
    pub processes: Vec<(String, Result<Vec<Sample>, String>)>,
}

/// Everything there is to see.
#[derive(Debug, Default, Serialize)]
pub struct View {
    pub processes: Vec<Process>,
    pub oldest_age_seconds: Option<f64>,
    pub channels: BTreeMap<String, ChannelView>,
    pub tenants: BTreeMap<String, Way>,
    pub providers: BTreeMap<(String, String, String), Way>,
    pub countries: BTreeMap<(String, String), Way>,
    pub stopped_prefixes: BTreeMap<String, f64>,
}

/// A process that was asked.
#[derive(Debug, Serialize)]
pub struct Process {
    pub url: String,
    /// Why it has no numbers.
    pub error: Option<String>,
}

/// One channel.
#[derive(Debug, Default, Serialize)]
pub struct ChannelView {
    /// In the queue, claimed by nobody; none without a queue.
    pub queued: Option<f64>,
    /// In workers, waiting for an attempt.
    pub waiting: f64,
    /// Attempts under way.
    pub in_flight: f64,
    /// Attempts ended in a second.
    pub pace: f64,
    /// Until the first waiting message is too late, in seconds.
    pub slack_seconds: Option<f64>,
    /// The least that will be left to one at its turn, in seconds.
    pub foreseen_slack_seconds: Option<f64>,
}

/// What goes one way: of a tenant, by a provider, to a country.
#[derive(Debug, Default, Serialize)]
pub struct Way {
    pub waiting: f64,
    pub in_flight: f64,
    /// Messages taken by a provider in a second, between the two last looks.
    pub rate: Option<f64>,
    /// Attempts that succeeded, of all since the workers started.
    pub success: Option<f64>,
    /// Codes that came back, of the messages taken in this hour and the one before.
    pub conversion: Option<f64>,
    /// `open` while a provider is left alone, `failing` after a failure or two.
    pub breaker: Option<&'static str>,
    pub paused: bool,
    #[serde(skip)]
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    accepted: f64,
    accepted_before: f64,
    failed: f64,
    recent_accepted: f64,
    recent_used: f64,
}

impl View {
    /// `before` was scraped `seconds` earlier.
    pub fn of(now: &Scrape, before: Option<(&Scrape, f64)>) -> Self {
        let mut view = Self::default();
        for (url, samples) in &now.processes {
            view.processes.push(Process { url: url.clone(), error: samples.as_ref().err().cloned() });
            samples.iter().flatten().for_each(|sample| view.add(sample));
        }
        let earlier = before.iter().flat_map(|(scrape, _)| &scrape.processes);
        for sample in earlier.filter_map(|(_, samples)| samples.as_ref().ok()).flatten() {
            if sample.name == "twofold_delivery_messages_total" && sample.label("outcome") == "accepted" {
                view.each_way(sample, |way| way.counts.accepted_before += sample.value);
            }
        }
        let seconds = before.map(|(_, seconds)| seconds);
        view.tenants.values_mut().for_each(|way| way.settle(seconds));
        view.providers.values_mut().for_each(|way| way.settle(seconds));
        view.countries.values_mut().for_each(|way| way.settle(seconds));
        view
    }

    fn add(&mut self, sample: &Sample) {
        let value = sample.value;
        let name = sample.name.strip_prefix("twofold_delivery_").unwrap_or_default();
        match name {
            "oldest_age_seconds" => {
                self.oldest_age_seconds = Some(self.oldest_age_seconds.map_or(value, |age| age.max(value)));
            }
            // Every worker sees the same queue.
            "queue_pending" => {
                let queued = &mut self.channel(sample).queued;
                *queued = Some(queued.map_or(value, |known| known.max(value)));
            }
            "waiting" => self.channel(sample).waiting += value,
            "attempts" => self.channel(sample).in_flight += value,
            "pace" => self.channel(sample).pace += value,
            "slack_seconds" => least(&mut self.channel(sample).slack_seconds, value),
            "foreseen_slack_seconds" => least(&mut self.channel(sample).foreseen_slack_seconds, value),
            "tenant_waiting" => self.tenant(sample).waiting += value,
            "tenant_in_flight" => self.tenant(sample).in_flight += value,
            "messages_total" => self.outcome(sample),
            "recent_messages" => self.recent(sample),
            "breaker_open" => {
                let breaker = &mut self.provider(sample).breaker;
                let open = value > 0.0 || *breaker == Some("open");
                *breaker = Some(if open { "open" } else { "failing" });
            }
            "paused" => self.provider(sample).paused = true,
            "prefixes_stopped" => {
                let stopped = self.stopped_prefixes.entry(sample.label("tenant").to_owned()).or_default();
                *stopped = stopped.max(value);
            }
            _ => {}
        }
    }

    fn outcome(&mut self, sample: &Sample) {
        let value = sample.value;
        match sample.label("outcome") {
            "accepted" => self.each_way(sample, |way| way.counts.accepted += value),
            "retried" | "dead" => self.each_way(sample, |way| way.counts.failed += value),
            _ => {}
        }
    }

    fn recent(&mut self, sample: &Sample) {
        let value = sample.value;
        match sample.label("state") {
            "accepted" => self.each_way(sample, |way| way.counts.recent_accepted += value),
            "used" => self.each_way(sample, |way| way.counts.recent_used += value),
            _ => {}
        }
    }

    fn each_way(&mut self, sample: &Sample, mut change: impl FnMut(&mut Way)) {
        change(self.tenant(sample));
        if !matches!(sample.label("provider"), "" | "-") {
            change(self.provider(sample));
        }
        if !matches!(sample.label("country"), "" | "-") {
            let key = (sample.label("channel").to_owned(), sample.label("country").to_owned());
            change(self.countries.entry(key).or_default());
        }
    }

    fn channel(&mut self, sample: &Sample) -> &mut ChannelView {
        self.channels.entry(sample.label("channel").to_owned()).or_default()
    }

    fn tenant(&mut self, sample: &Sample) -> &mut Way {
        self.tenants.entry(sample.label("tenant").to_owned()).or_default()
    }

    fn provider(&mut self, sample: &Sample) -> &mut Way {
        let key = ["tenant", "channel", "provider"].map(|label| sample.label(label).to_owned());
        let [tenant, channel, provider] = key;
        self.providers.entry((tenant, channel, provider)).or_default()
    }
}

impl Way {
    fn settle(&mut self, seconds: Option<f64>) {
        let counts = &self.counts;
        // A worker that started again begins at nothing.
        let more = (counts.accepted - counts.accepted_before).max(0.0);
        self.rate = seconds.filter(|seconds| *seconds > 0.0).map(|seconds| more / seconds);
        self.success = share(counts.accepted, counts.accepted + counts.failed);
        self.conversion = share(counts.recent_used, counts.recent_accepted);
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

fn least(known: &mut Option<f64>, value: f64) {
    *known = Some(known.map_or(value, |known| known.min(value)));
}

#[cfg(test)]
mod tests {
    use super::super::samples::read;
    use super::*;

    fn scrape(texts: &[&str]) -> Scrape {
        let of = |(n, text): (usize, &&str)| (format!("http://w{n}"), Ok(read(text)));
        Scrape { processes: texts.iter().enumerate().map(of).collect() }
    }

    const FIRST: &str = r#"twofold_delivery_queue_pending{channel="sms"} 40
twofold_delivery_waiting{channel="sms"} 5
twofold_delivery_slack_seconds{channel="sms"} 100.5
twofold_delivery_tenant_waiting{tenant="acme",channel="sms"} 5
twofold_delivery_messages_total{tenant="acme",channel="sms",provider="main",country="DE",outcome="accepted"} 30
twofold_delivery_messages_total{tenant="acme",channel="sms",provider="main",country="-",outcome="retried"} 10
twofold_delivery_breaker_open{tenant="acme",channel="sms",provider="main"} 0
"#;
    const SECOND: &str = r#"twofold_delivery_queue_pending{channel="sms"} 38
twofold_delivery_waiting{channel="sms"} 2
twofold_delivery_slack_seconds{channel="sms"} -3
twofold_delivery_breaker_open{tenant="acme",channel="sms",provider="main"} 1
twofold_delivery_recent_messages{tenant="acme",channel="sms",provider="main",country="DE",state="accepted"} 8
twofold_delivery_recent_messages{tenant="acme",channel="sms",provider="main",country="DE",state="used"} 2
"#;

    #[test]
    fn what_workers_share_is_taken_once_and_what_each_has_is_summed() {
        let earlier = FIRST.replace("} 30", "} 10");
        let view = View::of(&scrape(&[FIRST, SECOND]), Some((&scrape(&[&earlier]), 2.0)));
        let sms = &view.channels["sms"];
        assert_eq!((sms.queued, sms.waiting, sms.slack_seconds), (Some(40.0), 7.0, Some(-3.0)));
        let main = &view.providers[&("acme".to_owned(), "sms".to_owned(), "main".to_owned())];
        assert_eq!((main.rate, main.success, main.conversion), (Some(10.0), Some(0.75), Some(0.25)));
        assert_eq!((main.breaker, main.paused), (Some("open"), false));
        assert_eq!(view.countries[&("sms".to_owned(), "DE".to_owned())].success, Some(1.0));
        assert_eq!((view.tenants["acme"].waiting, view.tenants["acme"].success), (5.0, Some(0.75)));
    }

    #[test]
    fn a_worker_that_does_not_answer_is_named_and_hides_nothing_of_the_others() {
        let mut scrape = scrape(&[FIRST]);
        scrape.processes.push(("http://gone".to_owned(), Err("no answer".to_owned())));
        let view = View::of(&scrape, None);
        assert_eq!(view.processes[1].error.as_deref(), Some("no answer"));
        assert_eq!((view.channels["sms"].waiting, view.tenants["acme"].rate), (5.0, None));
    }
}

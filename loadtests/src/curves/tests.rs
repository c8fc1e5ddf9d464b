//! The page against a file that was looked at.

use super::page::markdown;
use super::{ByHistory, ByUsers, Report};
use crate::load::made_up::latencies;
use crate::page;

fn by_users(users: u32, cpu_us: f64, peak_mib: f64) -> ByUsers {
    ByUsers {
        users,
        seeded_in_s: f64::from(users) / 2000.0,
        per_second: 12_345.0,
        latency: latencies(&[2, 2, 2, 9]),
        cpu_us,
        saturated_cpu_us: 60.0,
        rss_at_ready_mib: 40.0,
        rss_mib: 70.0,
        peak_mib,
        ready_s: 0.25,
        doubts: if users > 1000 { Vec::new() } else { vec!["the generator was too slow".to_owned()] },
    }
}

fn by_history(events: u64, first_ms: u64) -> ByHistory {
    ByHistory { events, users: 10, first: latencies(&[first_ms; 10]), next: latencies(&[1; 10]) }
}

fn report() -> Report {
    Report {
        origin: page::made_up("twofold-load curves"),
        clients: 128,
        seed: 1,
        users: vec![by_users(1000, 70.0, 50.0), by_users(1_000_000, 90.0, 430.0)],
        history: vec![by_history(10, 4), by_history(100_000, 9)],
        history_ready_s: vec![0.5, 0.75],
    }
}

#[test]
fn the_page_is_written_as_in_the_golden_file() {
    let written = markdown(&report(), "![Rate](curves-users-rate.svg)\n");
    assert_eq!(written, include_str!("golden/curves.md"), "\n{written}");
}

#[test]
fn a_page_of_histories_alone_says_nothing_of_users() {
    let written = markdown(&Report { users: Vec::new(), ..report() }, "");
    assert!(!written.contains("## By number of users") && written.contains("## By length of history"), "{written}");
    assert_eq!(written.matches("not measured").count(), 2, "{written}");
    assert_eq!(report().charts().len(), 5);
}

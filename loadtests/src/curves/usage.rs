//! What a process uses, as the kernel counts it.

use std::fs;

use anyhow::{Context, Result};

use crate::machine::kib;

/// Ticks a second in `/proc`: the kernel gives them to programs in this unit whatever its own is (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usage {
    /// Seconds on a processor since its start, in the program and in the kernel, all threads.
    pub(super) cpu_s: f64,
    /// Memory it holds now, in MiB.
    pub(super) rss_mib: f64,
    /// The most it ever held, in MiB.
    pub(super) peak_mib: f64,
}

impl Usage {
    /// Of a running process.
    ///
    /// # Errors
    /// There is none of this id.
    pub(super) fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("reading what a process used")?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        Ok(Self {
            cpu_s: cpu_s(&stat).context("times of a process")?,
            rss_mib: mib(kib(&status, "VmRSS")),
            peak_mib: mib(kib(&status, "VmHWM")),
        })
    }
}

/// Fields 14 and 15 of proc(5), counted after the name, which may hold anything.
fn cpu_s(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11).map(str::parse::<f64>);
    Some((fields.next()?.ok()? + fields.next()?.ok()?) / TICKS_PER_SECOND)
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 KiB")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1";
        assert_eq!(cpu_s(stat), Some(3.0));
        assert_eq!(cpu_s("7 (a) S 1 2"), None);
    }

    #[test]
    fn this_process_holds_memory_and_another_id_is_told_as_absent() {
        let usage = Usage::of(std::process::id()).expect("this process");
        assert!(usage.rss_mib > 0.0 && usage.peak_mib >= usage.rss_mib, "{usage:?}");
        assert!(Usage::of(u32::MAX).is_err());
    }
}

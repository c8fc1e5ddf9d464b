//! What processes use, by `/proc`.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context, Result};

use crate::machine::kib;

/// Ticks in a second: the kernel gives them to programs in this unit whatever its own is (`USER_HZ`).
const TICKS_PER_S: f64 = 100.0;

/// What a process used, or several together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Usage {
    /// Seconds on a processor since its start, in the program and in the kernel, all threads.
    pub(crate) cpu_s: f64,
    /// Memory it holds now, in MiB.
    pub(crate) rss_mib: f64,
    /// The most it ever held, in MiB.
    pub(crate) peak_mib: f64,
}

impl Usage {
    /// Of running processes, added up. Memory that several share counts for each.
    ///
    /// # Errors
    /// One of them does not run.
    pub(crate) fn of(pids: &[u32]) -> Result<Self> {
        let mut all = Self::default();
        for pid in pids {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("reading what a process used")?;
            let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
            all.cpu_s += ticks(&stat).context("times of a process")?;
            all.rss_mib += mib(kib(&status, "VmRSS"));
            all.peak_mib += mib(kib(&status, "VmHWM"));
        }
        Ok(all)
    }
}

/// These processes and all that descend from them.
pub(crate) fn with_children(roots: &[u32]) -> Vec<u32> {
    descended(&children(), roots)
}

/// The same for each of them apart.
pub(crate) fn families(roots: &[u32]) -> Vec<Vec<u32>> {
    let children = children();
    roots.iter().map(|root| descended(&children, &[*root])).collect()
}

/// The children of every process.
fn children() -> HashMap<u32, Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(stat) = pid.and_then(|pid: u32| fs::read_to_string(format!("/proc/{pid}/stat")).ok())
            && let Some(pid) = pid
            && let Some(parent) = number(&stat, 4)
        {
            children.entry(u32::try_from(parent).unwrap_or(0)).or_default().push(pid);
        }
    }
    children
}

fn descended(children: &HashMap<u32, Vec<u32>>, roots: &[u32]) -> Vec<u32> {
    let mut all = roots.to_vec();
    let mut at = 0;
    while let Some(pid) = all.get(at) {
        let next = children.get(pid).cloned().unwrap_or_default();
        all.extend(next.into_iter().filter(|child| !roots.contains(child)));
        at += 1;
    }
    all
}

/// Processor time they have used so far, in seconds. One that has ended counts for nothing.
pub(crate) fn cpu_s(pids: &[u32]) -> f64 {
    let stats = pids.iter().filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/stat")).ok());
    stats.filter_map(|stat| ticks(&stat)).sum()
}

/// The most memory each of them has held so far, added up, in MiB. Memory that several share counts for each.
pub(crate) fn peak_mib(pids: &[u32]) -> u64 {
    let texts = pids.iter().filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/status")).ok());
    texts.map(|text| kib(&text, "VmHWM")).sum::<u64>() / 1024
}

/// The memory they hold now, in MiB. What several of them share counts once: each connection of a database would seem to
/// hold all of its buffers.
pub(crate) fn held_mib(pids: &[u32]) -> f64 {
    let kib = |pid: &u32| {
        let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let share = if pids.len() > 1 { kib(&read("smaps_rollup"), "Pss") } else { 0 };
        if share > 0 { share } else { kib(&read("status"), "VmRSS") }
    };
    mib(pids.iter().map(kib).sum())
}

/// Seconds: fields 14 and 15 of proc(5).
#[expect(clippy::cast_precision_loss, reason = "ticks of hours are far below 2^52")]
fn ticks(stat: &str) -> Option<f64> {
    Some((number(stat, 14)? + number(stat, 15)?) as f64 / TICKS_PER_S)
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 KiB")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// A field of `/proc/<pid>/stat`, counted from 1. The second, the name, may hold anything, and ends with the last bracket.
fn number(stat: &str, field: usize) -> Option<u64> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(field.checked_sub(3)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_field_is_counted_after_a_name_with_blanks_and_brackets() {
        let stat = "12 (a ) b) S 7 1 1 0 -1 4 0 0 0 0 250 50 0 0";
        assert_eq!((number(stat, 4), number(stat, 14), ticks(stat)), (Some(7), Some(250), Some(3.0)));
        assert_eq!((number("", 4), number(stat, 99), number(stat, 2)), (None, None, None));
        assert_eq!(ticks("7 (a) S 1 2"), None);
    }

    #[test]
    fn children_count_with_their_parent_and_shared_memory_counts_once() {
        let me = std::process::id();
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().expect("a child");
        let family = with_children(&[me]);
        assert_eq!(families(&[me, child.id()])[1], [child.id()]);
        let (together, apart) = (held_mib(&[me, child.id()]), held_mib(&[me]) + held_mib(&[child.id()]));
        child.kill().expect("killed");
        child.wait().expect("ended");
        assert!(family.first() == Some(&me) && family.contains(&child.id()), "{family:?}");
        assert!(together > 0.0 && together + 0.5 < apart, "half a MiB of libraries at least: {together} {apart}");
        assert!(peak_mib(&[me]) > 0 && peak_mib(&[]) == 0);
    }

    #[test]
    fn this_process_holds_memory_and_another_id_is_told_as_absent() {
        let usage = Usage::of(&[std::process::id()]).expect("this process");
        assert!(usage.rss_mib > 0.0 && usage.peak_mib >= usage.rss_mib, "{usage:?}");
        assert!(Usage::of(&[u32::MAX]).is_err() && cpu_s(&[u32::MAX]) == 0.0);
    }
}

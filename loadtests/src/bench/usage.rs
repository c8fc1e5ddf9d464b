//! What processes use, by `/proc`.

use std::collections::HashMap;
use std::fs;

use crate::machine::kib;

/// Ticks in a second, as Linux tells them to programs on every machine of today.
const TICKS_PER_S: f64 = 100.0;

/// These processes and all that descend from them.
pub(super) fn with_children(roots: &[u32]) -> Vec<u32> {
    let mut parents: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(stat) = pid.and_then(|pid: u32| fs::read_to_string(format!("/proc/{pid}/stat")).ok())
            && let Some(pid) = pid
            && let Some(parent) = number(&stat, 4)
        {
            parents.entry(u32::try_from(parent).unwrap_or(0)).or_default().push(pid);
        }
    }
    let mut all = roots.to_vec();
    let mut at = 0;
    while let Some(pid) = all.get(at) {
        let children = parents.get(pid).cloned().unwrap_or_default();
        all.extend(children.into_iter().filter(|child| !roots.contains(child)));
        at += 1;
    }
    all
}

/// Processor time they have used so far, in seconds.
#[expect(clippy::cast_precision_loss, reason = "ticks of hours are far below 2^52")]
pub(super) fn cpu_s(pids: &[u32]) -> f64 {
    let stats = pids.iter().filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/stat")).ok());
    let ticks = stats.map(|stat| number(&stat, 14).unwrap_or(0) + number(&stat, 15).unwrap_or(0)).sum::<u64>();
    ticks as f64 / TICKS_PER_S
}

/// The most memory each of them has held so far, added up, in MiB. Memory that several share counts for each.
pub(super) fn peak_mib(pids: &[u32]) -> u64 {
    let texts = pids.iter().filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/status")).ok());
    texts.map(|text| kib(&text, "VmHWM")).sum::<u64>() / 1024
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
        let stat = "12 (a ) b) S 7 1 1 0 -1 4 0 0 0 0 31 11 0 0";
        assert_eq!((number(stat, 4), number(stat, 14), number(stat, 15)), (Some(7), Some(31), Some(11)));
        assert_eq!((number("", 4), number(stat, 99), number(stat, 2)), (None, None, None));
    }

    #[test]
    fn children_count_with_their_parent() {
        let me = std::process::id();
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().expect("a child");
        let family = with_children(&[me]);
        child.kill().expect("killed");
        child.wait().expect("ended");
        assert!(family.first() == Some(&me) && family.contains(&child.id()), "{family:?}");
        assert!(peak_mib(&[me]) > 0 && peak_mib(&[]) == 0);
    }
}

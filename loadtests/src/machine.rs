//! Where a run takes place, and what of.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::load::{Machine, Versions};

/// Milliseconds since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "when a run took place is told by the clock of the machine")]
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// This machine. What cannot be found out is empty or 0.
pub fn here() -> Machine {
    let kernel = ["ostype", "osrelease"].map(|name| read(&format!("/proc/sys/kernel/{name}")).trim().to_owned());
    Machine {
        cpu: field(&read("/proc/cpuinfo"), "model name").to_owned(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        memory_mib: kib(&read("/proc/meminfo"), "MemTotal") / 1024,
        kernel: kernel.join(" ").trim().to_owned(),
    }
}

/// This program, the compiler and the commit of the working folder.
pub fn versions() -> Versions {
    let changed = !said("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
    let commit = said("git", &["rev-parse", "--short=12", "HEAD"]);
    Versions {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        rustc: said("rustc", &["--version"]),
        commit: if commit.is_empty() { commit } else { format!("{commit}{}", if changed { "+" } else { "" }) },
    }
}

/// The value of a line `name: value`.
pub(crate) fn field<'a>(text: &'a str, name: &str) -> &'a str {
    let values = text.lines().filter_map(|line| line.split_once(':'));
    values.into_iter().find(|(key, _)| key.trim() == name).map_or("", |(_, value)| value.trim())
}

/// The same of a line `name: 123 kB`.
pub(crate) fn kib(text: &str, name: &str) -> u64 {
    field(text, name).split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "MemTotalX:  1 kB\nMemTotal:  2048 kB\nmodel name\t: Some CPU @ 2 GHz\n";
        assert_eq!(kib(text, "MemTotal"), 2048);
        assert_eq!(field(text, "model name"), "Some CPU @ 2 GHz");
        assert_eq!((kib(text, "absent"), field(text, "absent")), (0, ""));
    }

    #[test]
    fn the_machine_of_this_test_has_cores_and_memory() {
        let here = here();
        assert!(here.cores > 0 && here.memory_mib > 0, "{here:?}");
    }
}

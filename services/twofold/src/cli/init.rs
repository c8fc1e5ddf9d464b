//! `twofold init`

use clap::Args;

use super::Shared;
use super::run::{block_on, start_command};
use crate::compose::{Made, Wanted, grants, init};
use crate::config::Settings;
use crate::failure::{Done, Failure};
use crate::output;

/// Make what several processes share: streams and buckets at the broker, tables in the database, the first operator key
///
/// Needs nats.servers, the master key and, for the tables, postgres.url. What is there already is looked at and left
/// alone, or set right where that is safe; so it may be run again, and is after an upgrade. The operator key is made
/// when the log is empty and shown this once. Without nats.servers there is nothing to do: `twofold serve` makes its
/// data folder by itself.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Copies of log and keys, on as many NATS servers: 1, 3 or 5
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    replicas: u8,
    /// Partitions of the users' subjects; can never be changed
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    partitions: u16,
    /// Most bytes of the log, such as 50G; when they are reached nothing is written any more [default: what is set already,
    /// or as many as fit]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_bytes: Option<i64>,
    /// Database roles of the processes, such as api=tf_api,project=tf_project: they are given the rights they need
    #[arg(long, value_name = "ROLES", value_parser = roles)]
    grant: Option<Grant>,
    /// Print the SQL of --grant instead, for whoever may give rights, and do nothing else
    #[arg(long, requires = "grant")]
    print_grants: bool,
}

/// Roles of `api` and of `project`.
#[derive(Debug, Clone)]
struct Grant {
    api: String,
    project: String,
}

pub fn run(shared: &Shared, args: &InitArgs) -> Done {
    let settings = start_command(&shared.flags(None))?.settings;
    if !settings.is_production() {
        output::line(
            "nothing to do: without nats.servers everything is in the data folder, which `twofold serve` makes by itself",
        );
        return Ok(());
    }
    if args.print_grants {
        return print_grants(&settings, args.grant.as_ref());
    }
    if args.grant.is_some() && settings.postgres.url.is_none() {
        return Err(Failure::Usage("--grant goes with postgres.url, which is missing".to_owned()));
    }
    let wanted = Wanted {
        replicas: args.replicas.into(),
        partitions: args.partitions,
        max_bytes: args.max_bytes,
        grant: args.grant.clone().map(|grant| (grant.api, grant.project)),
    };
    block_on(async {
        tell(&init(&settings, &wanted).await?);
        Ok(())
    })
}

fn print_grants(settings: &Settings, grant: Option<&Grant>) -> Done {
    let Some(Grant { api, project }) = grant else { return Ok(()) };
    grants(settings, api, project)?.iter().for_each(|statement| output::line(format!("{statement};")));
    Ok(())
}

fn tell(made: &Made) {
    made.created.iter().for_each(|what| output::line(format!("made      {what}")));
    made.changed.iter().for_each(|change| {
        output::line(format!(
            "set       {}: {} is {} now, was {}",
            change.what, change.field, change.wanted, change.found
        ));
    });
    made.kept.iter().for_each(|what| output::line(format!("kept      {what}")));
    output::line(if made.tables {
        "tables    as they should be"
    } else {
        "tables    left out: there is no postgres.url"
    });
    output::line(format!("master    the log belongs to the master key {}", made.master));
    if let Some(operator) = &made.operator {
        output::line(format!("operator  {}", operator.key.expose()));
        output::line(
            "The operator key is shown this once and stored nowhere; `twofold key create --operator` makes others.",
        );
    }
}

fn roles(text: &str) -> Result<Grant, String> {
    let role = |name: &str| {
        let named = text.split(',').filter_map(|part| part.trim().split_once('='));
        named.filter(|(role, to)| *role == name && !to.is_empty()).map(|(_, to)| to.to_owned()).next()
    };
    match (role("api"), role("project"), text.split(',').count()) {
        (Some(api), Some(project), 2) => Ok(Grant { api, project }),
        _ => Err("write api=ROLE,project=ROLE".to_owned()),
    }
}

/// A number of bytes, with K, M, G or T for powers of 1024.
fn size(text: &str) -> Result<i64, String> {
    let wrong = || "write a number of bytes, such as 500M or 50G".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: i64 = match text.get(digits.len()..).unwrap_or_default().to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" | "KIB" => 1 << 10,
        "M" | "MIB" => 1 << 20,
        "G" | "GIB" => 1 << 30,
        "T" | "TIB" => 1 << 40,
        _ => return Err(wrong()),
    };
    let number: i64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(unit).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(size("1000"), Ok(1000));
        assert_eq!(size("2k"), Ok(2048));
        assert_eq!(size("50G"), Ok(50 << 30));
        assert_eq!(size("1TiB"), Ok(1 << 40));
        for wrong in ["", "G", "-1", "0", "1.5G", "5X", "9999999999999G"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn both_roles_are_named_once() {
        let grant = roles("api=a, project=b").expect("good");
        assert_eq!((grant.api.as_str(), grant.project.as_str()), ("a", "b"));
        for wrong in ["api=a", "api=a,project=", "api=a,project=b,x=c", "a,b"] {
            assert!(roles(wrong).is_err(), "{wrong}");
        }
    }
}

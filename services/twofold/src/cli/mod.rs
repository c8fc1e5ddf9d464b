//! The command line: one file per command.

mod audit;
mod config_print;
mod dead;
mod demo;
mod document;
mod healthcheck;
mod init;
mod key;
mod narrate;
mod openapi;
mod pause;
mod prefix;
mod reason;
mod rebuild;
mod replay;
mod roles;
mod run;
mod send_test;
mod serve;
mod serve_welcome;
mod session;
mod tenant;
mod top;
mod unseal;
mod verify_log;
mod version;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::Flags;
use crate::failure::Done;
use crate::output;

/// Two-factor authentication for hosting panels: the panel checks the password, Twofold does everything after it.
///
/// Without a command it serves: API, code delivery and read model in one process, with its data in one folder. The
/// first start makes a tenant named demo and prints its keys and three requests to try.
///
/// The same on several machines, with a NATS server and PostgreSQL: `twofold init` once, then any number of `twofold
/// api`, `twofold deliver` and `twofold project`.
///
/// Settings come from built-in defaults, then twofold.toml, then variables such as TWOFOLD__API__MAX_IN_FLIGHT, then
/// flags; the later the stronger. `twofold config print` shows them with their origin.
///
/// Exit codes: 0 done, 1 failed, 2 the command line or a setting cannot be used.
#[derive(Debug, Parser)]
#[command(name = "twofold", version, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(flatten)]
    serve: serve::ServeArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct Shared {
    /// Settings file [default: twofold.toml in the current folder, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder that holds log, keys and read model [default: ./twofold-data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Go on although the broker may lose what it acknowledged: for trying things, never for real users
    #[arg(long, global = true)]
    allow_unsafe_log: bool,
}

impl Shared {
    fn flags(&self, listen: Option<String>) -> Flags {
        Flags {
            config: self.config.clone(),
            data_dir: self.data_dir.clone(),
            listen,
            allow_unsafe_log: self.allow_unsafe_log,
            ..Flags::default()
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Init(init::InitArgs),
    Api(roles::ApiArgs),
    Deliver(roles::DeliverArgs),
    Project(roles::ProjectArgs),
    Tenant(tenant::TenantArgs),
    Key(key::KeyArgs),
    Demo(demo::DemoArgs),
    Top(top::TopArgs),
    Pause(pause::PauseArgs),
    Resume(pause::ResumeArgs),
    Prefix(prefix::PrefixArgs),
    Dead(dead::DeadArgs),
    SendTest(send_test::SendTestArgs),
    Audit(audit::AuditArgs),
    Replay(replay::ReplayArgs),
    VerifyLog(verify_log::VerifyLogArgs),
    Rebuild(rebuild::RebuildArgs),
    Config(config_print::ConfigArgs),
    Openapi(openapi::OpenapiArgs),
    Healthcheck(healthcheck::HealthcheckArgs),
    Version(version::VersionArgs),
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let (text, code) = failure.parts();
            text.lines().for_each(|line| output::error(format!("error: {line}")));
            code
        }
    }
}

fn dispatch(cli: Cli) -> Done {
    let shared = cli.shared;
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => serve::run(&shared, args),
        Command::Init(args) => init::run(&shared, &args),
        Command::Api(args) => roles::api(&shared, args),
        Command::Deliver(args) => roles::deliver(&shared, args),
        Command::Project(args) => roles::project(&shared, args),
        Command::Tenant(args) => tenant::run(&shared, args),
        Command::Key(args) => key::run(&shared, args),
        Command::Demo(args) => demo::run(&shared, args),
        Command::Top(args) => top::run(&shared, &args),
        Command::Pause(args) => pause::pause(&shared, &args),
        Command::Resume(args) => pause::resume(&shared, &args),
        Command::Prefix(args) => prefix::run(&shared, &args),
        Command::Dead(args) => dead::run(&shared, &args),
        Command::SendTest(args) => send_test::run(&shared, &args),
        Command::Audit(args) => audit::run(&shared, &args),
        Command::Replay(args) => replay::run(&shared, &args),
        Command::VerifyLog(args) => verify_log::run(&shared, args),
        Command::Rebuild(args) => rebuild::run(&shared, args),
        Command::Config(args) => config_print::run(&shared, &args),
        Command::Openapi(args) => openapi::run(args),
        Command::Healthcheck(args) => healthcheck::run(&shared, args),
        Command::Version(args) => version::run(args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_command_line_is_well_formed_and_every_part_of_it_explains_itself() {
        let command = Cli::command();
        command.clone().debug_assert();
        for sub in command.get_subcommands() {
            assert!(sub.get_about().is_some(), "{}", sub.get_name());
            for arg in sub.get_arguments().filter(|arg| arg.get_id() != "help") {
                assert!(arg.get_help().is_some(), "{} {}", sub.get_name(), arg.get_id());
            }
        }
    }
}

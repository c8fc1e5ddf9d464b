//! Connecting to the broker and looking at it.

use twofold_jetstream::{
    Auth, Broker, BrokerOptions, CheckError, CheckOptions, Checked, ConnectError, Names, TlsFiles, check,
};

use super::super::{Patience, Trouble, Vitals};
use crate::compose::Roles;
use crate::config::Settings;
use crate::failure::{Context as _, Failure};

/// Connects as the settings say.
pub async fn connect(settings: &Settings, roles: Roles, patience: Patience) -> Result<Broker, Failure> {
    let options = options(settings, roles)?;
    let connect = || async { Broker::connect(&options).await.map_err(|error| connect_trouble(&error)) };
    patience.wait_for("the broker", connect).await
}

fn options(settings: &Settings, roles: Roles) -> Result<BrokerOptions, Failure> {
    let nats = &settings.nats;
    let auth = match (&nats.credentials_file, &nats.user, &nats.password) {
        (Some(file), _, _) => Auth::CredentialsFile(file.clone()),
        (None, Some(user), Some(password)) => Auth::UserPassword { user: user.clone(), password: password.clone() },
        (None, _, _) => Auth::None,
    };
    let (ca, cert, key) = (nats.tls_ca.clone(), nats.tls_cert.clone(), nats.tls_key.clone());
    let tls = (ca.is_some() || cert.is_some()).then_some(TlsFiles { ca, cert, key });
    Ok(BrokerOptions {
        servers: nats.servers.clone(),
        auth,
        tls,
        name: format!("twofold {}", roles.name),
        names: Names::new(&nats.stream).context("nats.stream")?,
    })
}

fn connect_trouble(error: &ConnectError) -> Trouble {
    match error {
        ConnectError::Unreachable(_) => Trouble::Passing(error.to_string()),
        ConnectError::Refused(_) => Trouble::Lasting(format!("{error}; see nats.user and nats.password")),
        ConnectError::Address(_) | ConnectError::Credentials(_) | ConnectError::Tls(_) => {
            Trouble::Lasting(error.to_string())
        }
    }
}

/// Looks at the servers' settings; what would lose acknowledged commits is refused.
pub async fn checked(broker: &Broker, settings: &Settings, patience: Patience) -> Result<Checked, Failure> {
    let nats = &settings.nats;
    let options = CheckOptions { monitors: nats.monitors.clone(), allow_unsafe: nats.allow_unsafe };
    let look = || async { check(broker, &options).await.map_err(|error| check_trouble(&error)) };
    let checked = patience.wait_for("the broker", look).await?;
    checked.warnings.iter().for_each(|warning| tracing::warn!("the broker: {warning}"));
    Ok(checked)
}

/// What is not there yet may be made by somebody else in a moment: processes and `twofold init` may start together.
fn check_trouble(error: &CheckError) -> Trouble {
    match error {
        CheckError::Unavailable(_) | CheckError::NotInitialised { .. } => Trouble::Passing(error.to_string()),
        CheckError::SyncNotAlways { .. } | CheckError::SyncUnknown { .. } => {
            Trouble::Lasting(format!("{error}; --allow-unsafe-log goes on all the same, for trying things only"))
        }
        CheckError::Schema { .. }
        | CheckError::Settings(_)
        | CheckError::OldServer { .. }
        | CheckError::Full { .. } => Trouble::Lasting(error.to_string()),
    }
}

/// What the servers say of connection and stream.
pub async fn vitals(broker: &Broker) -> Vitals {
    let mut vitals = Vitals { broker_connected: Some(broker.is_connected()), ..Vitals::default() };
    if let Ok(stream) = broker.jetstream().get_stream(broker.names().stream()).await {
        let info = stream.cached_info();
        vitals.log_bytes = Some(info.state.bytes);
        vitals.log_limit_bytes = Some(u64::try_from(info.config.max_bytes).unwrap_or(0));
    }
    vitals
}

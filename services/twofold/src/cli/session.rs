//! A command's way to log and tables, also while servers run.

use std::sync::Arc;

use twofold_domain::TenantId;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::PLATFORM;
use twofold_engine::{ActorInput, RequestContext, TenantView};

use super::Shared;
use super::run::start_command;
use crate::compose::{Access, Core};
use crate::failure::Failure;

/// Opens what the settings describe. `make` allows a new data folder, for commands that may come before the first start.
pub async fn open(shared: &Shared, make: bool) -> Result<Core, Failure> {
    let settings = start_command(&shared.flags(None))?.settings;
    Core::of_command(&settings, if make { Access::Make } else { Access::Existing }).await
}

/// Who acts from the command line.
pub fn context() -> RequestContext {
    RequestContext {
        actor: ActorInput { kind: ActorKind::System, id: None },
        reason: Some("command line".to_owned()),
        request_id: None,
        ip: None,
        user_agent: None,
    }
}

/// The same, with a reason for the audit trail.
pub fn because(reason: &str) -> RequestContext {
    RequestContext { reason: Some(reason.to_owned()), ..context() }
}

/// The tenant of a name or id.
pub fn tenant(core: &Core, name: &str) -> Result<Arc<TenantView>, Failure> {
    let directory = core.engine.directory();
    let by_id = TenantId::parse(name).ok().and_then(|id| directory.tenant(&id));
    let found = by_id.or_else(|| directory.tenant(&core.engine.tenant_id(name))).filter(|view| !is_platform(view));
    found.ok_or_else(|| Failure::new(format!("there is no tenant {name}; `twofold tenant list` names them all")))
}

/// Every tenant but the one that holds the operator's keys, by name.
pub fn tenants(core: &Core) -> Vec<Arc<TenantView>> {
    let mut all: Vec<_> = core.engine.directory().tenants().into_iter().filter(|view| !is_platform(view)).collect();
    all.sort_by(|a, b| a.state.name.cmp(&b.state.name));
    all
}

/// Whether it holds the operator's keys.
pub fn is_platform(view: &TenantView) -> bool {
    view.state.name.as_deref() == Some(PLATFORM)
}

/// A tenant's name, or its id should it have none.
pub fn name_of(view: &TenantView) -> &str {
    view.state.name.as_deref().unwrap_or_else(|| view.id.as_str())
}

//! What people and the pumping alarm took out of service.

use std::sync::Arc;

use twofold_engine::TenantView;

use super::encoder::Encoder;

/// Tenants named at most (C26).
const TENANTS_MAX: usize = 500;

pub(super) fn encode(to: &mut Encoder<'_>, tenants: &[Arc<TenantView>]) -> std::fmt::Result {
    let name = |tenant: &TenantView| tenant.state.name.clone().unwrap_or_else(|| tenant.id.to_string());
    let paused = tenants.iter().filter(|tenant| !tenant.state.steering.paused.is_empty()).take(TENANTS_MAX);
    let paused = paused.flat_map(|tenant| {
        tenant.state.steering.paused.iter().map(move |(channel, provider)| {
            let provider = provider.clone().unwrap_or_else(|| "-".to_owned());
            ([("tenant", name(tenant)), ("channel", channel.name().to_owned()), ("provider", provider)], 1_i64)
        })
    });
    to.gauges("delivery_paused", "1 for every channel or provider that is paused", paused)?;
    let stopped = tenants.iter().filter(|tenant| !tenant.state.steering.stopped_prefixes.is_empty()).take(TENANTS_MAX);
    let stopped = stopped.map(|tenant| {
        let count = i64::try_from(tenant.state.steering.stopped_prefixes.len()).unwrap_or(i64::MAX);
        ([("tenant", name(tenant))], count)
    });
    to.gauges("delivery_prefixes_stopped", "Beginnings of numbers that get no text message", stopped)
}

//! Everything that is in a store.

use twofold_event_log::Seq;
use twofold_read_model::projection::Hours;
use twofold_read_model::{
    AttemptRow, AuditRow, DeliveryRow, ReadStore, SuppressionRow, TenantRow, UsageCounts, UsageKey, UserRow,
};

#[derive(Debug, PartialEq)]
pub struct Dump {
    pub checkpoint: Seq,
    pub users: Vec<UserRow>,
    pub deliveries: Vec<DeliveryRow>,
    pub attempts: Vec<AttemptRow>,
    pub usage: Vec<(UsageKey, UsageCounts)>,
    pub suppressions: Vec<SuppressionRow>,
    pub tenants: Vec<TenantRow>,
    pub audit: Vec<AuditRow>,
    pub hours: Hours,
}

/// Small enough for one portion of each.
pub async fn dump(store: &dyn ReadStore) -> Dump {
    let mut snapshot = store.snapshot().await.unwrap();
    let mut audit: Vec<AuditRow> = Vec::new();
    loop {
        let rows = snapshot.audit(audit.last().map(|row| (row.seq, row.idx))).await.unwrap();
        if rows.is_empty() {
            break;
        }
        audit.extend(rows);
    }
    Dump {
        checkpoint: snapshot.checkpoint(),
        users: snapshot.users(None).await.unwrap(),
        deliveries: snapshot.deliveries(None).await.unwrap(),
        attempts: snapshot.attempts(None).await.unwrap(),
        usage: snapshot.usage(None).await.unwrap(),
        suppressions: snapshot.suppressions(None).await.unwrap(),
        tenants: snapshot.tenants(None).await.unwrap(),
        audit,
        hours: snapshot.hours().await.unwrap(),
    }
}

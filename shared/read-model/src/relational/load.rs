//! Loading the rows that a batch touches.

use std::collections::{BTreeSet, HashMap};

use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::{MessageId, TenantId, UserToken};
use twofold_event_log::wire::{Decoded, Event};
use twofold_event_log::{Category, Stored};

use super::dialect::run_all;
use super::{Dialect, Many, decode, decode_delivery, states};
use crate::StoreError;
use crate::projection::{Slot, UserKey, WorkingSet, used_code};
use crate::rows::{DeliveryRow, SuppressionKey, UserRow};
use crate::sql;

static USERS: Many = Many::of(sql::users_load);
static DELIVERIES: Many = Many::of(sql::deliveries_load);
static SUPPRESSIONS: Many = Many::of(sql::suppressions_load);
static TENANTS: Many = Many::of(sql::tenants_load);

/// What is stored of the users, messages, destinations and tenants that the commits are about.
pub(super) async fn working_set<D: Dialect>(
    connection: &mut D::Connection,
    commits: &[Stored],
    decoded: &[Decoded],
) -> Result<WorkingSet, StoreError> {
    let mut keys = Keys::of(commits, decoded);
    let mut set = WorkingSet::default();
    let portions = D::portions(&DELIVERIES, &keys.deliveries, |values, id| values.text(id.as_str()))?;
    set.deliveries =
        slots(&run_all::<D>(connection, portions).await?, decode_delivery::delivery::<D>, |row| row.message.clone())?;
    // What happens to a message is part of the audit of the user it is for, whom only its row knows.
    keys.users.extend(set.deliveries.values().map(|slot| recipient(&slot.row)));
    set.users = users::<D>(connection, &keys.users).await?;
    let portions = D::portions(&SUPPRESSIONS, &keys.suppressions, |values, (tenant, destination)| {
        values.text(tenant.as_str());
        values.text(destination);
    })?;
    set.suppressions = slots(&run_all::<D>(connection, portions).await?, decode_delivery::suppression::<D>, |row| {
        (row.tenant.clone(), row.destination.clone())
    })?;
    let portions = D::portions(&TENANTS, &keys.tenants, |values, id| values.text(id.as_str()))?;
    set.tenants = slots(&run_all::<D>(connection, portions).await?, decode::tenant::<D>, |row| row.tenant.clone())?;
    Ok(set)
}

async fn users<D: Dialect>(
    connection: &mut D::Connection,
    keys: &BTreeSet<UserKey>,
) -> Result<HashMap<UserKey, Slot<UserRow>>, StoreError> {
    let keys: Vec<_> = keys.iter().collect();
    let portions = D::portions(&USERS, &keys, |values, (tenant, user)| {
        values.text(tenant.as_str());
        values.text(user.as_str());
    })?;
    let mut users = HashMap::with_capacity(keys.len());
    for row in run_all::<D>(connection, portions).await? {
        for user in states::users(decode::one_text::<D>(std::slice::from_ref(&row))?) {
            let user = user?;
            users.insert((user.tenant.clone(), user.user.clone()), Slot::loaded(user));
        }
    }
    Ok(users)
}

fn slots<R, K: Eq + std::hash::Hash, T>(
    rows: &[R],
    decode: impl Fn(&R) -> Result<T, StoreError>,
    key: impl Fn(&T) -> K,
) -> Result<HashMap<K, Slot<T>>, StoreError> {
    rows.iter().map(|row| decode(row).map(|row| (key(&row), Slot::loaded(row)))).collect()
}

/// Whom the commits are about. In the order of the keys, which is the order of the pages.
struct Keys {
    /// Not yet those whose stored messages the commits are about.
    users: BTreeSet<UserKey>,
    deliveries: Vec<MessageId>,
    suppressions: Vec<SuppressionKey>,
    tenants: Vec<TenantId>,
}

impl Keys {
    fn of(commits: &[Stored], decoded: &[Decoded]) -> Self {
        let (mut users, mut deliveries) = (BTreeSet::new(), BTreeSet::new());
        let (mut suppressions, mut tenants) = (BTreeSet::new(), BTreeSet::new());
        for (commit, decoded) in commits.iter().zip(decoded) {
            let Some(tenant) = commit.subject.tenant_id() else { continue };
            let last = commit.subject.last_token();
            match commit.subject.category() {
                Category::User => {
                    users.extend(UserToken::parse(last).ok().map(|user| (tenant, user)));
                    deliveries.extend(used(decoded).cloned());
                }
                Category::Config => tenants.extend(Some(tenant)),
                Category::Delivery | Category::Ledger => {
                    deliveries.extend(MessageId::parse(last).ok());
                    users.extend(recipients(decoded).map(|user| (tenant.clone(), user.clone())));
                }
                Category::Suppression => suppressions.extend(Some((tenant, last.to_owned()))),
            }
        }
        Self {
            users,
            deliveries: deliveries.into_iter().collect(),
            suppressions: suppressions.into_iter().collect(),
            tenants: tenants.into_iter().collect(),
        }
    }
}

/// Messages whose codes were accepted.
fn used(decoded: &Decoded) -> impl Iterator<Item = &MessageId> {
    decoded.events.iter().filter_map(|event| match event {
        Event::User(event) => used_code(event),
        Event::Tenant(_) | Event::Account(_) | Event::Delivery(_) | Event::Suppression(_) => None,
    })
}

/// Whom new messages are for.
fn recipients(decoded: &Decoded) -> impl Iterator<Item = &UserToken> {
    decoded.events.iter().filter_map(|event| match event {
        Event::Delivery(DeliveryEvent::Requested(request)) => Some(&request.user),
        Event::Delivery(_) | Event::User(_) | Event::Tenant(_) | Event::Account(_) | Event::Suppression(_) => None,
    })
}

fn recipient(row: &DeliveryRow) -> UserKey {
    (row.tenant.clone(), row.user.clone())
}

//! The tenants of a channel, in the order of their tags.

use std::collections::{BTreeSet, HashMap};

use twofold_domain::TenantId;

use super::Limits;
use super::tenant::{Stand, Tenant};

/// A tenant's number in its channel, given anew when it comes back after a while.
pub(super) type Number = u64;

#[derive(Debug, Default)]
pub(super) struct Tenants {
    numbers: HashMap<TenantId, Number>,
    all: HashMap<Number, Tenant>,
    fresh: BTreeSet<(u64, Number)>,
    busy: BTreeSet<(u64, Number)>,
    next: Number,
    /// Weight of all that compete.
    pub(super) weight: u64,
    /// The tag of the last one served: the present.
    now_tag: u64,
}

impl Tenants {
    /// The tenant's number; its weight is set.
    pub(super) fn number(&mut self, id: &TenantId, weight: u16) -> Number {
        let number = self.numbers.get(id).copied().unwrap_or_else(|| {
            self.next += 1;
            self.numbers.insert(id.clone(), self.next);
            self.all.insert(self.next, Tenant::new(id.clone()));
            self.next
        });
        self.change(number, |tenant| tenant.weight = weight.max(1));
        number
    }

    pub(super) fn get(&self, number: Number) -> Option<&Tenant> {
        self.all.get(&number)
    }

    pub(super) fn find(&self, id: &TenantId) -> Option<&Tenant> {
        self.all.get(self.numbers.get(id)?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Tenant> {
        self.all.values()
    }

    /// Changes a tenant and puts it where it then belongs.
    pub(super) fn change<T>(&mut self, number: Number, change: impl FnOnce(&mut Tenant) -> T) -> Option<T> {
        let tenant = self.all.get_mut(&number)?;
        let key = (tenant.tag, number);
        match tenant.stand() {
            Stand::Fresh => drop(self.fresh.remove(&key)),
            Stand::Busy => drop(self.busy.remove(&key)),
            Stand::Out => {}
        }
        let competed = tenant.competes();
        if competed {
            self.weight -= u64::from(tenant.weight);
        }
        let answer = change(tenant);
        if tenant.competes() {
            self.weight += u64::from(tenant.weight);
            if !competed {
                tenant.tag = tenant.tag.max(self.now_tag);
            }
        }
        let key = (tenant.tag, number);
        match tenant.stand() {
            Stand::Fresh => drop(self.fresh.insert(key)),
            Stand::Busy => drop(self.busy.insert(key)),
            Stand::Out => {}
        }
        Some(answer)
    }

    /// Whose turn it is. `only_fresh`: of those without an attempt under way.
    pub(super) fn first(&mut self, limits: Limits, only_fresh: bool) -> Option<Number> {
        loop {
            let busy = self.busy.first().filter(|_| !only_fresh);
            let (_, number) = *[self.fresh.first(), busy].into_iter().flatten().min()?;
            let at_cap = self.all.get(&number).is_none_or(|tenant| tenant.is_at_cap(limits, self.weight));
            if !at_cap {
                return Some(number);
            }
            self.change(number, |tenant| tenant.capped = true);
        }
    }

    /// Takes the first message of a tenant; its turn is charged when that is sent.
    pub(super) fn serve(&mut self, number: Number, key: (i64, u64)) {
        let tag = self.get(number).map_or(0, |tenant| tenant.tag);
        self.now_tag = self.now_tag.max(tag);
        self.change(number, |tenant| {
            tenant.ready.remove(&key);
            tenant.waiting -= 1;
            tenant.charge();
        });
    }

    /// Forgets who has not been here for a while.
    pub(super) fn tidy(&mut self, now_ms: u64) {
        self.all.retain(|_, tenant| !tenant.is_gone(now_ms));
        self.numbers.retain(|_, number| self.all.contains_key(number));
    }
}

//! The order, as rules and as properties.

mod order;
mod properties;

use twofold_domain::{TenantId, Timestamp};

use super::{Item, Lane, Limits, Place};

/// Room for everything; nobody is at a cap by chance.
const WIDE: Limits = Limits { in_flight: 1000, of_tenant: 1000, kept: 1000 };

fn limits(in_flight: usize, of_tenant: usize) -> Limits {
    Limits { in_flight, of_tenant, ..WIDE }
}

fn tenant(n: u8) -> TenantId {
    TenantId::from_bytes([n; 16])
}

/// A message of a tenant to a destination of its own, with plenty of time.
fn item(tenant_n: u8, destination: u64) -> Item {
    Item { tenant: tenant(tenant_n), weight: super::WEIGHT, destination, last_call: Timestamp(1_000_000) }
}

/// A lane of messages that are called `(tenant, destination)`.
struct Called(Lane<(u8, u64)>);

impl Called {
    fn new(limits: Limits) -> Self {
        Self(Lane::new(limits))
    }

    fn add(&mut self, tenant_n: u8, destinations: impl IntoIterator<Item = u64>) {
        for destination in destinations {
            self.0.push(&item(tenant_n, destination), true, 0, 0, (tenant_n, destination));
        }
    }

    fn pop(&mut self) -> Option<(Place, (u8, u64))> {
        self.0.pop(0)
    }

    /// The next ones, each ended before the next begins.
    fn one_by_one(&mut self, at_most: usize) -> Vec<(u8, u64)> {
        let mut order = Vec::new();
        while order.len() < at_most {
            let Some((place, called)) = self.pop() else { break };
            order.push(called);
            self.0.release(place, 0);
        }
        order
    }

    fn release(&mut self, places: impl IntoIterator<Item = Place>) {
        for place in places {
            self.0.release(place, 0);
        }
    }

    /// The next ones, all under way at once.
    fn at_once(&mut self) -> (Vec<Place>, Vec<(u8, u64)>) {
        std::iter::from_fn(|| self.pop()).unzip()
    }
}

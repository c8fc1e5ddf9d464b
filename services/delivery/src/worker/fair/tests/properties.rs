//! Whatever happens in whatever order: nothing is lost, nothing comes twice, no cap is broken, nobody is passed over.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { in_flight: 6, of_tenant: 3, kept: 40 };

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Tenant, destination, last call, pause.
    Push(u8, u64, i64, u64),
    Pop,
    /// One of those under way ends; it is over, or comes again after a pause.
    End(usize, Option<u64>),
    Pass(u64),
    StandAside(usize),
    Trim,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0_u8..5, 0_u64..4, 0_i64..400, prop_oneof![Just(0), 0_u64..30]).prop_map(|(t, d, l, p)| Step::Push(t, d, l, p)),
        5 => Just(Step::Pop),
        4 => (any::<usize>(), proptest::option::of(0_u64..30)).prop_map(|(n, p)| Step::End(n, p)),
        2 => (0_u64..20).prop_map(Step::Pass),
        1 => any::<usize>().prop_map(Step::StandAside),
        1 => Just(Step::Trim),
    ]
}

/// What must be true of a lane, kept beside it.
struct World {
    lane: Lane<u64>,
    items: BTreeMap<u64, Item>,
    waiting: BTreeSet<u64>,
    flying: Vec<(Place, u64)>,
    /// Those of them that have stood aside.
    aside: BTreeSet<u64>,
    now: u64,
}

impl World {
    fn new() -> Self {
        let (items, waiting, aside) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        Self { lane: Lane::new(LIMITS), items, waiting, flying: Vec::new(), aside, now: 0 }
    }

    fn push(&mut self, id: u64, pause: u64) {
        assert!(self.waiting.insert(id));
        self.lane.push(&self.items[&id], id.is_multiple_of(2), self.now + pause, self.now, id);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Push(n, destination, last_call, pause) => {
                let id = self.items.len() as u64;
                let last_call = Timestamp(last_call);
                self.items.insert(id, Item { weight: u16::from(n) * 7 + 1, last_call, ..item(n, destination) });
                self.push(id, pause);
            }
            Step::Pop => {
                if let Some((place, id)) = self.lane.pop(self.now) {
                    assert!(self.waiting.remove(&id), "taken once");
                    self.flying.push((place, id));
                }
            }
            Step::StandAside(_) | Step::End(_, _) if self.flying.is_empty() => {}
            Step::End(n, again) => {
                let (place, id) = self.flying.swap_remove(n % self.flying.len());
                self.lane.release(place, self.now);
                self.aside.remove(&id);
                if let Some(pause) = again {
                    self.push(id, pause);
                }
            }
            Step::StandAside(n) => {
                let n = n % self.flying.len();
                self.lane.stand_aside(&mut self.flying[n].0);
                self.aside.insert(self.flying[n].1);
            }
            Step::Pass(ms) => {
                self.now += ms;
                for id in self.lane.overdue(Timestamp(self.now.cast_signed()), 3) {
                    assert!(
                        self.waiting.remove(&id) && self.items[&id].last_call.as_millis() <= self.now.cast_signed()
                    );
                }
            }
            Step::Trim => {
                for id in self.lane.beyond_shares() {
                    assert!(self.waiting.remove(&id) && id.is_multiple_of(2));
                }
            }
        }
        self.check();
    }

    fn check(&self) {
        let mut of_tenant: BTreeMap<&TenantId, usize> = BTreeMap::new();
        let mut destinations = BTreeSet::new();
        for (_, id) in &self.flying {
            let item = &self.items[id];
            *of_tenant.entry(&item.tenant).or_default() += 1;
            assert!(destinations.insert((&item.tenant, item.destination)), "one a destination");
        }
        assert!(self.flying.len() - self.aside.len() <= LIMITS.in_flight && self.aside.len() <= LIMITS.aside());
        assert!(of_tenant.values().all(|count| *count <= LIMITS.of_tenant), "{of_tenant:?}");
        let numbers = self.lane.numbers(Timestamp(0), self.now, usize::MAX);
        assert_eq!((numbers.waiting, numbers.in_flight), (self.waiting.len() as u64, self.flying.len() as u64));
        let first = self.waiting.iter().map(|id| self.items[id].last_call.as_millis()).min();
        assert_eq!(numbers.slack_ms, first);
        let sums = numbers.tenants.iter().fold((0, 0), |sums, (_, w, f)| (sums.0 + w, sums.1 + f));
        assert_eq!(sums, (numbers.waiting, numbers.in_flight));
    }

    /// Everything that waits gets its turn once nothing is in the way.
    fn settle(mut self) {
        self.now += 1000;
        while !self.waiting.is_empty() || !self.flying.is_empty() {
            let before = self.waiting.len();
            self.take(Step::Pop);
            if self.waiting.len() == before {
                assert!(!self.flying.is_empty(), "{} wait for nothing", self.waiting.len());
                self.take(Step::End(0, None));
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_or_passed_over_and_no_cap_is_broken(steps in proptest::collection::vec(step(), 0..300)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.settle();
    }

    /// Start-time fair queueing: while two tenants both have something to send, what they got differs by no more than
    /// one message each, by weight.
    #[test]
    fn tenants_that_both_wait_get_turns_by_weight(
        weights in (1_u16..=100, 1_u16..=100), waits in 0_usize..50, turns in 1_usize..400,
    ) {
        let mut lane: Lane<u8> = Lane::new(WIDE);
        let push = |lane: &mut Lane<u8>, n, weight| {
            for destination in 0..1000 {
                lane.push(&Item { weight, ..item(n, destination) }, true, 0, 0, n);
            }
        };
        let next = |lane: &mut Lane<u8>| {
            let (place, n) = lane.pop(0).expect("something waits");
            lane.release(place, 0);
            n
        };
        push(&mut lane, 1, weights.0);
        for _ in 0..waits {
            next(&mut lane);
        }
        push(&mut lane, 2, weights.1);
        let mut got = [0_u64; 2];
        for _ in 0..turns {
            got[usize::from(next(&mut lane) - 1)] += 1;
        }
        let served = [got[0] * u64::from(weights.1), got[1] * u64::from(weights.0)];
        prop_assert!(served[0].abs_diff(served[1]) <= 2 * u64::from(weights.0.max(weights.1)), "{got:?} of {weights:?}");
    }
}

//! Which faults, in which order.

use std::time::Duration;

use crate::random::Dice;

/// What is wrong with the network of one `api`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Partition {
    /// Acknowledgements are lost.
    AcksLost,
    /// Everything takes long.
    Slow,
    /// Connections stay open and nothing passes.
    Silent,
    /// Connections are reset, and new ones as well.
    Reset,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// `kill -9` of `twofold api`.
    KillApi,
    /// `kill -9` of `twofold deliver`.
    KillDeliver,
    /// `kill -9` of `twofold project`.
    KillProject,
    /// `kill -9` of the only NATS server, or of the one that leads the log.
    KillBroker,
    /// `kill -9` of a NATS server that follows.
    KillFollower,
    /// `kill -9` of PostgreSQL.
    KillDatabase,
    /// The way from one `api` to the broker.
    Cut(Partition),
    /// The NATS server that leads the log stands still, connections open.
    Stall,
    /// The log may not grow any more.
    BrokerFull,
    /// PostgreSQL stays away.
    DatabaseDown,
}

impl Fault {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KillApi => "kill -9 api",
            Self::KillDeliver => "kill -9 deliver",
            Self::KillProject => "kill -9 project",
            Self::KillBroker => "kill -9 nats (leader)",
            Self::KillFollower => "kill -9 nats (follower)",
            Self::KillDatabase => "kill -9 postgres",
            Self::Cut(Partition::AcksLost) => "partition: answers lost",
            Self::Cut(Partition::Slow) => "partition: slow",
            Self::Cut(Partition::Silent) => "partition: half open",
            Self::Cut(Partition::Reset) => "partition: reset",
            Self::Stall => "nats stands still",
            Self::BrokerFull => "log full",
            Self::DatabaseDown => "database down",
        }
    }

    /// Whether a process is killed.
    pub const fn kills(self) -> bool {
        match self {
            Self::KillApi
            | Self::KillDeliver
            | Self::KillProject
            | Self::KillBroker
            | Self::KillFollower
            | Self::KillDatabase => true,
            Self::Cut(_) | Self::Stall | Self::BrokerFull | Self::DatabaseDown => false,
        }
    }
}

/// A fault and how long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// What.
    pub fault: Fault,
    /// Until it is mended.
    pub lasts: Duration,
    /// Picks one among several processes.
    pub which: u64,
}

/// Kills in proportion to what they may break. Of one server there is no follower: it is killed instead.
const KILLS: [Fault; 10] = [
    Fault::KillBroker,
    Fault::KillApi,
    Fault::KillDeliver,
    Fault::KillProject,
    Fault::KillDatabase,
    Fault::KillApi,
    Fault::KillFollower,
    Fault::KillProject,
    Fault::KillApi,
    Fault::KillDeliver,
];

/// What breaks without killing.
const OTHERS: [Fault; 5] = [
    Fault::Cut(Partition::AcksLost),
    Fault::Cut(Partition::Silent),
    Fault::Stall,
    Fault::Cut(Partition::Slow),
    Fault::Cut(Partition::Reset),
];

/// One of those for so many kills.
const KILLS_PER_OTHER: usize = 4;

/// So many kills, other faults in between, and a full log and a long absence of the database in the middle.
pub fn plan(kills: usize, replicas: u8, database_down: Duration, dice: &mut Dice) -> Vec<Planned> {
    let mut faults = Vec::new();
    let mut others = OTHERS.iter().cycle();
    for n in 0..kills {
        let fault = KILLS[n % KILLS.len()];
        let alone = fault == Fault::KillFollower && replicas == 1;
        faults.push(if alone { Fault::KillBroker } else { fault });
        if n % KILLS_PER_OTHER == KILLS_PER_OTHER - 1 {
            faults.extend(others.next());
        }
    }
    shuffle(&mut faults, dice);
    faults.insert(faults.len() / 3, Fault::BrokerFull);
    faults.insert(2 * faults.len() / 3, Fault::DatabaseDown);
    faults.into_iter().map(|fault| planned(fault, database_down, dice)).collect()
}

fn planned(fault: Fault, database_down: Duration, dice: &mut Dice) -> Planned {
    let (least_ms, most_ms) = match fault {
        Fault::DatabaseDown => return Planned { fault, lasts: database_down, which: dice.next() },
        // Longer than an append waits for its answer, and shorter.
        Fault::Cut(_) | Fault::Stall | Fault::BrokerFull => (1_500, 7_000),
        Fault::KillApi
        | Fault::KillDeliver
        | Fault::KillProject
        | Fault::KillBroker
        | Fault::KillFollower
        | Fault::KillDatabase => (50, 1_200),
    };
    Planned { fault, lasts: Duration::from_millis(dice.between(least_ms, most_ms)), which: dice.next() }
}

fn shuffle(faults: &mut [Fault], dice: &mut Dice) {
    for at in (1..faults.len()).rev() {
        faults.swap(at, usize::try_from(dice.below(at as u64 + 1)).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn a_plan_has_every_fault_and_as_many_kills_as_asked_for() {
        let plan = plan(100, 3, MINUTE, &mut Dice::new(1));
        assert_eq!(plan.iter().filter(|planned| planned.fault.kills()).count(), 100);
        let kinds: std::collections::BTreeSet<Fault> = plan.iter().map(|planned| planned.fault).collect();
        assert_eq!(kinds.len(), 13);
        let down = plan.iter().find(|planned| planned.fault == Fault::DatabaseDown).expect("planned");
        assert_eq!(down.lasts, MINUTE);
    }

    #[test]
    fn the_same_seed_plans_the_same_and_one_server_has_no_follower() {
        let of = |seed| plan(20, 1, MINUTE, &mut Dice::new(seed));
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
        assert!(of(3).iter().all(|planned| planned.fault != Fault::KillFollower));
    }
}

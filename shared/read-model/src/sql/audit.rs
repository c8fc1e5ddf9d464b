//! Pages of the audit.
//!
//! A page is put together from branches, each of which one index yields in the order of the log: a branch reads as
//! many rows as the page has, however long the history is, as long as only the leading condition is selective. One user's
//! audit has no index and is read along its chain: see [`super::chain`].

use super::{AUDIT_COLUMNS, Numbers};
use crate::filter::MAX_KINDS;

/// The condition that chooses the index.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Lead {
    /// None but tenant and mode: a branch for the mode, one for what concerns the whole tenant.
    #[default]
    Mode,
    /// A request.
    Request,
    /// A user: not a page but a portion of his chain.
    User,
    /// A person who acted.
    ActorToken,
    /// An administrator or support as the actor.
    Helper,
    /// Kinds, a branch for each: how many with a mode, how many of the whole tenant.
    Kinds {
        /// Of users and messages.
        of_mode: usize,
        /// Of the whole tenant.
        tenant_wide: usize,
    },
}

/// Which conditions are set besides the leading one.
///
/// Values: tenant, mode, after (position, place), limit, the leading condition's, then those of the fields in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for one condition")]
pub struct AuditShape {
    /// The leading condition.
    pub lead: Lead,
    /// Backwards.
    pub newest_first: bool,
    /// From, to, and their hours: four values.
    pub time: bool,
    /// User, when another condition leads.
    pub user: bool,
    /// Actor kind, when another condition leads.
    pub actor: bool,
    /// Person who acted, when another condition leads.
    pub actor_token: bool,
    /// How many kinds, when another condition leads.
    pub kinds: usize,
}

/// A page of the audit.
pub fn audit(shape: &AuditShape) -> String {
    if shape.lead == Lead::User {
        return super::chain(shape);
    }
    let mut values = Numbers::from(6);
    let branches = branches(&shape.lead, &mut values);
    let others: String = others(shape, &mut values).into_iter().flat_map(|other| [" AND ".to_owned(), other]).collect();
    let columns = AUDIT_COLUMNS.join(", ");
    let (beyond, order) = if shape.newest_first { ("<", " DESC") } else { (">", "") };
    let order = format!("ORDER BY seq{order}, idx{order} LIMIT $5");
    let one = |lead: &String| {
        format!(
            "SELECT {columns} FROM audit WHERE tenant = $1 AND {lead} AND (seq, idx) {beyond} ($3, $4){others} {order}"
        )
    };
    match branches.as_slice() {
        [lead] => one(lead),
        many => {
            let parts = many.iter().zip(1..).map(|(lead, n)| format!("SELECT {columns} FROM ({}) AS b{n}", one(lead)));
            format!("{} {order}", parts.collect::<Vec<_>>().join(" UNION ALL "))
        }
    }
}

/// `|| ''` keeps a condition from being taken for an index that is not the leading one.
const EITHER_MODE: &str = "((mode || '') = $2 OR (mode || '') = '-')";

fn branches(lead: &Lead, values: &mut Numbers) -> Vec<String> {
    let by_mode = |condition: &str| vec![format!("mode = $2{condition}"), format!("mode = '-'{condition}")];
    match lead {
        Lead::Mode => by_mode(""),
        Lead::Request => vec![format!("request_id = {} AND {EITHER_MODE}", values.next())],
        Lead::User => Vec::new(),
        Lead::ActorToken => vec![format!("actor_token = {} AND {EITHER_MODE}", values.next())],
        // The first condition is the index's own, word for word.
        Lead::Helper => by_mode(&format!(" AND actor IN ('account_admin', 'support') AND actor = {}", values.next())),
        Lead::Kinds { of_mode, tenant_wide } => {
            let modes = std::iter::repeat_n("$2", *of_mode).chain(std::iter::repeat_n("'-'", *tenant_wide));
            modes.map(|mode| format!("mode = {mode} AND kind = {}", values.next())).collect()
        }
    }
}

pub(super) fn others(shape: &AuditShape, values: &mut Numbers) -> Vec<String> {
    let mut conditions = Vec::new();
    if shape.time {
        conditions.push(format!("at >= {}", values.next()));
        conditions.push(format!("at < {}", values.next()));
        conditions.push(format!("seq >= {}", since(&values.next())));
        conditions.push(format!("seq <= (SELECT max(last_seq) FROM audit_hours WHERE hour <= {})", values.next()));
    }
    for (column, set) in [("user_token", shape.user), ("actor", shape.actor), ("actor_token", shape.actor_token)] {
        if set {
            conditions.push(format!("({column} || '') = {}", values.next()));
        }
    }
    // A user's rows without a mode are from before he was known. A request shows them.
    if shape.user && shape.lead != Lead::Request {
        conditions.push("(mode || '') = $2".to_owned());
    }
    if shape.kinds > 0 {
        let kinds: Vec<_> = (0..shape.kinds).map(|_| values.next()).collect();
        conditions.push(format!("(kind || '') IN ({})", kinds.join(", ")));
    }
    conditions
}

/// The first position of an hour or of a later one.
pub(super) fn since(hour: &str) -> String {
    format!("(SELECT min(first_seq) FROM audit_hours WHERE hour >= {hour})")
}

impl AuditShape {
    /// Every combination; of the numbers of kinds only a few.
    pub fn every() -> Vec<Self> {
        let leads = [
            Lead::Mode,
            Lead::Request,
            Lead::User,
            Lead::ActorToken,
            Lead::Helper,
            Lead::Kinds { of_mode: 1, tenant_wide: 0 },
            Lead::Kinds { of_mode: 0, tenant_wide: 1 },
            Lead::Kinds { of_mode: MAX_KINDS / 2, tenant_wide: MAX_KINDS / 2 },
        ];
        let bit = |number: u8, place: u8| number >> place & 1 == 1;
        let mut shapes = Vec::new();
        for lead in leads {
            for n in 0..64 {
                shapes.push(Self {
                    lead: lead.clone(),
                    newest_first: bit(n, 0),
                    time: bit(n, 1),
                    user: bit(n, 2),
                    actor: bit(n, 3),
                    actor_token: bit(n, 4),
                    kinds: if bit(n, 5) { MAX_KINDS } else { 0 },
                });
            }
        }
        shapes
    }
}

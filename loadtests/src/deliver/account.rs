//! The account of every message: what was asked for, what the program says, and what the providers have.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::ledger::Row;
use super::report::Line;
use super::requests::{Outcome, User};
use super::tenants::Tenant;
use crate::providers::{Book, Entry};

/// Most repetitions among ten thousand messages.
const DUPLICATES_PER_10_000: u64 = 10;
/// No attempt begins when less of a code's life is left.
const LAST_CALL_MS: u64 = 20_000;

/// Messages counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) requested: u64,
    pub(super) by_status: BTreeMap<String, u64>,
    pub(super) by_cause: BTreeMap<String, u64>,
    /// Acknowledged, and the program knows nothing of it.
    pub(super) lost: u64,
    pub(super) open: u64,
    pub(super) without_cause: u64,
    /// The program says that it was taken, and no provider has it.
    pub(super) invented: u64,
    /// A provider has it, and the program does not say so.
    pub(super) unknown: u64,
    /// Given up as out of time while there was time for an attempt.
    pub(super) early: u64,
    /// Taken by a provider after the code's end.
    pub(super) late: u64,
    pub(super) taken: u64,
    pub(super) duplicates: u64,
    /// Of these, those whose sender was not told that the first was taken.
    pub(super) after_a_cut: u64,
}

impl Account {
    /// Compares the three.
    pub(super) fn of(outcome: &Outcome, rows: &[Row], tenants: &[Tenant], book: &Book) -> Self {
        let mut made = Self { requested: rows.len() as u64, ..Self::default() };
        let known: HashSet<(usize, usize)> = rows.iter().map(|row| (row.tenant, row.user)).collect();
        let is_lost = |user: User| !known.contains(&(user.tenant, user.number));
        made.lost = outcome.asked.iter().filter(|asked| is_lost(asked.user)).count() as u64;
        // One user asks for one code; a second one only when an answer was lost. Then the later end holds.
        let mut ends: HashMap<(usize, usize), u64> = HashMap::new();
        for row in rows {
            let end = ends.entry((row.tenant, row.user)).or_default();
            *end = (*end).max(row.expires_ms);
        }
        for row in rows {
            made.row(row, taken_of(&book.of(&tenants[row.tenant].recipient(row.user))));
        }
        for ((tenant, user), end) in ends {
            for (_, entry) in book.of(&tenants[tenant].recipient(user)) {
                made.entry(&entry, end);
            }
        }
        made
    }

    fn row(&mut self, row: &Row, taken: bool) {
        *self.by_status.entry(row.status.clone()).or_default() += 1;
        self.open += u64::from(row.is_open());
        let says_taken = matches!(row.status.as_str(), "accepted" | "delivered" | "bounced" | "used");
        self.invented += u64::from(says_taken && !taken);
        self.unknown += u64::from(taken && !says_taken && !row.is_open());
        if row.status == "dead" {
            self.without_cause += u64::from(row.cause.is_empty());
            *self.by_cause.entry(row.cause.clone()).or_default() += 1;
        }
        self.early += u64::from(row.status == "expired" && row.updated_ms + LAST_CALL_MS < row.expires_ms);
    }

    fn entry(&mut self, entry: &Entry, end: u64) {
        self.taken += u64::from(entry.taken > 0);
        self.duplicates += u64::from(entry.taken.saturating_sub(1));
        self.after_a_cut += u64::from(entry.untold.min(entry.taken.saturating_sub(1)));
        self.late += u64::from(entry.taken > 0 && entry.last_taken_ms > end);
    }

    /// The table.
    pub(super) fn lines(&self, outcome: &Outcome) -> Vec<Line> {
        let mut lines = vec![
            Line::count("acknowledged requests", outcome.asked.len() as u64),
            Line::count("messages requested", self.requested),
        ];
        for (answer, count) in &outcome.refused {
            lines.push(Line::none(&format!("requests answered {answer}"), *count));
        }
        for (status, count) in &self.by_status {
            lines.push(Line::count(status, *count));
            if status == "dead" {
                let causes = self.by_cause.iter().map(|(cause, n)| Line::count(&format!("  dead: {cause}"), *n));
                lines.extend(causes);
            }
        }
        lines.extend([
            Line::none("acknowledged, without a record", self.lost),
            Line::none("without an end", self.open),
            Line::none("dead without a cause", self.without_cause),
            Line::none("expired while there was time", self.early),
            Line::none("handed over after expiry", self.late),
            Line::none("accepted, and no provider has it", self.invented),
            Line::count("a provider has it, and the ledger does not say so", self.unknown),
            Line::at_most("duplicates", self.duplicates, self.taken * DUPLICATES_PER_10_000 / 10_000),
            Line::count("  duplicates after an answer that was cut off", self.after_a_cut),
        ]);
        lines
    }
}

fn taken_of(entries: &[(String, Entry)]) -> bool {
    entries.iter().any(|(_, entry)| entry.taken > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::requests::Asked;
    use crate::deliver::tenants::{Wanted, Way};
    use crate::providers::{Came, Character, Mishap, now_ms};

    fn row(user: usize, status: &str, cause: &str, life_left_ms: u64) -> Row {
        let (status, cause, updated_ms) = (status.to_owned(), cause.to_owned(), now_ms());
        Row { tenant: 0, user, status, cause, updated_ms, expires_ms: updated_ms + life_left_ms }
    }

    #[test]
    fn every_broken_promise_is_counted_once_and_breaks_its_line() {
        let wanted = Wanted { way: Way::Mail, character: Character::Good };
        let tenants = [Tenant { number: 0, wanted, key: String::new() }];
        let book = Book::default();
        for user in [0, 0, 1, 5] {
            book.note(Came {
                provider: 0,
                recipient: &tenants[0].recipient(user),
                code: "123456",
                mishap: Mishap::Cut,
            });
        }
        let mut late = row(1, "accepted", "", 0);
        late.expires_ms = now_ms() - 1000;
        let rows = [
            row(0, "accepted", "", 60_000),
            late,
            row(2, "accepted", "", 60_000),
            row(3, "pending", "", 60_000),
            row(4, "dead", "", 60_000),
            row(5, "dead", "unknown: cut", 60_000),
            row(6, "expired", "", 25_000),
            row(7, "expired", "", 20_000),
        ];
        let asked = (0..9).map(|number| Asked { user: User { tenant: 0, number }, at_ms: 0 }).collect();
        let outcome = Outcome { asked, refused: BTreeMap::new() };
        let account = Account::of(&outcome, &rows, &tenants, &book);
        assert_eq!((account.requested, account.lost, account.open, account.without_cause), (8, 1, 1, 1));
        assert_eq!((account.invented, account.unknown, account.early, account.late), (1, 1, 1, 1));
        assert_eq!((account.taken, account.duplicates, account.after_a_cut), (3, 1, 1));
        let broken: Vec<String> =
            account.lines(&outcome).into_iter().filter(|line| !line.holds()).map(|line| line.name).collect();
        assert_eq!(
            broken,
            [
                "acknowledged, without a record",
                "without an end",
                "dead without a cause",
                "expired while there was time",
                "handed over after expiry",
                "accepted, and no provider has it",
                "duplicates",
            ]
        );
    }
}

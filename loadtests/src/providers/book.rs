//! What the providers were given, so that duplicates and late messages can be counted.

use std::collections::HashMap;

use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::oneshot;

use super::profile::Mishap;
use crate::machine::unix_ms;

/// Messages remembered; later ones are only counted. About 150 bytes each.
const REMEMBERED_MAX: usize = 2_000_000;

/// One message: a code for a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The provider it came to.
    pub provider: usize,
    /// When it first came, taken or not; milliseconds since 1970.
    pub first_seen_ms: u64,
    /// When it was first taken; 0 as long as it was not.
    pub first_taken_ms: u64,
    /// When it was last taken.
    pub last_taken_ms: u64,
    /// How often it came.
    pub seen: u32,
    /// How often it was taken.
    pub taken: u32,
    /// How often it was taken and its sender not told so.
    pub untold: u32,
}

/// A message as it came.
#[derive(Debug, Clone, Copy)]
pub struct Came<'a> {
    /// To which provider.
    pub provider: usize,
    /// Address or number.
    pub recipient: &'a str,
    /// The digits in its text; empty for a notice.
    pub code: &'a str,
    /// What happens to it.
    pub mishap: Mishap,
}

#[derive(Debug, Default)]
struct Pages {
    entries: HashMap<Box<str>, Vec<(Box<str>, Entry)>>,
    count: usize,
    taken: u64,
    unremembered: u64,
}

/// The book of all providers.
#[derive(Debug, Default)]
pub struct Book {
    pages: Mutex<Pages>,
    /// Who waits for the next code to a recipient.
    waiting: Mutex<HashMap<Box<str>, oneshot::Sender<String>>>,
}

impl Book {
    /// The code of the next message to a recipient that is taken and has one. Of two who wait for the same recipient, the
    /// later one gets it.
    pub fn next_to(&self, recipient: &str) -> oneshot::Receiver<String> {
        let (tell, told) = oneshot::channel();
        self.waiting.lock().insert(recipient.into(), tell);
        told
    }

    /// Takes down a message that came just now.
    pub fn note(&self, came: Came<'_>) {
        let (now, taken) = (now_ms(), came.mishap.takes());
        if taken
            && !came.code.is_empty()
            && let Some(tell) = self.waiting.lock().remove(came.recipient)
        {
            // Nobody may be waiting any more.
            let _ = tell.send(came.code.to_owned());
        }
        let mut pages = self.pages.lock();
        pages.taken += u64::from(taken);
        let known = pages.entries.get(came.recipient).is_some_and(|all| all.iter().any(|(c, _)| **c == *came.code));
        if !known && pages.count >= REMEMBERED_MAX {
            pages.unremembered += 1;
            return;
        }
        pages.count += usize::from(!known);
        if !known {
            let entry = Entry {
                provider: came.provider,
                first_seen_ms: now,
                first_taken_ms: 0,
                last_taken_ms: 0,
                seen: 0,
                taken: 0,
                untold: 0,
            };
            pages.entries.entry(came.recipient.into()).or_default().push((came.code.into(), entry));
        }
        let of_code = |all: &mut Vec<(Box<str>, Entry)>| all.iter().position(|(code, _)| **code == *came.code);
        let Some(all) = pages.entries.get_mut(came.recipient) else { return };
        let Some((_, entry)) = of_code(all).and_then(|at| all.get_mut(at)) else { return };
        entry.seen += 1;
        if taken {
            entry.taken += 1;
            entry.untold += u32::from(came.mishap == Mishap::Cut);
            entry.last_taken_ms = now;
            if entry.first_taken_ms == 0 {
                entry.first_taken_ms = now;
            }
        }
    }

    /// The messages to a recipient, with their codes, in the order in which they first came.
    pub fn of(&self, recipient: &str) -> Vec<(String, Entry)> {
        let pages = self.pages.lock();
        let all = pages.entries.get(recipient).map(Vec::as_slice).unwrap_or_default();
        all.iter().map(|(code, entry)| (code.to_string(), *entry)).collect()
    }

    /// Messages taken, repetitions included.
    pub fn taken(&self) -> u64 {
        self.pages.lock().taken
    }

    /// Different messages taken, and how often any of them was taken once more.
    pub fn duplicates(&self) -> (u64, u64) {
        let pages = self.pages.lock();
        let taken = pages.entries.values().flatten().map(|(_, entry)| u64::from(entry.taken)).filter(|n| *n > 0);
        taken.fold((0, 0), |(count, again), n| (count + 1, again + n - 1))
    }

    /// When each message of some providers was first taken, in milliseconds since 1970, in order.
    pub fn moments(&self, of: impl Fn(usize) -> bool) -> Vec<u64> {
        let pages = self.pages.lock();
        let entries = pages.entries.values().flatten().map(|(_, entry)| entry);
        let mut moments: Vec<u64> =
            entries.filter(|e| e.taken > 0 && of(e.provider)).map(|e| e.first_taken_ms).collect();
        moments.sort_unstable();
        moments
    }

    /// Totals, for people and programs.
    pub fn totals(&self) -> serde_json::Value {
        let (messages, again) = self.duplicates();
        let pages = self.pages.lock();
        json!({
            "taken": pages.taken, "messages": messages, "duplicates": again,
            "seen": pages.entries.values().flatten().map(|(_, e)| u64::from(e.seen)).sum::<u64>(),
            "not_remembered": pages.unremembered,
        })
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    unix_ms()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_gets_the_next_code_that_is_taken_and_no_notice() {
        let book = Book::default();
        let came = |code, mishap| book.note(Came { provider: 0, recipient: "a@example.net", code, mishap });
        came("111111", Mishap::None);
        let mut told = book.next_to("a@example.net");
        came("222222", Mishap::Refused);
        came("", Mishap::None);
        assert!(told.try_recv().is_err());
        came("333333", Mishap::None);
        came("444444", Mishap::None);
        assert_eq!(told.try_recv().ok().as_deref(), Some("333333"));
    }

    #[test]
    fn a_message_is_its_recipient_and_its_code_and_every_repetition_counts() {
        let book = Book::default();
        let came = |recipient, code, mishap| book.note(Came { provider: 3, recipient, code, mishap });
        came("a@example.net", "111111", Mishap::Busy);
        came("a@example.net", "111111", Mishap::Cut);
        came("a@example.net", "111111", Mishap::None);
        came("a@example.net", "222222", Mishap::None);
        came("b@example.net", "111111", Mishap::Hang);
        assert_eq!(book.duplicates(), (2, 1));
        assert_eq!((book.taken(), book.totals()["seen"].as_u64()), (3, Some(5)));
        let of: Vec<(String, u32, u32, u32)> =
            book.of("a@example.net").into_iter().map(|(code, e)| (code, e.seen, e.taken, e.untold)).collect();
        assert_eq!(of, [("111111".to_owned(), 3, 2, 1), ("222222".to_owned(), 1, 1, 0)]);
        assert_eq!((book.moments(|p| p == 3).len(), book.moments(|p| p == 4).len()), (2, 0));
        assert!(book.of("c@example.net").is_empty());
    }
}

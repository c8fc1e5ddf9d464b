//! What happened lately, forgotten after a while and in any case when there is too much of it (C26).

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use crate::Timestamp;

/// Values by key, in the order in which they came. A key that is given again keeps its place.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    values: HashMap<K, V>,
    order: VecDeque<(Timestamp, K)>,
    max: usize,
}

impl<K: Clone + Eq + Hash, V> Recent<K, V> {
    pub fn new(max: usize) -> Self {
        Self { values: HashMap::new(), order: VecDeque::new(), max }
    }

    /// Keeps a value; answers the oldest one when there is no room for both.
    pub fn put(&mut self, at: Timestamp, key: K, value: V) -> Option<V> {
        if self.values.insert(key.clone(), value).is_some() {
            return None;
        }
        self.order.push_back((at, key));
        if self.order.len() > self.max { self.pop() } else { None }
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.values.get_mut(key)
    }

    /// The oldest one when it is no younger than `until`.
    pub fn pop_until(&mut self, until: Timestamp) -> Option<V> {
        loop {
            let (at, _) = self.order.front()?;
            if *at > until {
                return None;
            }
            // What was dropped meanwhile has left its place in the order behind.
            if let Some(value) = self.pop() {
                return Some(value);
            }
        }
    }

    /// Drops what is not wanted.
    pub fn retain(&mut self, wanted: impl Fn(&V) -> bool) {
        self.values.retain(|_, value| wanted(value));
    }

    fn pop(&mut self) -> Option<V> {
        let (_, key) = self.order.pop_front()?;
        self.values.remove(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_by_age_or_for_want_of_room() {
        let mut recent = Recent::new(2);
        assert_eq!(recent.put(Timestamp(1), 'a', 1), None);
        assert_eq!(recent.put(Timestamp(2), 'b', 2), None);
        assert_eq!(recent.put(Timestamp(3), 'a', 10), None);
        assert_eq!(recent.put(Timestamp(4), 'c', 3), Some(10));
        assert_eq!(recent.pop_until(Timestamp(1)), None);
        assert_eq!(recent.pop_until(Timestamp(2)), Some(2));
        recent.retain(|value| *value != 3);
        assert_eq!(recent.get(&'c'), None);
        assert_eq!(recent.pop_until(Timestamp(9)), None);
    }
}

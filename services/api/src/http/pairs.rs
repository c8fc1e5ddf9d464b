//! A query string name by name, for routes whose parameters repeat or depend on each other.

use std::str::FromStr;

use axum::extract::Query;
use axum::http::request::Parts;
use twofold_domain::Timestamp;

use super::problem::{Problem, Result};

/// Parameters of one query string at most (C26).
const MAX_PAIRS: usize = 64;

/// Names and values, percent-decoded. Taken out one by one; what is left at the end is unknown.
#[derive(Debug)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Of a request.
    pub fn of(parts: &Parts) -> Result<Self> {
        let found = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let Query(pairs) = found.map_err(|error| Problem::bad_request("invalid_query", error.body_text()))?;
        if pairs.len() > MAX_PAIRS {
            return Err(Problem::bad_request("invalid_query", format!("at most {MAX_PAIRS} parameters")));
        }
        Ok(Self(pairs))
    }

    /// Every value of a name.
    pub fn all(&mut self, name: &str) -> Vec<String> {
        let (found, rest) = std::mem::take(&mut self.0).into_iter().partition(|(key, _)| key == name);
        self.0 = rest;
        let found: Vec<(String, String)> = found;
        found.into_iter().map(|(_, value)| value).collect()
    }

    /// The only value of a name.
    pub fn one(&mut self, name: &str) -> Result<Option<String>> {
        let mut values = self.all(name);
        if values.len() > 1 {
            return Err(Problem::bad_request("invalid_query", format!("{name} can be given once")));
        }
        Ok(values.pop())
    }

    /// A number.
    pub fn number<T: FromStr>(&mut self, name: &str) -> Result<Option<T>> {
        let read = |text: String| text.parse().map_err(|_| Problem::invalid(name, "a whole number"));
        self.one(name)?.map(read).transpose()
    }

    /// An RFC 3339 instant. A `+` that was sent unencoded arrives as a blank and is taken for what it was meant to be.
    pub fn instant(&mut self, name: &str) -> Result<Option<Timestamp>> {
        let problem = || Problem::invalid(name, "an RFC 3339 instant such as 2027-01-31T12:00:00Z");
        self.one(name)?.map(|text| Timestamp::parse_rfc3339(&text.replace(' ', "+")).ok_or_else(problem)).transpose()
    }

    /// A value of a closed list.
    pub fn choice<T>(&mut self, name: &str, accepted: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        self.one(name)?
            .map(|text| read(&text).ok_or_else(|| Problem::invalid(name, format!("one of {accepted}"))))
            .transpose()
    }

    /// Refuses what was not taken out.
    pub fn finish(self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
                Err(Problem::bad_request("invalid_query", format!("unknown parameter `{shown}`; see /docs")))
            }
        }
    }
}

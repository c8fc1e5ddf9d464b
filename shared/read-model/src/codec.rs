//! Column texts: names and small JSON objects. Independent of the database.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use twofold_domain::actor::{ActorKind, Role};
use twofold_domain::user::{Budget, Lock};
use twofold_domain::{Channel, FactorId, FactorKind, Method, Mode, Timestamp};

use crate::rows::EnrolledMethod;

const EMPTY: &str = "{}";

#[derive(Serialize, Deserialize)]
struct MethodJson {
    factor: FactorId,
    since: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct BudgetJson {
    failures: u32,
    locked_until: Option<Timestamp>,
    for_good: bool,
}

/// Methods as a column.
pub(crate) fn methods_text(methods: &BTreeMap<Method, EnrolledMethod>) -> String {
    let json = |(method, known): (&Method, &EnrolledMethod)| {
        (*method, MethodJson { factor: known.factor.clone(), since: known.since })
    };
    object_text(&methods.iter().map(json).collect())
}

/// Reads what [`methods_text`] wrote.
pub(crate) fn parse_methods(text: &str) -> Option<BTreeMap<Method, EnrolledMethod>> {
    let known =
        |(method, json): (Method, MethodJson)| (method, EnrolledMethod { factor: json.factor, since: json.since });
    Some(parse_object(text)?.into_iter().map(known).collect())
}

/// A pattern that finds a method in what [`methods_text`] wrote.
pub(crate) fn method_pattern(method: Method) -> String {
    format!("%\"{}\":%", method.name())
}

/// Budgets as a column.
pub(crate) fn failures_text(failures: &BTreeMap<FactorKind, Budget>) -> String {
    let json = |(kind, budget): (&FactorKind, &Budget)| {
        let (locked_until, for_good) = match budget.lock {
            Lock::Open => (None, false),
            Lock::Until(until) => (Some(until), false),
            Lock::Hard => (None, true),
        };
        (*kind, BudgetJson { failures: budget.failures, locked_until, for_good })
    };
    object_text(&failures.iter().map(json).collect())
}

/// Reads what [`failures_text`] wrote.
pub(crate) fn parse_failures(text: &str) -> Option<BTreeMap<FactorKind, Budget>> {
    let budget = |(kind, json): (FactorKind, BudgetJson)| {
        let open_or_until = json.locked_until.map_or(Lock::Open, Lock::Until);
        (kind, Budget { failures: json.failures, lock: if json.for_good { Lock::Hard } else { open_or_until } })
    };
    Some(parse_object(text)?.into_iter().map(budget).collect())
}

fn object_text<K: Serialize + Ord, V: Serialize>(map: &BTreeMap<K, V>) -> String {
    // Keys are unit variants and values plain numbers and texts: nothing that could fail.
    if map.is_empty() { EMPTY.to_owned() } else { serde_json::to_string(map).unwrap_or_default() }
}

fn parse_object<K: for<'a> Deserialize<'a> + Ord, V: for<'a> Deserialize<'a>>(text: &str) -> Option<BTreeMap<K, V>> {
    if text == EMPTY { Some(BTreeMap::new()) } else { serde_json::from_str(text).ok() }
}

/// Stands for "no mode" in a column.
pub(crate) const TENANT_WIDE: &str = "-";

pub(crate) fn mode_text(mode: Option<Mode>) -> &'static str {
    mode.map_or(TENANT_WIDE, Mode::name)
}

pub(crate) fn parse_mode(text: &str) -> Option<Mode> {
    [Mode::Live, Mode::Test].into_iter().find(|mode| mode.name() == text)
}

pub(crate) fn parse_role(text: &str) -> Option<Role> {
    [Role::User, Role::Admin].into_iter().find(|role| role.name() == text)
}

pub(crate) fn parse_channel(text: &str) -> Option<Channel> {
    [Channel::Email, Channel::Sms].into_iter().find(|channel| channel.name() == text)
}

pub(crate) fn parse_actor(text: &str) -> Option<ActorKind> {
    let all = [ActorKind::User, ActorKind::AccountAdmin, ActorKind::Support, ActorKind::System];
    all.into_iter().find(|actor| actor.name() == text)
}

//! What limits and budgets held back.

use twofold_engine::GuardCounts;

use super::encoder::Encoder;

pub(super) fn encode(to: &mut Encoder<'_>, counts: &GuardCounts) -> std::fmt::Result {
    let withheld = counts.withheld.iter().map(|(reason, count)| ([("reason", reason.name())], *count));
    to.counters("delivery_withheld", "Messages held back by limits, budgets and lists", withheld)?;
    let warnings = counts.budget_warnings.iter().map(|(channel, count)| ([("channel", channel.name())], *count));
    to.counters("delivery_budget_warnings", "Budgets of tenants that came near their end", warnings)?;
    to.counter("delivery_uncounted", "Messages let through because usage could not be counted", counts.uncounted)?;
    to.counter("delivery_uncountable", "Text messages refused because usage could not be counted", counts.unknown)
}

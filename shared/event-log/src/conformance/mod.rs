//! What every adapter must do. An adapter's tests name a [`Harness`] and [`crate::conformance_suite!`] makes a test of
//! each function here.
//!
//! The functions panic when the adapter is wrong, as tests do.
#![allow(clippy::missing_panics_doc, reason = "these are tests, only kept where other crates can reach them")]

pub mod append;
pub mod atomicity;
pub mod limits;
pub mod mixed;
pub mod order;
pub mod race;
pub mod reopen;
pub mod repeat;
mod sample;
pub mod snapshots;
pub mod subjects;
pub mod usage;
pub mod watch;

use std::sync::Arc;

pub use sample::Sample;

use crate::{BoxFuture, EventLog};

/// One log under test, empty at first. Dropping the harness removes it.
pub trait Harness: Send + Sync {
    /// Opens the log; called again, one more handle of the same log, as another process would have.
    fn open(&self) -> BoxFuture<'_, Arc<dyn EventLog>>;
}

/// Makes a test of every function of the suite. The expression makes a new harness and is awaited by nobody.
#[macro_export]
macro_rules! conformance_suite {
    ($harness:expr) => {
        $crate::conformance_suite! { @tests $harness;
            append::a_subject_grows_by_exact_expectations
            append::a_wrong_expectation_is_a_conflict_and_stores_nothing
            append::ledger_entries_need_no_expectation
            atomicity::a_group_is_stored_whole_and_side_by_side
            atomicity::one_wrong_expectation_stores_nothing_of_the_group
            atomicity::conflicts_reject_only_their_own_group
            limits::the_largest_payload_fits_and_one_byte_more_does_not
            limits::malformed_groups_are_refused
            limits::a_read_is_cut_to_the_limit
            mixed::everything_acknowledged_is_there_exactly_once
            order::the_whole_log_reads_in_order_without_gaps
            order::a_category_reads_in_both_directions
            order::a_subject_reads_from_any_position
            order::the_end_of_a_subject_reads_newest_first
            order::what_is_acknowledged_is_read_at_once_over_every_handle
            race::one_of_sixteen_writers_wins_each_round
            race::two_groups_over_the_same_subjects_never_mix
            race::unconditional_entries_are_all_stored
            reopen::a_reopened_log_has_everything_and_goes_on
            repeat::a_repeated_commit_answers_its_first_position
            repeat::a_repeated_group_answers_its_first_positions
            repeat::a_commit_of_the_past_is_a_conflict
            repeat::a_group_of_the_past_is_a_conflict
            repeat::an_abandoned_append_happens_once_at_most
            subjects::neighbours_never_see_each_other
            subjects::no_subject_is_a_pattern
            watch::an_own_append_wakes_the_watcher
            watch::another_handles_append_wakes_the_watcher
        }
    };
    (@tests $harness:expr; $($module:ident :: $test:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                $crate::conformance::$module::$test(&$harness).await;
            }
        )*
    };
}

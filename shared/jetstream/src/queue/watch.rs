//! Looking at a consumer from outside: is it there, what waits, does anything come?

use std::time::Duration;

use tokio::time::sleep;

use super::lane::Lane;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// So many looks in a row at waiting messages, of which none came, and the question is put anew.
const STALLED_AFTER: u32 = 5;

/// Looks for ever.
pub(super) async fn watch(lane: &Lane) {
    let mut idle = 0;
    let mut came = 0;
    loop {
        match lane.consumer.look().await {
            Ok(Some(info)) => {
                let now = lane.numbers.came_so_far(lane.index);
                let room =
                    i64::try_from(info.num_ack_pending).is_ok_and(|claimed| claimed < info.config.max_ack_pending);
                let comes = now != came || info.num_pending == 0 || !room || !lane.hall.is_asked();
                (idle, came) = (if comes { 0 } else { idle + 1 }, now);
                let stalled = idle >= STALLED_AFTER;
                lane.numbers.looked(lane.index, &info, stalled);
                if stalled && idle.is_multiple_of(STALLED_AFTER) {
                    let (pending, paused) = (info.num_pending, info.paused);
                    tracing::error!(consumer = info.name, pending, paused, "delivery requests wait and none comes");
                    lane.anew.send_replace(());
                }
            }
            Ok(None) => {
                lane.numbers.lost(lane.index);
                lane.anew.send_replace(());
            }
            Err(error) => {
                tracing::debug!(consumer = lane.consumer.name(), %error, "the consumer cannot be looked at");
                lane.numbers.lost(lane.index);
            }
        }
        sleep(LOOK_EVERY).await;
    }
}

//! New requests, as they come.

use std::time::Duration;

use twofold_event_log::{Category, Seq};

use super::admit::{Admission, Origin};
use super::past::{Known, Past, known_of};
use super::reader::{PAGE, Reader};

/// Least time between two empty-handed looks: the head moves with every verification, requests are rarer.
const GATHER: Duration = Duration::from_millis(20);
/// Looks are made at least this often, whatever the head says.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Admits every request after a position; never ends.
pub(super) async fn follow(admission: &Admission, reader: &Reader, mut after: Seq) {
    let mut head = reader.log().watch();
    loop {
        head.borrow_and_update();
        let page = reader.patiently(|log| log.read_category(Category::Delivery, after, PAGE)).await;
        for stored in &page {
            after = stored.seq;
            let Some(request) = reader.request(stored).await.filter(|request| admission.wants(&request.asked)) else {
                continue;
            };
            // One that was asked for here and now has no past; a redriven one has.
            let known = if request.redriven { known_of(reader, &request).await } else { Known::Tried(Past::default()) };
            let past = match known {
                Known::Ended => continue,
                Known::Tried(past) => Some(past),
                Known::Lost(_) => None,
            };
            let room = admission.room().await;
            admission.admit(room, request, Origin::Log(past)).await;
        }
        if page.is_empty() {
            if let Ok(Err(_)) = tokio::time::timeout(LOOK_EVERY, head.changed()).await {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            tokio::time::sleep(GATHER).await;
        }
    }
}

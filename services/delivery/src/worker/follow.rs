//! New requests, as they come.

use std::time::Duration;

use twofold_event_log::{Category, Seq};

use super::admit::{Admission, Origin};
use super::past::Past;
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
            if let Some(request) = reader.request(stored).filter(|request| admission.wants(&request.asked)) {
                let room = admission.room().await;
                admission.admit(room, request, Origin::Log(Past::default()));
            }
        }
        if page.is_empty() {
            if let Ok(Err(_)) = tokio::time::timeout(LOOK_EVERY, head.changed()).await {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            tokio::time::sleep(GATHER).await;
        }
    }
}

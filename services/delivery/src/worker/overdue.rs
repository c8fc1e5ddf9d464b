//! Messages whose time ran out while they waited: written down many at once, without a look at their users.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use twofold_domain::Mode;
use twofold_domain::delivery::DeliveryEvent;
use twofold_event_log::{Category, MAX_GROUP_COMMITS, Seq, Stored};

use super::admit::Admission;
use super::job::Job;
use super::past::{Known, known_of};
use super::reader::{PAGE, Reader};
use super::request::Request;

/// Looks at the clock this often.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Questions to the ledger, or groups of entries for it, under way at once.
const AT_ONCE: usize = 8;

/// Ends what is overdue; never ends itself.
pub(super) async fn end_overdue(admission: &Arc<Admission>) {
    let clock = admission.reader.engine.clock();
    loop {
        let over = admission.yard.take_overdue(clock.now(), PAGE);
        if over.is_empty() {
            let _ = tokio::time::timeout(LOOK_EVERY, admission.yard.overdue.notified()).await;
            continue;
        }
        let groups = groups(admission, over).await;
        let written = stream::iter(groups).map(|group| end_together(admission, group));
        written.buffer_unordered(AT_ONCE).for_each(|()| async {}).await;
    }
}

/// Reads the messages again that are known by their position only, and asks the ledger where that was not done.
async fn groups(admission: &Admission, mut over: Vec<Job>) -> Vec<Vec<(Request, Job, u32)>> {
    over.sort_by_key(|job| job.seq);
    let mut page = Page::default();
    let mut read = Vec::with_capacity(over.len());
    for mut job in over {
        let request = match job.whole.take() {
            Some(whole) => Some(*whole),
            None => page.request(&admission.reader, job.seq).await,
        };
        if let Some(request) = request {
            read.push((request, job));
        } else {
            tracing::error!(seq = job.seq.0, "a delivery request cannot be read any more");
        }
    }
    let known = stream::iter(read).map(async |(request, job)| {
        let known = match job.past {
            Some(past) => Known::Tried(past),
            None => known_of(&admission.reader, &request).await,
        };
        match known {
            Known::Tried(past) => Some((request, job, past.attempts)),
            Known::Ended => {
                job.end(&request).await;
                None
            }
            Known::Lost(event) => {
                admission.carrier.ledger.record(&request, &event).await;
                job.end(&request).await;
                None
            }
        }
    });
    let open = known.buffer_unordered(AT_ONCE).filter_map(std::future::ready);
    open.chunks(MAX_GROUP_COMMITS).collect().await
}

async fn end_together(admission: &Admission, group: Vec<(Request, Job, u32)>) {
    let mut entries = Vec::with_capacity(group.len());
    let mut jobs = Vec::with_capacity(group.len());
    for (request, job, attempt) in group {
        let event = match request.asked.mode {
            Mode::Live => DeliveryEvent::Expired { attempt },
            Mode::Test => DeliveryEvent::Captured,
        };
        jobs.push((request.clone(), job));
        entries.push((request, event));
    }
    admission.carrier.ledger.record_together(&entries).await;
    for (request, job) in jobs {
        job.end(&request).await;
    }
}

/// A part of the log: what is overdue together was mostly asked for together.
#[derive(Default)]
struct Page(Vec<Stored>);

impl Page {
    async fn request(&mut self, reader: &Reader, seq: Seq) -> Option<Request> {
        if self.0.binary_search_by_key(&seq, |stored| stored.seq).is_err() {
            let before = Seq(seq.0.saturating_sub(1));
            self.0 = reader.patiently(|log| log.read_category(Category::Delivery, before, PAGE)).await;
        }
        let at = self.0.binary_search_by_key(&seq, |stored| stored.seq).ok()?;
        reader.request(&self.0[at]).await
    }
}

//! Reading.

use super::Harness;
use super::sample::{Sample, put, whole};
use crate::{Append, BoxFuture, Category, EventLog, ReadError, Seq, Stored};

const COMMITS: u64 = 60;

/// Two of three commits belong to users, the others to the other categories in turn.
async fn fill(log: &dyn EventLog) {
    for n in 0..COMMITS {
        let commit = match n % 12 {
            3 => Sample::first(&Sample::tenant()),
            7 => Sample::first(&Sample::delivery()),
            9 => Sample::first(&Sample::suppression()),
            11 => Sample::commit(&Sample::ledger(), None),
            _ => Sample::first(&Sample::user()),
        };
        assert_eq!(put(log, commit).await, Seq(n + 1));
    }
}

fn seqs(stored: &[Stored]) -> Vec<u64> {
    stored.iter().map(|stored| stored.seq.0).collect()
}

/// Any start and any page size give the same commits.
pub async fn the_whole_log_reads_in_order_without_gaps(harness: &dyn Harness) {
    let log = harness.open().await;
    assert!(log.read_all(Seq::ZERO, 10).await.expect("reads").is_empty());
    fill(&*log).await;
    let all = whole(&*log).await;
    assert_eq!(seqs(&all), (1..=COMMITS).collect::<Vec<_>>());
    for (after, limit) in [(0_u64, 1_usize), (0, 7), (13, 20), (COMMITS - 1, 10), (COMMITS, 10), (u64::MAX, 10)] {
        let expected: Vec<_> = (after.saturating_add(1)..=COMMITS).take(limit).collect();
        assert_eq!(seqs(&log.read_all(Seq(after), limit).await.expect("reads")), expected);
    }
}

/// Forwards and backwards, each page where the last one ended.
pub async fn a_category_reads_in_both_directions(harness: &dyn Harness) {
    let log = harness.open().await;
    fill(&*log).await;
    let all = whole(&*log).await;
    for category in Category::ALL {
        let of_category = all.iter().filter(|stored| stored.subject.category() == category);
        let mut expected: Vec<_> = of_category.cloned().collect();
        assert!(expected.len() >= 5);
        let mut forwards = Vec::new();
        let mut after = Seq::ZERO;
        while let page = log.read_category(category, after, 3).await.expect("reads")
            && let Some(last) = page.last()
        {
            after = last.seq;
            forwards.extend(page);
        }
        assert_eq!(forwards, expected);

        let mut backwards = Vec::new();
        let mut before = Seq::MAX;
        while let page = log.read_category_back(category, before, 3).await.expect("reads")
            && let Some(last) = page.last()
        {
            before = last.seq;
            backwards.extend(page);
        }
        expected.reverse();
        assert_eq!(backwards, expected);
    }
    assert!(log.read_category_back(Category::User, Seq::ZERO, 3).await.expect("reads").is_empty());
}

/// As many as are asked for or fewer, but always the last one; and whoever says that these are all is right.
pub async fn the_end_of_a_subject_reads_newest_first(harness: &dyn Harness) {
    let log = harness.open().await;
    let (subject, mut own) = (Sample::user(), Vec::new());
    for _ in 0..20 {
        for limit in [0, 1, 2, 7, 100] {
            let newest = log.newest_of_subject(&subject, limit).await.expect("reads");
            let read = seqs(&newest.commits);
            let wanted: Vec<u64> = own.iter().rev().map(|seq: &Seq| seq.0).take(read.len()).collect();
            assert_eq!(read, wanted, "of {}, limit {limit}", own.len());
            assert!(read.len() <= limit.max(1) && read.is_empty() == own.is_empty(), "{} of {}", read.len(), own.len());
            assert!(!newest.all || read.len() == own.len(), "{} of {}, limit {limit}", read.len(), own.len());
        }
        put(&*log, Sample::first(&Sample::user())).await;
        let commit = own.last().map_or_else(|| Sample::first(&subject), |last| Sample::next(&subject, *last));
        own.push(put(&*log, commit).await);
    }
}

/// A position need not be one of the subject's own.
pub async fn a_subject_reads_from_any_position(harness: &dyn Harness) {
    let log = harness.open().await;
    let subject = Sample::user();
    let mut own = Vec::new();
    for n in 0..40 {
        let commit = match (n % 3, own.last()) {
            (1, None) => Sample::first(&subject),
            (1, Some(last)) => Sample::next(&subject, *last),
            _ => Sample::first(&Sample::user()),
        };
        let is_own = commit.subject == subject;
        let seq = put(&*log, commit).await;
        if is_own {
            own.push(seq);
        }
    }
    for after in 0..=41 {
        for limit in [1, 2, 100] {
            let read = log.read_subject(&subject, Seq(after), limit).await.expect("reads");
            let expected = own.iter().filter(|seq| seq.0 > after).take(limit);
            assert_eq!(seqs(&read), expected.map(|seq| seq.0).collect::<Vec<_>>(), "after {after}, limit {limit}");
        }
    }
    assert!(log.read_subject(&subject, Seq::MAX, 10).await.expect("reads").is_empty());
}

/// What was acknowledged over one handle is there for every other, in every way of reading.
pub async fn what_is_acknowledged_is_read_at_once_over_every_handle(harness: &dyn Harness) {
    let (writer, reader) = (harness.open().await, harness.open().await);
    let (user, tenant) = (Sample::user(), Sample::tenant());
    let mut last = Seq::ZERO;
    for n in 0..30_u64 {
        let commits = match n {
            0 => vec![Sample::first(&user), Sample::first(&tenant)],
            _ => vec![Sample::next(&user, Seq(last.0 - 1)), Sample::next(&tenant, last)],
        };
        let before = last;
        last = writer.append(Append { commits }).await.expect("appended").seqs[1];
        assert_eq!(reader.head().await, Ok(last));
        assert_eq!(paged(before, |after| reader.read_all(after, 10)).await, [last.0 - 1, last.0]);
        assert_eq!(paged(before, |after| reader.read_subject(&user, after, 10)).await, [last.0 - 1]);
        assert_eq!(paged(before, |after| reader.read_category(Category::Config, after, 10)).await, [last.0]);
        let newest = reader.read_category_back(Category::Config, Seq::MAX, 1).await.expect("reads");
        assert_eq!(seqs(&newest), [last.0]);
        let of_tenant = reader.last_of_subject(&tenant).await.expect("reads").expect("stored");
        assert_eq!(of_tenant.seq, last);
    }
    assert_eq!(paged(Seq::ZERO, |after| reader.read_category(Category::Config, after, 100)).await.len(), 30);
}

/// Reads until nothing more comes; a page may be shorter than asked for.
async fn paged<'a>(mut after: Seq, read: impl Fn(Seq) -> BoxFuture<'a, Result<Vec<Stored>, ReadError>>) -> Vec<u64> {
    let mut all = Vec::new();
    while let page = read(after).await.expect("reads")
        && let Some(last) = page.last()
    {
        after = last.seq;
        all.extend(seqs(&page));
    }
    all
}

//! Where the configuration is. Its commits are few and far between, and every node follows them.
//!
//! Asked for the next one, the server searches block by block, loads what it has forgotten, and takes no appends
//! meanwhile: seconds in a large log. So positions are remembered, and nothing is searched while the last one is known. Then
//! stretches that are short or still warm are searched, and over the others the server is asked which subjects there are,
//! which it knows by heart.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::try_join_all;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;
use twofold_event_log::{Category, MAX_READ_COMMITS, ReadError, Seq, Subject};

use super::Stream;
use super::entry::Entry;

/// A server that was cut off from the others gives up leading within 20 s. What one has seen as the head this long ago,
/// every server has that takes itself for the leader now.
const SETTLED: Duration = Duration::from_secs(30);
/// Reads at the same time.
const CONCURRENT_READS: usize = 16;
const FILTER: &str = "tf.cf.>";

/// All positions of the configuration up to one point of the log.
#[derive(Debug, Default)]
pub(super) struct ConfigIndex {
    /// In order.
    positions: Vec<Seq>,
    up_to: Seq,
    /// Heads after which nothing more was found, and when that was; the newest last.
    looks: VecDeque<(Instant, Seq)>,
    subjects: HashMap<String, Known>,
    /// A look at all subjects that was not finished: the caller may have gone away in the middle.
    survey: Option<Survey>,
}

/// Which subjects have commits that are not known yet.
#[derive(Debug)]
struct Survey {
    /// All of them are at most here.
    head: Seq,
    /// With the number of commits the server counted.
    grown: Vec<(String, u64)>,
    found: Vec<Seq>,
    known: Vec<(String, Known)>,
}

/// One subject's commits up to the same point.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    count: u64,
    last: Seq,
}

#[derive(Debug, Deserialize)]
struct Info {
    #[serde(default)]
    total: usize,
    state: State,
}

#[derive(Debug, Deserialize)]
struct State {
    last_seq: u64,
    #[serde(default)]
    subjects: HashMap<String, u64>,
}

impl ConfigIndex {
    pub async fn after(&mut self, stream: &Stream, after: Seq, limit: usize) -> Result<Vec<Entry>, ReadError> {
        let limit = limit.min(MAX_READ_COMMITS);
        let fresh = self.extend(stream, after, limit).await?;
        let start = self.positions.partition_point(|seq| *seq <= after);
        let page = self.positions[start..].iter().take(limit).copied();
        fetch(stream, page, &fresh).await
    }

    pub async fn before(&mut self, stream: &Stream, before: Seq, limit: usize) -> Result<Vec<Entry>, ReadError> {
        let fresh = self.extend(stream, before, usize::MAX).await?;
        let end = self.positions.partition_point(|seq| *seq < before);
        let page = self.positions[..end].iter().rev().take(limit.min(MAX_READ_COMMITS)).copied();
        fetch(stream, page, &fresh).await
    }

    /// Learns of more commits until so many are known after a position, or there are no more. Answers those it came by.
    async fn extend(&mut self, stream: &Stream, after: Seq, limit: usize) -> Result<HashMap<Seq, Entry>, ReadError> {
        let mut fresh = HashMap::new();
        loop {
            let known = self.positions.len() - self.positions.partition_point(|seq| *seq <= after);
            if known >= limit {
                return Ok(fresh);
            }
            let head = stream.head().await?;
            if self.has_the_last(stream).await? {
                self.nothing_before(head);
                return Ok(fresh);
            }
            // Blocks that were searched a moment ago are still in the server's memory.
            let remembered = self.looks.back().is_some_and(|(at, _)| at.elapsed() < SETTLED);
            let far = head.0.saturating_sub(self.up_to.0) > stream.search_span;
            if self.survey.is_some() || (far && !remembered) {
                self.survey(stream).await?;
            }
            // What answered had everything before its answer too, and nothing of it matched.
            let Some(entry) = stream.next(self.up_to.plus(1), FILTER).await? else {
                self.nothing_before(head);
                return Ok(fresh);
            };
            self.up_to = entry.seq();
            self.positions.push(entry.seq());
            let subject = self.subjects.entry(entry.stored.subject.to_string()).or_default();
            *subject = Known { count: subject.count + 1, last: entry.seq() };
            fresh.insert(entry.seq(), entry);
        }
    }

    /// Whether there is nothing new. Mostly there is not, and a search would go through all that was appended since the last
    /// settled head, at every look of every process: 30 s of verifications. Where the last commit of the configuration
    /// is, the server knows by heart. Asked at every look, also when the head is the same: a leader that is none any more
    /// may have answered before.
    async fn has_the_last(&self, stream: &Stream) -> Result<bool, ReadError> {
        let last = stream.last_of(FILTER).await?;
        Ok(self.survey.is_none() && last.is_none_or(|last| self.positions.last() >= Some(&last.seq())))
    }

    /// Nothing more was found, and the head was seen before that. Takes note of heads that have settled.
    fn nothing_before(&mut self, head: Seq) {
        self.looks.push_back((Instant::now(), head));
        while let Some((at, head)) = self.looks.front().copied()
            && at.elapsed() >= SETTLED
        {
            self.up_to = self.up_to.max(head);
            self.looks.pop_front();
        }
    }

    /// Asks for the subjects and how many commits each has, and reads those that have more than is known.
    async fn survey(&mut self, stream: &Stream) -> Result<(), ReadError> {
        if self.survey.is_none() {
            let (head, subjects) = subjects(stream).await?;
            let known = |subject: &String| self.subjects.get(subject).map_or(0, |known| known.count);
            let grown = subjects.into_iter().filter(|(subject, count)| *count > known(subject)).collect();
            self.survey = Some(Survey { head, grown, found: Vec::new(), known: Vec::new() });
        }
        let Some(survey) = &mut self.survey else { return Ok(()) };
        while !survey.grown.is_empty() {
            let rest = survey.grown.len().saturating_sub(CONCURRENT_READS);
            let reads = survey.grown[rest..].iter().map(|(subject, count)| {
                let known = self.subjects.get(subject).copied().unwrap_or_default();
                let head = survey.head;
                async move { news_of(stream, subject, known, *count, head).await }
            });
            let news = try_join_all(reads).await?;
            for ((subject, _), (known, positions)) in survey.grown.drain(rest..).zip(news) {
                survey.known.push((subject, known));
                survey.found.extend(positions);
            }
        }
        if let Some(survey) = self.survey.take() {
            self.subjects.extend(survey.known);
            self.positions.extend(survey.found);
            self.positions.sort_unstable();
            self.up_to = self.up_to.max(survey.head);
        }
        Ok(())
    }
}

/// Every subject of the configuration with its number of commits, and a position up to which that is complete.
async fn subjects(stream: &Stream) -> Result<(Seq, HashMap<String, u64>), ReadError> {
    let mut head = None;
    let mut all = HashMap::new();
    // In order and never fewer, so nothing is missed between two pages.
    let mut offset = 0;
    loop {
        let question = json!({ "subjects_filter": FILTER, "offset": offset }).to_string();
        let info: Option<Info> = stream.ask(&stream.info_subject, Bytes::from(question)).await?;
        let info = info.ok_or_else(|| ReadError::Unavailable("no state of the stream".to_owned()))?;
        let head = *head.get_or_insert(Seq(info.state.last_seq));
        let page = info.state.subjects.len();
        offset += page;
        all.extend(info.state.subjects);
        if page == 0 || offset >= info.total {
            return Ok((head, all));
        }
    }
}

/// The positions of a subject after what is known and up to `head`.
async fn news_of(
    stream: &Stream,
    subject: &str,
    known: Known,
    count: u64,
    head: Seq,
) -> Result<(Known, Vec<Seq>), ReadError> {
    let subject = Subject::parse(subject).map_err(|_| ReadError::Corrupt("malformed subject".to_owned()))?;
    let mut positions = Vec::new();
    let mut after = known.last;
    loop {
        let page = stream.subject_after(&subject, after, MAX_READ_COMMITS).await?;
        let Some(last) = page.last() else { break };
        after = last.seq();
        positions.extend(page.iter().map(Entry::seq));
    }
    // Two servers may take themselves for the leader for a moment; then one of them knows less.
    if (positions.len() as u64) < count - known.count {
        return Err(ReadError::Unavailable("two servers disagree about the log".to_owned()));
    }
    positions.retain(|seq| *seq <= head);
    let last = positions.last().copied().unwrap_or(known.last);
    Ok((Known { count: known.count + positions.len() as u64, last }, positions))
}

async fn fetch(
    stream: &Stream,
    positions: impl Iterator<Item = Seq>,
    fresh: &HashMap<Seq, Entry>,
) -> Result<Vec<Entry>, ReadError> {
    let reads = positions.map(|seq| async move {
        match fresh.get(&seq) {
            Some(entry) => Ok(entry.clone()),
            None => stream.certainly_at(seq).await,
        }
    });
    stream::iter(reads.collect::<Vec<_>>()).buffered(CONCURRENT_READS).try_collect().await
}

/// The category this is about.
pub(super) const CATEGORY: Category = Category::Config;

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_head_counts_only_when_no_former_leader_can_answer_any_more() {
        let mut index = ConfigIndex::default();
        index.nothing_before(Seq(100));
        advance(SETTLED / 2).await;
        index.nothing_before(Seq(200));
        assert_eq!(index.up_to, Seq::ZERO);
        advance(SETTLED / 2).await;
        index.nothing_before(Seq(300));
        assert_eq!(index.up_to, Seq(100));
        advance(SETTLED).await;
        index.nothing_before(Seq(300));
        assert_eq!(index.up_to, Seq(300));
    }
}

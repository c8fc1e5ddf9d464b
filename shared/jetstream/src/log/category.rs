//! Pages of one category.

use twofold_event_log::{Category, MAX_READ_COMMITS, ReadError, Seq};

use super::Stream;
use super::entry::Entry;

impl Stream {
    /// Reads the whole log and keeps what is of the category: for users, who are nearly all there is, and for audits.
    /// The server could search itself, but over many subjects it counts matches first, and takes no appends meanwhile.
    pub async fn category_after(
        &self,
        category: Category,
        mut after: Seq,
        limit: usize,
    ) -> Result<Vec<Entry>, ReadError> {
        let limit = limit.min(MAX_READ_COMMITS);
        let mut found = Vec::new();
        while found.len() < limit {
            let page = self.all_after(after, MAX_READ_COMMITS).await?;
            let Some(last) = page.last() else { break };
            after = last.seq();
            found.extend(page.into_iter().filter(|entry| entry.stored.subject.category() == category));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// As [`Stream::category_after`], from a position down, newest first.
    pub async fn category_before(
        &self,
        category: Category,
        before: Seq,
        limit: usize,
    ) -> Result<Vec<Entry>, ReadError> {
        let limit = limit.min(MAX_READ_COMMITS);
        let mut found = Vec::new();
        let mut end = before.min(self.head().await?.plus(1));
        while found.len() < limit && end > Seq(1) {
            let start = Seq(end.0.saturating_sub(1 + MAX_READ_COMMITS as u64));
            let mut window = self.between(start, end).await?;
            window.retain(|entry| entry.stored.subject.category() == category);
            found.extend(window.into_iter().rev());
            end = start.plus(1);
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Everything between two positions, both excluded.
    async fn between(&self, mut after: Seq, before: Seq) -> Result<Vec<Entry>, ReadError> {
        let mut all = Vec::new();
        while after.plus(1) < before {
            let page = self.all_after(after, MAX_READ_COMMITS).await?;
            let Some(last) = page.last() else { break };
            after = last.seq();
            all.extend(page);
        }
        all.retain(|entry: &Entry| entry.seq() < before);
        Ok(all)
    }
}

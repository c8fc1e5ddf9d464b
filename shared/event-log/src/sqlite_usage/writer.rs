//! The one task that counts: what waits goes into one transaction.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Sqlite, Transaction};
use tokio::sync::{mpsc, oneshot};

use crate::usage::latest_start;
use crate::{Counter, UsageError};

/// Calls of one transaction at most.
const BATCH: usize = 256;
/// How long a total stays after its window, in milliseconds: a day.
const KEPT_MS: i64 = 86_400_000;
/// How far the clock moves on before old totals are looked for again, in milliseconds: an hour.
const SWEEP_EVERY_MS: i64 = 3_600_000;

type Totals = Result<Vec<u64>, UsageError>;

/// Something to do.
#[derive(Debug)]
pub(super) enum Job {
    Add {
        counters: Vec<Counter>,
        by: u32,
        answer: oneshot::Sender<Totals>,
    },
    /// Nothing more is accepted.
    Close,
}

pub(super) struct Writer {
    connection: SqliteConnection,
    /// Up to when old totals were looked for.
    swept_at: i64,
}

impl Writer {
    pub fn new(connection: SqliteConnection) -> Self {
        Self { connection, swept_at: i64::MIN }
    }

    /// Runs until nobody can hand in anything any more.
    pub async fn run(mut self, mut incoming: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        while incoming.recv_many(&mut batch, BATCH).await > 0 {
            if batch.iter().any(|job| matches!(job, Job::Close)) {
                incoming.close();
            }
            let outcome = self.count(&batch).await;
            let mut totals = outcome.as_ref().map(|all| all.iter());
            for job in batch.drain(..) {
                let Job::Add { answer, .. } = job else { continue };
                let its_own = match &mut totals {
                    Ok(all) => all.next().cloned().ok_or_else(|| "not counted".to_owned()),
                    Err(error) => Err(error.to_string()),
                };
                let _nobody_waits = answer.send(its_own.map_err(UsageError::Unavailable));
            }
        }
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "closing the usage");
        }
    }

    /// The totals of every call, in order.
    async fn count(&mut self, batch: &[Job]) -> Result<Vec<Vec<u64>>, sqlx::Error> {
        let mut all = Vec::with_capacity(batch.len());
        let mut latest = i64::MIN;
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        for job in batch {
            let Job::Add { counters, by, .. } = job else { continue };
            let mut totals = Vec::with_capacity(counters.len());
            for counter in counters {
                totals.push(add(&mut transaction, counter, *by).await?);
            }
            all.push(totals);
            latest = latest.max(latest_start(counters).map_or(i64::MIN, |at| at.0));
        }
        let sweep = latest >= self.swept_at.saturating_add(SWEEP_EVERY_MS);
        if sweep {
            let ended = sqlx::query("DELETE FROM usage WHERE ends_at < $1").bind(latest.saturating_sub(KEPT_MS));
            ended.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        if sweep {
            self.swept_at = latest;
        }
        Ok(all)
    }
}

async fn add(transaction: &mut Transaction<'_, Sqlite>, counter: &Counter, by: u32) -> Result<u64, sqlx::Error> {
    const ADD: &str = "INSERT INTO usage (key, ends_at, total) VALUES ($1, $2, $3) \
        ON CONFLICT (key) DO UPDATE SET total = total + excluded.total RETURNING total";
    let total: i64 = sqlx::query_scalar(ADD)
        .bind(counter.key())
        .bind(counter.window().ends_at().0)
        .bind(i64::from(by))
        .fetch_one(&mut **transaction)
        .await?;
    Ok(total.cast_unsigned())
}

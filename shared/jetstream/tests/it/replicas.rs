//! Replicas that are behind, lose messages on the way, or are not there: the test answers in their place.

use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;
use twofold_event_log::conformance::{Sample, order};
use twofold_event_log::{EventLog, Seq, Stored, Subject};
use twofold_test_support::NatsServer;

use crate::support::{Site, put, whole};

const COMMITS: u64 = 30;

/// A site whose server leaves reading from replicas to the test.
async fn without_replicas() -> Site<NatsServer> {
    let site = Site::alone().await;
    let broker = site.broker().await;
    let ask = async |subject: &str, question: &Value| -> Value {
        broker.jetstream().request(subject.to_owned(), question).await.expect("an answer")
    };
    let mut config = ask("STREAM.INFO.TWOFOLD", &json!({})).await["config"].take();
    config["allow_direct"] = false.into();
    assert!(ask("STREAM.UPDATE.TWOFOLD", &config).await["error"].is_null());
    site
}

/// Two users in turn. Answers all commits and the second user.
async fn fill(log: &dyn EventLog) -> (Vec<Stored>, Subject) {
    let users = [Sample::user(), Sample::user()];
    let mut last = [None; 2];
    for n in 0..COMMITS {
        let user = usize::from(n % 2 == 1);
        let commit = last[user].map_or_else(|| Sample::first(&users[user]), |seq| Sample::next(&users[user], seq));
        last[user] = Some(put(log, commit).await);
    }
    let [_, user] = users;
    (whole(log).await, user)
}

/// Answers like a replica that has these commits, except that some of its messages get lost.
async fn replica(
    client: Client,
    has: Vec<Stored>,
    lost: impl Fn(u64) -> bool + Send + 'static,
) -> AbortOnDropHandle<()> {
    let mut questions = client.subscribe("$JS.API.DIRECT.GET.TWOFOLD").await.expect("subscribed");
    client.flush().await.expect("flushed");
    AbortOnDropHandle::new(tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            let inbox = question.reply.expect("where to answer");
            let question: Value = serde_json::from_slice(&question.payload).expect("a question");
            let filter = question["next_by_subj"].as_str();
            let from = question["seq"].as_u64().expect("a position");
            let batch = question["batch"].as_u64().expect("a whole page is asked for");
            let matching = has
                .iter()
                .filter(|stored| stored.seq.0 >= from && filter.is_none_or(|filter| filter == stored.subject.as_str()));
            let mut before = 0;
            for stored in matching.take(usize::try_from(batch).expect("small")) {
                if !lost(stored.seq.0) {
                    let headers = message_headers(&has, stored, before);
                    client.publish_with_headers(inbox.clone(), headers, stored.payload.clone()).await.expect("sent");
                }
                before = stored.seq.0;
            }
            // Only a server can send a status; a message that names none before it ends a page as well.
            client.publish(inbox, Bytes::new()).await.expect("sent");
        }
    }))
}

fn message_headers(all: &[Stored], stored: &Stored, before: u64) -> HeaderMap {
    let earlier = all.iter().filter(|other| other.subject == stored.subject && other.seq < stored.seq);
    let mut headers = HeaderMap::new();
    headers.insert("Tf-Commit", stored.id.as_str());
    headers
        .insert("Nats-Expected-Last-Subject-Sequence", earlier.map(|other| other.seq.0).max().unwrap_or(0).to_string());
    headers.insert("Nats-Subject", stored.subject.as_str());
    headers.insert("Nats-Sequence", stored.seq.0.to_string());
    headers.insert("Nats-Last-Sequence", before.to_string());
    headers
}

/// The whole log and the user's commits, whatever the pages look like.
async fn check(site: &Site<NatsServer>, all: &[Stored], user: &Subject) {
    let log = site.log().await;
    assert_eq!(whole(&*log).await, all);
    let of_user: Vec<Stored> = all.iter().filter(|stored| stored.subject == *user).cloned().collect();
    let mut read: Vec<Stored> = Vec::new();
    while let page = log.read_subject(user, read.last().map_or(Seq::ZERO, |last| last.seq), 10).await.expect("reads")
        && !page.is_empty()
    {
        read.extend(page);
    }
    assert_eq!(read, of_user);
}

#[tokio::test]
async fn without_replicas_the_leader_answers_everything() {
    let site = without_replicas().await;
    let (all, user) = fill(&*site.log().await).await;
    check(&site, &all, &user).await;
    order::a_category_reads_in_both_directions(&without_replicas().await).await;
    order::a_subject_reads_from_any_position(&without_replicas().await.with(|options| options.search_span = 0)).await;
}

#[tokio::test]
async fn a_replica_that_is_behind_hides_nothing() {
    for has in [0, 1, 10, 29] {
        let site = without_replicas().await;
        let (all, user) = fill(&*site.log().await).await;
        let _replica = replica(site.broker().await.client().clone(), all[..has].to_vec(), |_| false).await;
        check(&site, &all, &user).await;
    }
}

#[tokio::test]
async fn what_is_lost_on_the_way_leaves_no_gap() {
    let losses: [fn(u64) -> bool; 4] =
        [|seq| seq == 1 || seq == 2, |seq| seq == 7 || seq == 8, |seq| seq % 5 == 0, |seq| seq > 12];
    for lost in losses {
        let site = without_replicas().await;
        let (all, user) = fill(&*site.log().await).await;
        let _replica = replica(site.broker().await.client().clone(), all.clone(), lost).await;
        check(&site, &all, &user).await;
    }
}

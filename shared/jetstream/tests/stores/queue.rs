//! The queue of deliveries: who gets what, when, and how often.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use twofold_domain::Channel::{Email, Sms};
use twofold_event_log::WorkQueue as _;

use super::support::{all_done, claims_last, connect, next, queue, request, request_subject, server, solo, until};

#[tokio::test]
async fn requests_come_in_order_as_they_were_stored_and_once() {
    let server = server();
    let broker = solo(&server).await;
    let queue = queue(&broker, &[Email]).await;
    assert_eq!(queue.claim_lasts(), Duration::from_secs(30));
    request(&broker, Sms, 99).await;
    for n in 1..=20 {
        request(&broker, Email, n).await;
    }
    for n in 1..=20 {
        let claimed = next(&queue).await;
        assert_eq!((claimed.stored.subject, claimed.times), (request_subject(Email, n), 1));
        assert_eq!((claimed.stored.seq.0, &*claimed.stored.payload), (u64::from(n) + 1, &[n][..]));
        assert!(claimed.stored.trace.is_some_and(|trace| trace.contains("0af7651916cd43dd8448eb211c80319c")));
        claimed.claim.done().await.expect("done");
    }
    all_done(&broker, Email).await;
}

#[tokio::test]
async fn two_workers_share_the_requests() {
    let server = server();
    let broker = solo(&server).await;
    let workers = [queue(&broker, &[Email]).await, queue(&connect(vec![server.url()]).await, &[Email]).await];
    let all = AtomicUsize::new(0);
    let work = async |worker: usize| {
        let mut mine = Vec::new();
        while all.load(Ordering::SeqCst) < 200 {
            // Not for ever: the other one may have had the last.
            let Ok(claimed) = timeout(Duration::from_millis(200), next(&workers[worker])).await else { continue };
            claimed.claim.done().await.expect("done");
            all.fetch_add(1, Ordering::SeqCst);
            mine.push(claimed.stored.seq);
        }
        mine
    };
    let put = async {
        for n in 0..200 {
            request(&broker, Email, n).await;
        }
    };
    let (first, second, ()) = tokio::join!(work(0), work(1), put);
    let different: BTreeSet<_> = first.iter().chain(&second).collect();
    assert_eq!((different.len(), first.len() + second.len()), (200, 200));
    assert!(first.len() > 20 && second.len() > 20, "{} and {}", first.len(), second.len());
}

#[tokio::test]
async fn one_channel_does_not_wait_for_the_other() {
    let server = server();
    let broker = solo(&server).await;
    for n in 0..200 {
        request(&broker, Email, n).await;
    }
    let queue = queue(&broker, &[Email, Sms]).await;
    for _ in 0..10 {
        next(&queue).await;
    }
    request(&broker, Sms, 1).await;
    let mut before = 0;
    while next(&queue).await.stored.subject != request_subject(Sms, 1) {
        before += 1;
    }
    assert!(before < 20, "{before} of the other channel came first");
}

#[tokio::test]
async fn a_claim_that_runs_out_comes_to_another_worker_and_one_that_is_extended_does_not() {
    let server = server();
    let broker = solo(&server).await;
    claims_last(&broker, Email, Duration::from_secs(2)).await;
    let (first, second) = (queue(&broker, &[Email]).await, queue(&broker, &[Email]).await);
    assert_eq!(first.claim_lasts(), Duration::from_secs(2));
    request(&broker, Email, 1).await;
    let extended = next(&first).await;
    request(&broker, Email, 2).await;
    let forgotten = next(&first).await;
    assert_eq!((extended.stored.payload[0], forgotten.stored.payload[0]), (1, 2));
    drop(forgotten);
    let extending = async {
        loop {
            extended.claim.extend().await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let again = async {
        let mut again = Vec::new();
        for times in 2..=4 {
            let claimed = next(&second).await;
            assert_eq!(claimed.times, times);
            again.push(claimed.stored.payload[0]);
        }
        again
    };
    let again = tokio::select! { again = again => again, () = extending => unreachable!("extends for ever") };
    assert_eq!(again, [2, 2, 2], "three claims ran out while the other was extended");
    extended.claim.done().await.expect("done");
}

#[tokio::test]
async fn what_is_given_back_comes_at_once_or_after_a_pause() {
    let server = server();
    let broker = solo(&server).await;
    let (first, second) = (queue(&broker, &[Email]).await, queue(&broker, &[Email]).await);
    for n in 1..=3 {
        request(&broker, Email, n).await;
    }
    let claimed = [next(&first).await, next(&first).await, next(&first).await];
    claimed[0].claim.give_back(Duration::from_secs(2)).await;
    claimed[1].claim.give_back(Duration::ZERO).await;
    for (n, times) in [(2, 2), (1, 2)] {
        let again = next(&second).await;
        assert_eq!((again.stored.payload[0], again.times), (n, times));
        again.claim.done().await.expect("done");
    }
    claimed[2].claim.done().await.expect("done");
    all_done(&broker, Email).await;
}

#[tokio::test]
async fn nothing_is_taken_that_nobody_asked_for() {
    let server = server();
    let broker = solo(&server).await;
    let (idle, busy) = (queue(&broker, &[Email]).await, queue(&broker, &[Email]).await);
    // This one asked and changed its mind: the question stands, what comes for it goes to the other.
    assert!(timeout(Duration::from_millis(300), idle.next()).await.is_err());
    for n in 0..50 {
        request(&broker, Email, n).await;
    }
    let mut seen = BTreeSet::new();
    for _ in 0..50 {
        let claimed = next(&busy).await;
        claimed.claim.done().await.expect("done");
        seen.insert(claimed.stored.seq);
    }
    assert_eq!(seen.len(), 50);
    all_done(&broker, Email).await;
    assert!(idle.status()[0].came <= 1);
}

#[tokio::test]
async fn many_may_ask_at_once() {
    let server = server();
    let broker = solo(&server).await;
    let queue = queue(&broker, &[Email, Sms]).await;
    let ask = async || next(&queue).await.stored.subject;
    let asked = futures_util::future::join_all((0..16).map(|_| ask()));
    let put = async {
        for n in 0..8 {
            request(&broker, Email, n).await;
            request(&broker, Sms, n).await;
        }
    };
    let (got, ()) = tokio::join!(asked, put);
    assert_eq!(got.into_iter().collect::<BTreeSet<_>>().len(), 16);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_counted_and_kept_and_holds_up_nobody() {
    let server = server();
    let broker = solo(&server).await;
    let queue = queue(&broker, &[Email]).await;
    for subject in ["tf.dl.email.nobody.knows", request_subject(Email, 9).as_str()] {
        broker.jetstream().publish(subject.to_owned(), "?".into()).await.expect("sent").await.expect("stored");
    }
    request(&broker, Email, 1).await;
    let claimed = next(&queue).await;
    assert_eq!(claimed.stored.subject, request_subject(Email, 1));
    claimed.claim.done().await.expect("done");
    assert_eq!(queue.status()[0].unreadable, 2);
    until("they are kept", async || (queue.status()[0].claimed, queue.status()[0].pending) == (2, 0)).await;
}

#[tokio::test]
async fn what_is_done_is_told_before_a_worker_leaves() {
    let server = server();
    let broker = solo(&server).await;
    for n in 0..100 {
        request(&broker, Email, n).await;
    }
    let leaving = connect(vec![server.url()]).await;
    let queue = queue(&leaving, &[Email]).await;
    for _ in 0..100 {
        next(&queue).await.claim.done().await.expect("done");
    }
    leaving.close().await;
    all_done(&broker, Email).await;
}

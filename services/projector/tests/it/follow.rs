//! Following, retrying, stopping.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use twofold_event_log::Seq;
use twofold_read_model::ReadStore;

use crate::support::{Fixture, reached, register, tenant, token};

#[tokio::test]
async fn it_catches_up_follows_and_stops_when_told() {
    let fixture = Fixture::new().await;
    register(&fixture.log, 0..200).await;
    let mut status = fixture.projector.status();
    let shutdown = CancellationToken::new();
    let run = fixture.projector.run(Arc::new(fixture.log.clone()), fixture.store.clone(), shutdown.clone());
    let work = async {
        reached(&mut status, |s| s.position == Seq(200)).await;
        register(&fixture.log, 200..210).await;
        assert!(fixture.store.wait_for(Seq(210), Duration::from_secs(10)).await);
        let last = reached(&mut status, |s| s.position == Seq(210)).await;
        assert!(last.is_healthy());
        assert_eq!(last.lag(), 0);
        shutdown.cancel();
    };
    let (stopped, ()) = tokio::join!(run, work);
    assert_eq!(stopped, Ok(()));
    assert!(fixture.store.user(&tenant(), &token(209)).await.unwrap().is_some());
}

#[tokio::test]
async fn an_outage_of_the_log_is_survived_and_shows() {
    let fixture = Fixture::new().await;
    register(&fixture.log, 0..10).await;
    fixture.log.set_unavailable(true);
    let mut status = fixture.projector.status();
    let shutdown = CancellationToken::new();
    let run = fixture.projector.run(Arc::new(fixture.log.clone()), fixture.store.clone(), shutdown.clone());
    let work = async {
        let failing = reached(&mut status, |s| s.failing).await;
        assert!(!failing.is_healthy());
        fixture.log.set_unavailable(false);
        let well = reached(&mut status, |s| s.position == Seq(10)).await;
        assert!(well.is_healthy());
        shutdown.cancel();
    };
    let (stopped, ()) = tokio::join!(run, work);
    assert_eq!(stopped, Ok(()));
}

#[tokio::test]
async fn two_projectors_of_one_store_do_not_disturb_each_other() {
    let fixture = Fixture::new().await;
    register(&fixture.log, 0..500).await;
    let shutdown = CancellationToken::new();
    let log = Arc::new(fixture.log.clone());
    let other = twofold_projector::Projector::default();
    let work = async {
        assert!(fixture.store.wait_for(Seq(500), Duration::from_secs(10)).await);
        shutdown.cancel();
    };
    let (first, second, ()) = tokio::join!(
        fixture.projector.run(log.clone(), fixture.store.clone(), shutdown.clone()),
        other.run(log.clone(), fixture.store.clone(), shutdown.clone()),
        work
    );
    assert_eq!((first, second), (Ok(()), Ok(())));
    let report = twofold_read_model::verify(&*log, &*fixture.store, &mut |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.audit_rows, 500);
}

#[tokio::test]
async fn a_store_emptied_under_it_is_filled_again() {
    let fixture = Fixture::new().await;
    register(&fixture.log, 0..100).await;
    let mut status = fixture.projector.status();
    let shutdown = CancellationToken::new();
    let run = fixture.projector.run(Arc::new(fixture.log.clone()), fixture.store.clone(), shutdown.clone());
    let work = async {
        reached(&mut status, |s| s.position == Seq(100)).await;
        fixture.store.clear().await.unwrap();
        register(&fixture.log, 100..101).await;
        assert!(fixture.store.wait_for(Seq(101), Duration::from_secs(10)).await);
        shutdown.cancel();
    };
    let (stopped, ()) = tokio::join!(run, work);
    assert_eq!(stopped, Ok(()));
    let report = twofold_read_model::verify(&fixture.log, &*fixture.store, &mut |_| {}).await.unwrap();
    assert!(report.is_clean() && report.users == 101, "{report:?}");
}

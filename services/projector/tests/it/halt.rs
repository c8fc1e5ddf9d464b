//! What it must not skip.

use std::sync::Arc;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use twofold_event_log::Seq;
use twofold_projector::Halt;
use twofold_read_model::{ProjectError, ReadStore};

use crate::support::{Fixture, append, payload, reached, register};

async fn halts_on(payload: Bytes) -> Halt {
    let fixture = Fixture::new().await;
    // A batch of its own for what comes before, so that the batch in question starts with the bad commit.
    register(&fixture.log, 0..64).await;
    append(&fixture.log, 64, payload).await;
    register(&fixture.log, 65..70).await;
    let run = fixture.projector.run(Arc::new(fixture.log.clone()), fixture.store.clone(), CancellationToken::new());
    let halt = run.await.unwrap_err();
    let status = reached(&mut fixture.projector.status(), |s| s.halted.is_some()).await;
    assert!(!status.is_healthy());
    assert_eq!(status.position, Seq(64));
    assert_eq!(fixture.store.checkpoint().await.unwrap(), Seq(64));
    halt
}

#[tokio::test]
async fn an_unknown_event_stops_it_for_good() {
    let text = String::from_utf8(payload().to_vec()).unwrap();
    let halt = halts_on(text.replace("user.registered", "user.levitated").into()).await;
    let Halt::Project(ProjectError::UnknownEvent { seq, kind, version: _ }) = halt else { panic!("{halt:?}") };
    assert_eq!((seq, kind.as_str()), (Seq(65), "user.levitated"));
}

#[tokio::test]
async fn so_does_a_commit_that_cannot_be_read() {
    let halt = halts_on(Bytes::from_static(b"{}")).await;
    assert!(matches!(halt, Halt::Project(ProjectError::Undecodable { seq: Seq(65), .. })), "{halt:?}");
}

//! Making everything on the server, and looking whether it is so.

use serde_json::{Value, json};
use twofold_jetstream::{
    Auth, Broker, BrokerOptions, CheckError, CheckOptions, ConnectError, InitError, InitOptions, InitReport, check,
    init,
};
use twofold_test_support::{NatsOptions, NatsServer};

use crate::support::{Site, connect, init_options, made, until};

async fn api(broker: &Broker, subject: &str, question: Value) -> Value {
    broker.jetstream().request(subject.to_owned(), &question).await.expect("an answer")
}

/// Changes settings of a stream past `init`.
async fn change(broker: &Broker, stream: &str, settings: &[(&str, Value)]) {
    let mut config = api(broker, &format!("STREAM.INFO.{stream}"), json!({})).await["config"].take();
    for (field, value) in settings {
        config[*field] = value.clone();
    }
    let answer = api(broker, &format!("STREAM.UPDATE.{stream}"), config).await;
    assert!(answer["error"].is_null(), "{answer}");
}

fn monitored(server: &NatsServer) -> CheckOptions {
    CheckOptions { monitors: vec![server.monitor()], allow_unsafe: false }
}

#[tokio::test]
async fn everything_is_made_once_and_then_as_it_must_be() {
    let server = NatsServer::start(&NatsOptions::default()).expect("the server starts");
    let broker = connect(vec![server.url()]).await;
    let options = monitored(&server);
    let missing = check(&broker, &options).await;
    assert_eq!(missing, Err(CheckError::NotInitialised { missing: "stream TWOFOLD".to_owned() }));

    let made = init(&broker, &init_options(1)).await.expect("made");
    let all = ["stream TWOFOLD", "stream KV_TWOFOLD_keys", "stream KV_TWOFOLD_snapshots", "stream TWOFOLD_usage"];
    let all = [&all[..], &["consumer deliver_email", "consumer deliver_sms"]].concat();
    assert_eq!(made, InitReport { created: all.iter().map(ToString::to_string).collect(), ..Default::default() });
    let again = init(&broker, &init_options(1)).await.expect("there already");
    assert_eq!(again, InitReport { kept: made.created, ..Default::default() });

    let checked = check(&broker, &options).await.expect("as it must be");
    assert_eq!((checked.partitions, checked.replicas, checked.warnings.len()), (64, 1, 0));
    assert_eq!(checked.master_fingerprint, "0123abcd");
}

#[tokio::test]
async fn what_can_never_change_is_refused() {
    let site = Site::alone().await;
    let broker = site.broker().await;
    let fixed = |field, found: &str, wanted: &str| {
        Err(InitError::Fixed { field, found: found.to_owned(), wanted: wanted.to_owned() })
    };
    let other = InitOptions { partitions: 65, ..init_options(1) };
    assert_eq!(init(&broker, &other).await, fixed("twofold.partitions", "64", "65"));
    let other = InitOptions { master_fingerprint: "ffff0000".to_owned(), ..init_options(1) };
    assert_eq!(init(&broker, &other).await, fixed("twofold.master", "0123abcd", "ffff0000"));
    for bad in [
        InitOptions { replicas: 2, ..init_options(1) },
        InitOptions { partitions: 0, ..init_options(1) },
        InitOptions { max_bytes: Some(0), ..init_options(1) },
    ] {
        assert!(matches!(init(&broker, &bad).await, Err(InitError::Options(_))));
    }
    change(&broker, "TWOFOLD", &[("metadata", json!({ "twofold.schema": "2" }))]).await;
    let checked = check(&broker, &monitored(&site.servers)).await;
    assert_eq!(checked, Err(CheckError::Schema { found: "2".to_owned() }));
    change(&broker, "TWOFOLD", &[("metadata", json!({}))]).await;
    assert_eq!(init(&broker, &init_options(1)).await, Err(InitError::NotOurs("TWOFOLD".to_owned())));
}

#[tokio::test]
async fn a_setting_that_endangers_the_log_is_found_and_set_back() {
    let harmful: &[(&str, &str, Value)] = &[
        ("TWOFOLD", "max_age", json!(3_600_000_000_000_u64)),
        ("TWOFOLD", "max_msgs", json!(1000)),
        ("TWOFOLD", "max_msgs_per_subject", json!(10)),
        ("TWOFOLD", "discard", json!("old")),
        ("TWOFOLD", "max_bytes", json!(-1)),
        ("TWOFOLD", "allow_direct", json!(false)),
        ("TWOFOLD", "allow_atomic", json!(false)),
        ("KV_TWOFOLD_keys", "max_age", json!(3_600_000_000_000_u64)),
        ("KV_TWOFOLD_keys", "discard", json!("old")),
        ("KV_TWOFOLD_keys", "allow_atomic", json!(false)),
        ("KV_TWOFOLD_snapshots", "max_msgs_per_subject", json!(-1)),
        ("TWOFOLD_usage", "max_age", json!(3_600_000_000_000_u64)),
    ];
    let site = Site::alone().await;
    let broker = site.broker().await;
    let options = monitored(&site.servers);
    for (stream, field, value) in harmful {
        change(&broker, stream, &[(field, value.clone())]).await;
        let Err(CheckError::Settings(found)) = check(&broker, &options).await else { panic!("{stream} {field}") };
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].what.as_str(), found[0].field), (format!("stream {stream}").as_str(), *field));
        let report = init(&broker, &init_options(1)).await.expect("set back");
        assert_eq!(report.changed.len(), 1);
        assert_eq!((&report.changed[0].what, report.changed[0].field), (&found[0].what, found[0].field));
        assert!(check(&broker, &options).await.is_ok());
    }
}

/// What was counted may be forgotten, so its stream is made anew; what is no stream of counters is left alone.
#[tokio::test]
async fn only_the_stream_of_counters_is_ever_made_anew() {
    let site = Site::alone().await;
    let broker = site.broker().await;
    let options = monitored(&site.servers);
    let mut config = api(&broker, "STREAM.INFO.TWOFOLD_usage", json!({})).await["config"].take();
    api(&broker, "STREAM.DELETE.TWOFOLD_usage", json!({})).await;
    config["persist_mode"] = json!("async");
    let answer = api(&broker, "STREAM.CREATE.TWOFOLD_usage", config.clone()).await;
    assert!(answer["error"].is_null(), "{answer}");
    let Err(CheckError::Settings(found)) = check(&broker, &options).await else {
        panic!("it answers before it writes")
    };
    assert_eq!((found.len(), found[0].field, found[0].init_sets_it), (1, "persist_mode", true));
    let report = init(&broker, &init_options(1)).await.expect("made anew");
    assert_eq!(report.created, ["stream TWOFOLD_usage, anew: it counts from 0"]);
    assert!(check(&broker, &options).await.is_ok());
    let again = init(&broker, &init_options(1)).await.expect("nothing to do");
    assert_eq!((again.created.len(), again.changed.len()), (0, 0));

    api(&broker, "STREAM.DELETE.TWOFOLD_usage", json!({})).await;
    config["allow_msg_counter"] = json!(false);
    let answer = api(&broker, "STREAM.CREATE.TWOFOLD_usage", config).await;
    assert!(answer["error"].is_null(), "{answer}");
    assert!(matches!(init(&broker, &init_options(1)).await, Err(InitError::Unsafe(_))));
    let info = api(&broker, "STREAM.INFO.TWOFOLD_usage", json!({})).await;
    assert!(info["error"].is_null(), "it is still there: {info}");
}

/// A stream made by hand: what is only missing is set, what cannot be set is refused, and nothing is half done.
#[tokio::test]
async fn a_stream_made_by_hand_is_completed_or_refused() {
    let server = NatsServer::start(&NatsOptions::default()).expect("the server starts");
    let broker = connect(vec![server.url()]).await;
    let metadata = json!({ "twofold.schema": "1", "twofold.partitions": "64", "twofold.master": "0123abcd" });
    let lax = json!({ "name": "TWOFOLD", "subjects": ["tf.>"], "storage": "file", "metadata": metadata });
    let answer = api(&broker, "STREAM.CREATE.TWOFOLD", lax).await;
    assert!(answer["error"].is_null(), "{answer}");
    let report = init(&broker, &init_options(1)).await.expect("completed");
    let changed: Vec<_> = report.changed.iter().map(|change| change.field).collect();
    assert_eq!(changed, ["discard", "deny_delete", "deny_purge", "allow_direct", "allow_atomic", "max_bytes"]);
    assert!(check(&broker, &monitored(&server)).await.is_ok());

    let server = NatsServer::start(&NatsOptions::default()).expect("the server starts");
    let broker = connect(vec![server.url()]).await;
    let volatile = json!({ "name": "TWOFOLD", "subjects": ["tf.>", "x"], "storage": "memory", "metadata": metadata });
    let answer = api(&broker, "STREAM.CREATE.TWOFOLD", volatile).await;
    assert!(answer["error"].is_null(), "{answer}");
    let Err(InitError::Unsafe(found)) = init(&broker, &init_options(1)).await else { panic!("it is unsafe") };
    assert_eq!(found.iter().map(|difference| difference.field).collect::<Vec<_>>(), ["subjects", "storage"]);
    let info = api(&broker, "STREAM.INFO.TWOFOLD", json!({})).await;
    assert!(info["config"]["deny_delete"] != json!(true), "{info}");
}

#[tokio::test]
async fn a_consumer_that_is_missing_or_changed_is_found_and_set_back() {
    let site = Site::alone().await;
    let broker = site.broker().await;
    let options = monitored(&site.servers);
    let mut config = api(&broker, "CONSUMER.INFO.TWOFOLD.deliver_sms", json!({})).await["config"].take();
    config["max_ack_pending"] = json!(1);
    let question = json!({ "stream_name": "TWOFOLD", "config": config, "action": "update" });
    let answer = api(&broker, "CONSUMER.CREATE.TWOFOLD.deliver_sms.tf.dl.sms.>", question).await;
    assert!(answer["error"].is_null(), "{answer}");
    let Err(CheckError::Settings(found)) = check(&broker, &options).await else { panic!("it is changed") };
    assert_eq!((found[0].what.as_str(), found[0].field), ("consumer deliver_sms", "max_ack_pending"));
    assert_eq!(init(&broker, &init_options(1)).await.expect("set back").changed, found);

    api(&broker, "CONSUMER.DELETE.TWOFOLD.deliver_sms", json!({})).await;
    let checked = check(&broker, &options).await;
    assert_eq!(checked, Err(CheckError::NotInitialised { missing: "consumer deliver_sms".to_owned() }));
    assert_eq!(init(&broker, &init_options(1)).await.expect("made").created, ["consumer deliver_sms"]);
    assert!(check(&broker, &options).await.is_ok());
}

#[tokio::test]
async fn a_server_that_does_not_always_sync_is_refused_unless_allowed() {
    let lax = NatsOptions { sync_always: false, ..NatsOptions::default() };
    let site = Site::small(&lax, None).await;
    let broker = site.broker().await;
    let mut options = monitored(&site.servers);
    let refused = check(&broker, &options).await;
    assert_eq!(refused, Err(CheckError::SyncNotAlways { servers: vec!["solo".to_owned()] }));
    options.allow_unsafe = true;
    let warnings = check(&broker, &options).await.expect("allowed").warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("UNSAFE"), "{warnings:?}");
}

#[tokio::test]
async fn a_server_that_does_not_say_is_refused_unless_allowed() {
    let site = Site::alone().await;
    let broker = site.broker().await;
    let unknown = CheckError::SyncUnknown { servers: vec!["solo".to_owned()] };
    assert_eq!(check(&broker, &CheckOptions::default()).await, Err(unknown.clone()));
    for monitor in ["http://127.0.0.1:1", "https://127.0.0.1:1", "nonsense"] {
        let options = CheckOptions { monitors: vec![monitor.to_owned()], allow_unsafe: false };
        assert_eq!(check(&broker, &options).await, Err(unknown.clone()), "{monitor}");
    }
    let options = CheckOptions { allow_unsafe: true, ..CheckOptions::default() };
    assert_eq!(check(&broker, &options).await.expect("allowed").warnings.len(), 1);
}

const ACCOUNTS: &str = r#"
    system_account: SYS
    accounts {
      SYS { exports: [ { service: "$SYS.REQ.SERVER.PING.JSZ", response_type: Stream, accounts: [TWOFOLD] } ] }
      TWOFOLD {
        jetstream: enabled
        imports: [ { service: { account: SYS, subject: "$SYS.REQ.SERVER.PING.JSZ" } } ]
        users: [ { user: api, password: "right", permissions: { publish: ">", subscribe: "_INBOX_api.>" } } ]
      }
    }
"#;

fn as_api(server: &NatsServer, password: &str) -> BrokerOptions {
    let auth = Auth::UserPassword { user: "api".to_owned(), password: password.to_owned().into() };
    BrokerOptions { auth, ..BrokerOptions::local(server.url()) }
}

#[tokio::test]
async fn servers_tell_over_nats_where_the_account_may_ask() {
    for sync_always in [true, false] {
        let options = NatsOptions { sync_always, extra: ACCOUNTS.to_owned(), ..NatsOptions::default() };
        let server = NatsServer::start(&options).expect("the server starts");
        let refused = Broker::connect(&as_api(&server, "wrong")).await;
        assert!(matches!(refused, Err(ConnectError::Refused(_))), "{refused:?}");
        let broker = Broker::connect(&as_api(&server, "right")).await.expect("let in");
        init(&broker, &init_options(1)).await.expect("made");
        let checked = check(&broker, &CheckOptions::default()).await;
        if sync_always {
            assert_eq!(checked.expect("safe").warnings, Vec::<String>::new());
        } else {
            assert_eq!(checked, Err(CheckError::SyncNotAlways { servers: vec!["solo".to_owned()] }));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_server_of_a_cluster_is_asked_and_replicas_only_grow() {
    let cluster = twofold_test_support::NatsCluster::start(&NatsOptions::default()).expect("the cluster starts");
    let broker = connect(cluster.urls()).await;
    made(&broker, &init_options(1)).await;
    let grown = init(&broker, &init_options(3)).await.expect("grown");
    let changed: Vec<_> = grown.changed.iter().map(|change| (change.what.clone(), change.field)).collect();
    assert_eq!(
        changed,
        ["TWOFOLD", "KV_TWOFOLD_keys", "TWOFOLD_usage"].map(|stream| (format!("stream {stream}"), "num_replicas"))
    );
    assert!(matches!(init(&broker, &init_options(1)).await, Err(InitError::Unsafe(_))));

    let mut monitors = cluster.monitors();
    let options = CheckOptions { monitors: monitors.clone(), allow_unsafe: false };
    until("the replicas are there", async || check(&broker, &options).await.is_ok()).await;
    assert_eq!(check(&broker, &options).await.expect("safe").replicas, 3);
    let silent = monitors.pop();
    assert!(silent.is_some());
    let checked = check(&broker, &CheckOptions { monitors, allow_unsafe: false }).await;
    assert!(matches!(&checked, Err(CheckError::SyncUnknown { servers }) if servers.len() == 1), "{checked:?}");
}

#[tokio::test]
async fn nobody_there_is_said_without_waiting_for_ever() {
    let options = BrokerOptions::local("nats://127.0.0.1:1");
    assert!(matches!(Broker::connect(&options).await, Err(ConnectError::Unreachable(_))));
}

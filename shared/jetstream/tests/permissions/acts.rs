//! A table of acts: who may do what on the wire, whatever the adapters would ask for.

use crate::house::House;

const ROLES: [&str; 4] = ["admin", "api", "deliver", "project"];

/// What to publish, and who may.
const PUBLISHING: &[(&str, &str, &[&str])] = &[
    // The log.
    ("tf.ev.1.tnaa.us1", "", &["admin", "api"]),
    ("tf.cf.tnaa.tenant", "", &["admin", "api", "project"]),
    ("tf.cf.tnaa.acaa", "", &["admin", "api"]),
    ("tf.dl.sms.tnaa.ms1", "", &["admin", "api"]),
    ("tf.dr.tnaa.ms1", "", &["admin", "api", "deliver"]),
    ("tf.sp.tnaa.d1", "", &["admin", "api", "deliver"]),
    ("tf.xx.anything", "", &["admin"]),
    ("elsewhere", "", &[]),
    // Reading it.
    ("$JS.API.STREAM.INFO.TWOFOLD", "", &["admin", "api", "deliver", "project"]),
    ("$JS.API.STREAM.MSG.GET.TWOFOLD", r#"{"seq":1}"#, &["admin", "api", "deliver", "project"]),
    ("$JS.API.DIRECT.GET.TWOFOLD", r#"{"seq":1}"#, &["admin", "api", "deliver", "project"]),
    ("$JS.API.DIRECT.GET.TWOFOLD.tf.ev.1.tnaa.us1", "", &["admin", "api", "deliver", "project"]),
    // Changing what is written, or the stream.
    ("$JS.API.STREAM.MSG.DELETE.TWOFOLD", r#"{"seq":999999}"#, &["admin"]),
    ("$JS.API.STREAM.PURGE.TWOFOLD", r#"{"filter":"tf.none"}"#, &["admin"]),
    ("$JS.API.STREAM.UPDATE.TWOFOLD", "{}", &["admin"]),
    ("$JS.API.STREAM.CREATE.OTHER", "{}", &["admin"]),
    ("$JS.API.STREAM.DELETE.OTHER", "", &["admin"]),
    ("$JS.API.STREAM.RESTORE.OTHER", "{}", &["admin"]),
    ("$JS.API.STREAM.SNAPSHOT.OTHER", "{}", &["admin"]),
    ("$JS.API.STREAM.PEER.REMOVE.OTHER", "{}", &["admin"]),
    ("$JS.API.STREAM.LEADER.STEPDOWN.OTHER", "{}", &["admin"]),
    // Users' keys.
    ("$KV.TWOFOLD_keys.k", "", &["admin", "api"]),
    ("$KV.OTHER.k", "", &["admin"]),
    ("$JS.API.STREAM.MSG.GET.KV_TWOFOLD_keys", r#"{"seq":1}"#, &["admin", "api", "deliver"]),
    ("$JS.API.STREAM.MSG.DELETE.KV_TWOFOLD_keys", r#"{"seq":999999}"#, &["admin", "api"]),
    ("$JS.API.STREAM.PURGE.KV_TWOFOLD_keys", r#"{"filter":"none"}"#, &["admin"]),
    ("$JS.API.STREAM.UPDATE.KV_TWOFOLD_keys", "{}", &["admin"]),
    // Snapshots are believed: who writes them could write users' states.
    ("$KV.TWOFOLD_snapshots.s", "", &["admin", "api"]),
    ("$JS.API.DIRECT.GET.KV_TWOFOLD_snapshots.$KV.TWOFOLD_snapshots.s", "", &["admin", "api", "deliver"]),
    // What is counted.
    ("us.user.h1", "", &["admin", "api"]),
    ("$JS.API.DIRECT.GET.TWOFOLD_usage.us.user.h1", "", &["admin", "api"]),
    ("$JS.API.STREAM.INFO.TWOFOLD_usage", "", &["admin", "api", "deliver", "project"]),
    ("$JS.API.STREAM.PURGE.TWOFOLD_usage", r#"{"filter":"us.none"}"#, &["admin"]),
    // The work queue.
    ("$JS.API.CONSUMER.MSG.NEXT.TWOFOLD.deliver_sms", r#"{"batch":1,"no_wait":true}"#, &["admin", "deliver"]),
    ("$JS.ACK.TWOFOLD.deliver_sms.1.999.999.1.0", "+ACK", &["admin", "deliver"]),
    ("$JS.API.CONSUMER.CREATE.TWOFOLD.deliver_sms.tf.dl.sms.>", "{}", &["admin", "deliver"]),
    ("$JS.API.CONSUMER.CREATE.TWOFOLD.deliver_sms.tf.>", "{}", &["admin"]),
    ("$JS.API.CONSUMER.CREATE.TWOFOLD.mine.tf.ev.>", "{}", &["admin"]),
    ("$JS.API.CONSUMER.CREATE.TWOFOLD", "{}", &["admin"]),
    ("$JS.API.CONSUMER.CREATE.KV_TWOFOLD_keys.mine.$KV.>", "{}", &["admin"]),
    ("$JS.API.CONSUMER.DURABLE.CREATE.TWOFOLD.deliver_sms", "{}", &["admin"]),
    ("$JS.API.CONSUMER.DELETE.TWOFOLD.nobody", "", &["admin"]),
    ("$JS.API.CONSUMER.PAUSE.TWOFOLD.nobody", "{}", &["admin"]),
    // The servers.
    ("$SYS.REQ.SERVER.PING.JSZ", "{}", &["admin", "api", "deliver", "project"]),
    ("$SYS.REQ.SERVER.PING.CONNZ", "{}", &[]),
    ("$SYS.REQ.SERVER.PING", "", &[]),
];

/// What to subscribe to, beside one's own inbox, and who may: nobody.
const LISTENING: [&str; 8] = [">", "tf.>", "tf.cf.>", "$KV.>", "$JS.>", "$SYS.>", "_INBOX.>", "_INBOX_neighbour.>"];

#[tokio::test(flavor = "multi_thread")]
async fn every_role_may_do_what_it_needs_and_nothing_else() {
    let house = House::prepared().await;
    let mut wrong = Vec::new();
    for role in ROLES {
        let broker = house.connect(role).await;
        for (subject, payload, allowed) in PUBLISHING {
            let expected = allowed.contains(&role);
            if house.may_publish(&broker, role, subject, payload).await != expected {
                wrong.push(format!("{role} may{} publish {subject}", if expected { " not" } else { "" }));
            }
        }
        for subject in LISTENING {
            if house.may_subscribe(&broker, role, subject).await {
                wrong.push(format!("{role} may listen to {subject}"));
            }
        }
        for neighbour in ROLES.into_iter().filter(|neighbour| *neighbour != role) {
            let subject = format!("_INBOX_{neighbour}.>");
            if house.may_subscribe(&broker, role, &subject).await {
                wrong.push(format!("{role} may listen to {subject}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_tell_every_role_whether_they_sync() {
    let house = House::prepared().await;
    for role in ROLES {
        let broker = house.connect(role).await;
        let answer = broker.client().request("$SYS.REQ.SERVER.PING.JSZ", "{}".into()).await.expect("an answer");
        let answer: serde_json::Value = serde_json::from_slice(&answer.payload).expect("JSON");
        assert_eq!(answer["data"]["config"]["sync_always"], true, "{role}: {answer}");
        assert!(answer["server"]["ver"].is_string(), "{role}: {answer}");
        assert!(answer["data"]["account_details"].is_null(), "{role}: {answer}");
    }
}

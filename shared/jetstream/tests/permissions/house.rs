//! A server with the accounts of infra/nats, prepared by the admin, and a connection for each user.

use std::time::Duration;

use async_nats::jetstream::stream;
use bytes::Bytes;
use secrecy::SecretString;
use tokio::time::{Instant, sleep};
use twofold_domain::Channel;
use twofold_jetstream::{
    Auth, Broker, BrokerOptions, deliver_consumer_config, keys_bucket_config, snapshots_bucket_config,
    usage_stream_config,
};
use twofold_test_support::{NatsOptions, NatsServer};

const ACCOUNTS: &str = include_str!("../../../../infra/nats/accounts.conf");
const SOON: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(10);
const USERS: [&str; 5] = ["sys", "admin", "api", "deliver", "project"];

/// A server and its rules.
pub struct House {
    server: NatsServer,
}

impl House {
    /// Starts it and makes streams, buckets and consumers as the admin.
    pub async fn prepared() -> Self {
        let passwords = USERS.map(|user| format!("NATS_{}_PASSWORD: \"{}\"\n", user.to_uppercase(), password(user)));
        let options = NatsOptions { extra: passwords.concat() + ACCOUNTS, ..NatsOptions::default() };
        let house = Self { server: NatsServer::start(&options).expect("the server starts") };
        let broker = house.connect("admin").await;
        let (jetstream, names) = (broker.jetstream(), broker.names());
        let log = stream::Config {
            name: names.stream().to_owned(),
            subjects: vec!["tf.>".to_owned()],
            allow_direct: true,
            allow_atomic_publish: true,
            ..stream::Config::default()
        };
        let (keys, usage) = (keys_bucket_config(names, 1), usage_stream_config(names, 1, 1 << 20));
        for config in [log, keys, snapshots_bucket_config(names, 1, 1 << 20), usage] {
            jetstream.create_stream(config).await.expect("a stream");
        }
        for channel in [Channel::Email, Channel::Sms] {
            let config = deliver_consumer_config(names, channel);
            jetstream.create_consumer_on_stream(config, names.stream()).await.expect("a consumer");
        }
        house
    }

    /// A connection of a user.
    pub async fn connect(&self, user: &str) -> Broker {
        let auth = Auth::UserPassword { user: user.to_owned(), password: SecretString::from(password(user)) };
        let options = BrokerOptions { auth, name: user.to_owned(), ..BrokerOptions::local(self.server.url()) };
        Broker::connect(&options).await.expect("let in")
    }

    /// Publishes with a reply inbox and says whether the server let it: either it is answered, or the server has
    /// written down a violation.
    pub async fn may_publish(&self, broker: &Broker, user: &str, subject: &str, payload: &str) -> bool {
        let asked = broker.client().request(subject.to_owned(), Bytes::from(payload.to_owned()));
        tokio::select! {
            // No stream and no service there: it was let through all the same.
            _answer = asked => self.violations("Publish", user, subject) == 0,
            () = self.violated("Publish", user, subject) => false,
        }
    }

    /// Subscribes and says whether the server let it.
    pub async fn may_subscribe(&self, broker: &Broker, user: &str, subject: &str) -> bool {
        let subscription = broker.client().subscribe(subject.to_owned()).await.expect("sent");
        // The server takes what one connection says in turn: an answer means that it has judged the subscription.
        broker.client().request("$JS.API.STREAM.INFO.TWOFOLD", Bytes::new()).await.expect("an answer");
        drop(subscription);
        self.violations("Subscription", user, subject) == 0
    }

    async fn violated(&self, kind: &str, user: &str, subject: &str) {
        self.until(&format!("{user} {subject} is answered or refused"), async || {
            self.violations(kind, user, subject) > 0
        })
        .await;
    }

    /// Waits for a condition.
    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let end = Instant::now() + SOON;
        while !holds().await {
            assert!(Instant::now() < end, "in vain: {what}");
            sleep(PAUSE).await;
        }
    }

    /// How often the server refused it so far.
    pub fn violations(&self, kind: &str, user: &str, subject: &str) -> usize {
        let log = self.server.log();
        let line = format!("\"TWOFOLD/user:{user}\" - {kind} Violation - Subject \"{subject}\"");
        log.lines().filter(|written| written.contains(&line)).count()
    }

    /// Every refusal so far.
    pub fn refusals(&self) -> Vec<String> {
        self.server.log().lines().filter(|line| line.contains("Violation")).map(str::to_owned).collect()
    }
}

fn password(user: &str) -> String {
    format!("word-of-{user}")
}

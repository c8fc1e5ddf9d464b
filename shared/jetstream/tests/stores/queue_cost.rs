//! What a request handed out costs the server: counted in messages, not in seconds.

use futures_util::future::join_all;
use twofold_domain::Channel::Email;
use twofold_jetstream::{Broker, JetStreamQueue};
use twofold_test_support::NatsServer;

use super::support::{all_done, next, queue, request, server, solo};

const REQUESTS: u8 = 250;
/// As many as a worker has.
const ASKING: usize = 32;

/// Messages the server got and messages it sent so far.
fn traffic(server: &NatsServer) -> [u64; 2] {
    let varz = server.monitoring("/varz").expect("an answer");
    ["in_msgs", "out_msgs"].map(|field| varz[field].as_u64().expect("a number"))
}

/// Takes everything there is, as a worker does: looks something up about each and is done with it.
async fn drain(broker: &Broker, queue: &JetStreamQueue) {
    let stream = broker.jetstream().get_stream_no_info(broker.names().stream()).await.expect("named");
    let work = async || {
        loop {
            let claimed = next(queue).await;
            stream.get_raw_message(claimed.stored.seq.0).await.expect("a look");
            claimed.claim.done().await.expect("done");
        }
    };
    tokio::select! {
        _ = join_all((0..ASKING).map(|_| work())) => unreachable!("works for ever"),
        () = all_done(broker, Email) => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_queue_costs_the_server_few_messages() {
    let server = server();
    let broker = solo(&server).await;
    for n in 0..REQUESTS {
        request(&broker, Email, n).await;
    }
    let before = traffic(&server);
    let queue = queue(&broker, &[Email]).await;
    drain(&broker, &queue).await;
    let after = traffic(&server);
    let [got, sent] = [0, 1].map(|n| (after[n] - before[n]) * 100 / u64::from(REQUESTS));
    // Of a hundred: the look and that it is done; the request and the answer to the look; a few questions on top.
    assert!(got < 230 && sent < 230, "{got} came to the server and {sent} left it for a hundred requests");
}

//! What a message costs the log, the key store and the queue: at thousands a second they are what there is least of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use twofold_crypto::KeyStore;
use twofold_domain::Method;
use twofold_event_log::{EventLog, MemoryLog, WorkQueue};
use twofold_test_support::{SinkOptions, SmtpSink, TwilioAccount, TwilioStub};

use super::counted::{Calls, CountedKeys, CountedLog};
use super::house::{ACCOUNT_SID, House, Running, sms_operator, until};
use super::panel::{NUMBER, Panel};
use super::queue::MemoryQueue;
use super::storm::{Gate, Storm};

/// Longer than any test.
const FOR_EVER: Duration = Duration::from_hours(1);

/// A worker on the house's log whose calls are counted, and the queue it takes its messages from.
async fn counted(house: &House, mut its: House) -> (Running, Arc<MemoryQueue>, Calls) {
    let (queue, calls) = (MemoryQueue::new(&house.log, FOR_EVER), Calls::default());
    its.log = Arc::new(CountedLog { inner: Arc::clone(&house.log), calls: calls.clone() });
    its.store = Arc::new(CountedKeys { inner: Arc::clone(&house.store), calls: calls.clone() });
    its.clock = Arc::clone(&house.clock);
    let config = its.config().from_queue(Arc::<MemoryQueue>::clone(&queue) as Arc<dyn WorkQueue>);
    let worker = its.worker_with(its.engine().await, config);
    calls.take();
    (worker, queue, calls)
}

/// Carries one code of `ada`, then another one, and compares what each cost. An entry that a provider took its time is not
/// counted: on a busy machine every one does.
async fn costs(house: House, its: House, method: Method) {
    let panel = Panel::new(&house.engine().await, "acme").await;
    panel.register("ada", "ada@example.net", NUMBER).await;
    let (worker, queue, calls) = counted(&house, its).await;
    let every_time = [("last of a user", 1), ("page of a user", 1), ("page of the ledger", 1)];
    let first: BTreeMap<_, _> = every_time.into_iter().chain([("key", 1)]).collect();
    for (n, wanted) in [(0, first), (1, every_time.into())] {
        panel.enrol("ada", method).await;
        until("taken", async || worker.numbers().accepted == n + 1).await;
        until("the queue knows it", async || queue.open() == 0).await;
        let mut made = calls.take();
        let n = usize::try_from(n).expect("small");
        assert_eq!(made.remove("append"), u32::try_from(house.whole_ledger(n).await.len()).ok());
        assert_eq!((made, house.ledger(n).await.len()), (wanted, 1), "message {n}");
        house.clock.advance_secs(60);
    }
    let state = queue.state();
    assert_eq!((state.handed_out, state.extended, state.given_back.len()), (2, 0, 0));
}

#[tokio::test]
async fn a_code_by_mail_costs_three_reads_of_the_log_a_key_and_one_entry() {
    let sink = SmtpSink::start(&SinkOptions::default()).expect("the sink starts");
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let house = || House::with_mail_on(Arc::clone(&log), &sink);
    costs(house(), house(), Method::Email).await;
}

#[tokio::test]
async fn a_code_by_text_message_costs_the_same() {
    let [account_sid, user] = [ACCOUNT_SID; 2].map(str::to_owned);
    let account = TwilioAccount { account_sid, user, password: "token".to_owned() };
    let twilio = TwilioStub::start(account).await.expect("the stand-in starts");
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let [house, its] = [(); 2].map(|()| {
        let mut house = House::on(Arc::clone(&log), Vec::new());
        house.operator = sms_operator(&twilio.url(), "token");
        house
    });
    costs(house, its, Method::Sms).await;
}

#[tokio::test]
async fn a_pile_of_some_thousand_messages_is_taken_up_without_being_handed_around() {
    // More of each than its share would be.
    const TENANTS: u64 = 2;
    const EACH: u64 = 1450;
    let sink = SmtpSink::start(&SinkOptions::default()).expect("the sink starts");
    let house = House::with_mail(&sink);
    let queue = MemoryQueue::new(&house.log, FOR_EVER);
    let mut storms = Vec::new();
    for n in 0..TENANTS {
        storms.push(Storm::new(&house, &format!("tenant{n}")).await);
    }
    for storm in &mut storms {
        storm.rage(&house, EACH).await;
    }
    // Nothing is sent meanwhile: all of it waits at once.
    let gate = Gate::before(&house.store);
    let config = house.config().from_queue(Arc::<MemoryQueue>::clone(&queue) as Arc<dyn WorkQueue>);
    let worker = house.worker_with(house.engine_with(Arc::<Gate>::clone(&gate) as Arc<dyn KeyStore>).await, config);
    until("all wait", async || worker.numbers().open == TENANTS * (EACH + 1)).await;
    let state = queue.state();
    assert_eq!((u64::from(state.handed_out), state.given_back.len()), (TENANTS * (EACH + 1), 0));
}

//! Many connections that say the same at the same moment.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use serde_json::Value;

use super::http::Connection;

/// Answers of one round: status and problem code, with how often each came.
pub type Tally = BTreeMap<(u16, String), usize>;

/// The requests of one round.
type Requests = Arc<Vec<Vec<u8>>>;

/// Connections that send in step.
#[derive(Debug)]
pub struct Crowd {
    connections: Vec<Connection>,
}

impl Crowd {
    pub fn of(count: usize, address: SocketAddr) -> Self {
        let connections = (0..count).map(|_| Connection::open(address).expect("connected")).collect();
        Self { connections }
    }

    /// Rounds, one after the other. `next` gives the requests of a round, the n-th for the n-th connection, or as many
    /// as there are given again and again; all of a round leave at once. `judge` is given what came back.
    pub fn rounds(self, mut next: impl FnMut() -> Option<Vec<Vec<u8>>>, mut judge: impl FnMut(Tally)) {
        let count = self.connections.len();
        let gate = Arc::new(Barrier::new(count + 1));
        let done = Arc::new(Barrier::new(count + 1));
        let round: Arc<Mutex<Option<Requests>>> = Arc::default();
        let answers: Arc<Mutex<Tally>> = Arc::default();
        let workers: Vec<_> = self
            .connections
            .into_iter()
            .enumerate()
            .map(|(number, mut connection)| {
                let (gate, done, round, answers) =
                    (Arc::clone(&gate), Arc::clone(&done), Arc::clone(&round), Arc::clone(&answers));
                thread::spawn(move || {
                    loop {
                        gate.wait();
                        let Some(requests) = round.lock().expect("whole").clone() else { return };
                        let outcome = connection.send(&requests[number % requests.len()]).map_or_else(
                            |error| (0, error.to_string()),
                            |answer| {
                                let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                                (answer.status, body["code"].as_str().unwrap_or_default().to_owned())
                            },
                        );
                        *answers.lock().expect("whole").entry(outcome).or_default() += 1;
                        done.wait();
                    }
                })
            })
            .collect();
        while let Some(requests) = next() {
            *round.lock().expect("whole") = Some(Arc::new(requests));
            gate.wait();
            done.wait();
            judge(std::mem::take(&mut *answers.lock().expect("whole")));
        }
        *round.lock().expect("whole") = None;
        gate.wait();
        for worker in workers {
            worker.join().expect("no panic");
        }
    }
}

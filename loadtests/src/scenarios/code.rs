//! A login by e-mail or SMS: the challenge, the message in a sink, the code in the message.

mod places;
mod setup;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::timeout;

use self::places::{Place, Places};
pub use self::setup::CodeSetup;
use super::answer::Expected;
use super::caller::Caller;
use super::login::{answer, challenge};
use super::targets::Targets;
use crate::load::{BoxFuture, Client, Played, Scenario, Verdict};
use crate::providers::{Book, Simulator};

/// Longest wait for a message.
const MESSAGE: Duration = Duration::from_secs(30);

const BY_EMAIL: Expected = asked(&[r#""status":"code_required""#, r#""login_allowed":false"#, r#""method":"email""#]);
const BY_SMS: Expected = asked(&[r#""status":"code_required""#, r#""login_allowed":false"#, r#""method":"sms""#]);

const fn asked(holds: &'static [&'static str]) -> Expected {
    Expected::new("a challenge whose code is on its way", 201, holds)
}

/// The scenario.
#[derive(Debug)]
pub struct Code {
    targets: Arc<Targets>,
    places: Arc<Places>,
    sinks: Simulator,
}

impl Code {
    /// Points the tenants' channels to sinks of its own, and makes the users. The server must let tenants send to private
    /// addresses (`delivery.allow_private_networks`). Changes the settings of the tenants.
    ///
    /// # Errors
    /// A sink cannot listen, or the server answers something undocumented.
    pub async fn start(targets: Arc<Targets>, setup: &CodeSetup) -> Result<Self> {
        let (places, sinks) = setup::prepare(&targets, setup).await?;
        Ok(Self { targets, places: Arc::new(places), sinks })
    }
}

impl Scenario for Code {
    fn name(&self) -> &'static str {
        "code"
    }

    fn client(&self, number: usize) -> BoxFuture<'_, Result<Box<dyn Client>>> {
        Box::pin(async move {
            let caller = Caller::open(&self.targets, number).await?;
            let (places, book) = (Arc::clone(&self.places), Arc::clone(self.sinks.book()));
            let client: Box<dyn Client> = Box::new(Reader { caller, places, book });
            Ok(client)
        })
    }
}

#[derive(Debug)]
struct Reader {
    caller: Caller,
    places: Arc<Places>,
    book: Arc<Book>,
}

impl Client for Reader {
    fn play(&mut self) -> BoxFuture<'_, Option<Played>> {
        Box::pin(async move {
            let place = self.places.take()?;
            let mut parts = Vec::with_capacity(3);
            let verdict = login(&mut self.caller, &self.book, place, &mut parts).await;
            Some(Played { kind: place.method, verdict: verdict.err().unwrap_or(Verdict::Right), parts })
        })
    }
}

/// One login.
async fn login(
    caller: &mut Caller,
    book: &Book,
    place: &Place,
    parts: &mut Vec<(&'static str, Duration)>,
) -> Result<(), Verdict> {
    let message = book.next_to(&place.recipient);
    let begun = Instant::now();
    let expected = if place.method == "email" { BY_EMAIL } else { BY_SMS };
    let path = format!("/v1/users/{}/challenges", place.id);
    let id = challenge(caller, place.tenant, &path, "{}", expected).await?;
    parts.push(("request", begun.elapsed()));
    let begun = Instant::now();
    let code = arrived(message, place).await?;
    parts.push(("delivery", begun.elapsed()));
    let begun = Instant::now();
    let verdict = answer(caller, place.tenant, &format!("{path}/{id}/verify"), &code).await;
    parts.push(("verify", begun.elapsed()));
    if verdict == Verdict::Right { Ok(()) } else { Err(verdict) }
}

/// The code of the next message to a user.
async fn arrived(message: tokio::sync::oneshot::Receiver<String>, place: &Place) -> Result<String, Verdict> {
    match timeout(MESSAGE, message).await {
        Ok(Ok(code)) => Ok(code),
        Ok(Err(_)) | Err(_) => {
            Err(Verdict::NoAnswer(format!("no {} to {} in {} s", place.method, place.recipient, MESSAGE.as_secs())))
        }
    }
}

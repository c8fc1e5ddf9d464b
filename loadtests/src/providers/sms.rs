//! Twilio's Messages resource under `/p<number>/2010-04-01/…`, and a plain interface under `/p<number>/send`.

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use twofold_test_support::{HttpRequest, Reaction, read_request, twilio_answer, twilio_error};

use super::book::{Book, Came};
use super::callback::{Callbacks, Report};
use super::profile::{HANG, Mishap};
use super::{Provider, TOKEN, account};
use crate::codes::six_digits;
use crate::random::Dice;

/// The HTTP side of all providers.
#[derive(Debug)]
pub(super) struct SmsSide {
    providers: Arc<[Provider]>,
    book: Arc<Book>,
    callbacks: Arc<Callbacks>,
    ids: Mutex<Dice>,
}

/// A message as a provider read it, with the answer it would give.
struct Read {
    answer: Reaction,
    /// Recipient and text, when the request was good.
    message: Option<(String, String)>,
    report: Option<Report>,
    /// Whether it speaks Twilio's language.
    twilio: bool,
}

impl SmsSide {
    pub(super) fn new(providers: Arc<[Provider]>, book: Arc<Book>, callbacks: Arc<Callbacks>, dice: Dice) -> Self {
        Self { providers, book, callbacks, ids: Mutex::new(dice) }
    }

    /// Answers whoever comes; never ends.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(Arc::clone(&self).converse(stream));
        }
    }

    async fn converse(self: Arc<Self>, mut stream: TcpStream) {
        let mut buffer = Vec::with_capacity(4096);
        while let Some(request) = read_request(&mut stream, &mut buffer).await {
            let Some(answer) = self.answer(request).await else { return };
            if stream.write_all(&answer.bytes()).await.is_err() {
                return;
            }
        }
    }

    /// Nothing: the connection is to be closed.
    async fn answer(&self, request: HttpRequest) -> Option<Reaction> {
        let Some((provider, request)) = self.addressed(request) else { return Some(Reaction::status(404)) };
        let read = self.read(provider, &request);
        let Some((recipient, text)) = &read.message else { return Some(read.answer) };
        let (mishap, pause) = provider.draw();
        sleep(pause).await;
        let code = six_digits(text).unwrap_or_default();
        self.book.note(Came { provider: provider.number, recipient, code: &code, mishap });
        if let Some(report) = read.report.filter(|_| mishap.takes()) {
            self.callbacks.send(report);
        }
        match mishap {
            Mishap::None => Some(read.answer),
            Mishap::Cut => None,
            Mishap::Hang => {
                sleep(HANG).await;
                None
            }
            Mishap::Busy if read.twilio => Some(twilio_error(503, 20503, "Service unavailable")),
            Mishap::Busy => Some(Reaction::status(503)),
            Mishap::Refused if read.twilio => Some(twilio_error(400, 21614, "'To' number is not a mobile number")),
            Mishap::Refused => Some(Reaction::status(400)),
        }
    }

    /// The provider of a path, and the request as it sees it.
    fn addressed(&self, mut request: HttpRequest) -> Option<(&Provider, HttpRequest)> {
        let (number, rest) = request.target.strip_prefix("/p")?.split_once('/')?;
        let provider = self.providers.get(number.parse::<usize>().ok()?)?;
        request.target = format!("/{rest}");
        Some((provider, request))
    }

    fn read(&self, provider: &Provider, request: &HttpRequest) -> Read {
        if request.target.starts_with("/2010-04-01/") { self.twilio(provider, request) } else { plain(request) }
    }

    fn twilio(&self, provider: &Provider, request: &HttpRequest) -> Read {
        let account = account(provider.number);
        let id = self.ids.lock().id();
        let sid = format!("SM{}", data_encoding::HEXLOWER.encode(&id));
        let answer = twilio_answer(&account, request, &sid);
        let form = request.form();
        let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let created = matches!(&answer, Reaction::Answer { status: 201, .. });
        let message = field("To").zip(field("Body")).filter(|_| created);
        let report = field("StatusCallback").map(|url| Report {
            url,
            account: account.account_sid,
            sid,
            to: field("To").unwrap_or_default(),
            from: field("From").unwrap_or_default(),
        });
        Read { answer, message, report, twilio: true }
    }
}

/// A provider as a tenant may describe one: `to`, `text`, `ttl` and `ref` in JSON, and a key in a header.
fn plain(request: &HttpRequest) -> Read {
    let refused = |status| Read { answer: Reaction::status(status), message: None, report: None, twilio: false };
    if request.target != "/send" || request.method != "POST" {
        return refused(404);
    }
    if request.header("x-api-key") != TOKEN {
        return refused(401);
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let (Some(to), Some(text), Some(1..)) = (body["to"].as_str(), body["text"].as_str(), body["ttl"].as_u64()) else {
        return refused(422);
    };
    let answer = Reaction::json(202, &json!({ "ref": body["ref"] }));
    Read { answer, message: Some((to.to_owned(), text.to_owned())), report: None, twilio: false }
}

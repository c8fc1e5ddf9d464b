//! Real parts for tests: servers in their own processes, on free ports, stopped when dropped. For development only.

pub mod certificates;
pub mod http_stub;
pub mod port;
pub mod python;
pub mod smtp_sink;
pub mod twilio_stub;

pub use self::http_stub::{HttpRequest, HttpStub, Reaction};
pub use self::port::free_port;
pub use self::smtp_sink::{ReceivedMail, SinkOptions, SinkTls, SmtpSink, Stage};
pub use self::twilio_stub::{TwilioAccount, TwilioStub, twilio_error};

//! Real parts for tests: servers in their own processes, on free ports, stopped when dropped. For development only.

pub mod certificates;
pub mod fault_proxy;
pub mod http_stub;
pub mod nats;
pub mod node;
mod place;
pub mod port;
pub mod postgres;
mod probe;
mod process;
pub mod python;
pub mod smtp_sink;
pub mod twilio_stub;
mod wait;

pub use self::fault_proxy::{Fault, FaultProxy};
pub use self::http_stub::{HttpRequest, HttpStub, Reaction, read_request};
pub use self::nats::{NatsCluster, NatsOptions, NatsServer};
pub use self::port::{PortLease, free_port};
pub use self::postgres::PostgresServer;
pub use self::process::Process;
pub use self::smtp_sink::{ReceivedMail, SinkOptions, SinkTls, SmtpSink, Stage};
pub use self::twilio_stub::{TwilioAccount, TwilioStub, twilio_answer, twilio_error};

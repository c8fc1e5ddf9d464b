//! What things are called on the server. Everything derives from the name of the stream.

use std::sync::Arc;

use twofold_domain::Channel;

/// Bytes of a stream's name. The server allows 255; the buckets' and the files' names get longer.
const MAX_STREAM_BYTES: usize = 64;

/// Names of the stream, the buckets and the consumers. Cloning is cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    stream: Arc<str>,
}

/// Why a text is no name of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stream's name has 1 to {MAX_STREAM_BYTES} characters of A-Z, a-z, 0-9, _ and -")]
pub struct NameError;

impl Default for Names {
    /// The stream is `TWOFOLD`.
    fn default() -> Self {
        Self { stream: "TWOFOLD".into() }
    }
}

impl Names {
    /// All subjects of the log, whatever the stream is called: two logs need two accounts on the server.
    pub const SUBJECTS: &str = "tf.>";
    /// All subjects of counters.
    pub const USAGE_SUBJECTS: &str = "us.>";

    /// Derives everything from the stream's name.
    ///
    /// # Errors
    /// [`NameError`] when it is empty, longer than 64 bytes, or has anything but letters, digits, `_` and `-`: the rest
    /// would be a wildcard, a separator or a path to the server.
    pub fn new(stream: &str) -> Result<Self, NameError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let well_formed = !stream.is_empty() && stream.len() <= MAX_STREAM_BYTES && stream.bytes().all(plain);
        if well_formed { Ok(Self { stream: stream.into() }) } else { Err(NameError) }
    }

    /// The stream of the log.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The bucket of wrapped user keys.
    pub fn keys_bucket(&self) -> String {
        format!("{}_keys", self.stream)
    }

    /// The bucket of snapshots.
    pub fn snapshots_bucket(&self) -> String {
        format!("{}_snapshots", self.stream)
    }

    /// The stream of counters.
    pub fn usage_stream(&self) -> String {
        format!("{}_usage", self.stream)
    }

    /// The durable consumer that hands out requests to deliver. Its name is unique within the stream, so it has no need
    /// of the stream's name.
    pub fn deliver_consumer(&self, channel: Channel) -> String {
        format!("deliver_{}", channel.name())
    }

    /// The subjects of requests to deliver over one channel.
    pub fn deliver_filter(channel: Channel) -> String {
        format!("tf.dl.{}.>", channel.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_named_after_the_stream() {
        let names = Names::new("TWOFOLD").expect("a name");
        assert_eq!(names, Names::default());
        assert_eq!(names.keys_bucket(), "TWOFOLD_keys");
        assert_eq!(names.snapshots_bucket(), "TWOFOLD_snapshots");
        assert_eq!(names.usage_stream(), "TWOFOLD_usage");
        assert_eq!(names.deliver_consumer(Channel::Sms), "deliver_sms");
        assert_eq!(Names::deliver_filter(Channel::Email), "tf.dl.email.>");
    }

    #[test]
    fn what_the_server_would_read_otherwise_is_refused() {
        let long = "a".repeat(MAX_STREAM_BYTES + 1);
        for name in ["", "a b", "a.b", "*", ">", "a/b", "a\\b", "ü", "a\n", long.as_str()] {
            assert_eq!(Names::new(name), Err(NameError), "{name:?}");
        }
        assert!(Names::new(&long[1..]).is_ok());
    }
}

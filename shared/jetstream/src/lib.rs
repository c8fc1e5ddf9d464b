//! The adapters that stand on a NATS server with `JetStream`: the event log, the key store, snapshots, and the queue of
//! messages to deliver. Ports are implemented here; nothing here decides anything.

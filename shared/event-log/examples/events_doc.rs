//! Writes `docs/events.md`: `cargo run -p twofold-event-log --example events_doc > docs/events.md`.

#![allow(clippy::print_stdout, reason = "the document is what the program is run for")]

fn main() {
    print!("{}", twofold_event_log::wire::events_document());
}

//! `docs/events.md` is made from the code and must not lag behind it.

#[test]
fn the_document_of_events_is_true() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");
    let written = std::fs::read_to_string(path).expect("docs/events.md");
    let made = twofold_event_log::wire::events_document();
    assert!(
        written == made,
        "docs/events.md is old: cargo run -p twofold-event-log --example events_doc > docs/events.md"
    );
}

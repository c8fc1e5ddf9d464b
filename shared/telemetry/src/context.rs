//! The context of a trace on its way through the log: what one process began, another goes on with.

use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The header of W3C Trace Context, section 3.2.
const TRACEPARENT: &str = "traceparent";

/// The `traceparent` of the current span; `None` when no spans are exported, or this one is not.
pub fn current_traceparent() -> Option<String> {
    let context = Span::current().context();
    if !context.span().span_context().is_valid() {
        return None;
    }
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.remove(TRACEPARENT)
}

/// Makes a span that was not entered yet a part of the trace named by a `traceparent`. A text that is none, and a
/// process that exports no spans, change nothing.
pub fn continue_trace(span: &Span, traceparent: &str) {
    if span.is_disabled() {
        return;
    }
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract(&carrier);
    if context.span().span_context().is_valid() {
        // Fails where nothing exports spans, which is fine.
        let _ = span.set_parent(context);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::{EnvFilter, Layer as _, Registry};

    use super::*;

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    /// As [`crate::init`] builds it, without an exporter.
    fn exporting(f: impl FnOnce()) {
        let tracer = SdkTracerProvider::builder().build().tracer("test");
        let spans = tracing_opentelemetry::layer().with_tracer(tracer).with_filter(EnvFilter::new("info"));
        with_default(Registry::default().with(spans), f);
    }

    fn seen(span: &Span) -> Option<String> {
        span.in_scope(current_traceparent)
    }

    #[test]
    fn what_one_span_hands_over_another_goes_on_with() {
        exporting(|| {
            let first = tracing::info_span!("first");
            let handed_over = seen(&first).expect("a context");
            let second = tracing::info_span!(parent: None, "second");
            continue_trace(&second, &handed_over);
            let seen = seen(&second).expect("a context");
            assert_eq!(seen[..35], handed_over[..35], "the same trace");
            assert_ne!(seen, handed_over, "another span");
        });
    }

    #[test]
    fn a_foreign_trace_is_taken_over_and_nonsense_is_not() {
        exporting(|| {
            let span = tracing::info_span!("ours");
            continue_trace(&span, GIVEN);
            assert!(seen(&span).is_some_and(|seen| seen.starts_with(&GIVEN[..35])));
            let none = "00-00000000000000000000000000000000-0000000000000000-00";
            for nonsense in ["", "00-", "00-zz-zz-01", none, &GIVEN[3..], "\u{2028}"] {
                let span = tracing::info_span!("ours");
                continue_trace(&span, nonsense);
                assert!(seen(&span).is_some_and(|seen| !seen.contains("0af7651916cd43dd")), "{nonsense:?}");
            }
        });
    }

    #[test]
    fn without_an_exporter_there_is_no_context() {
        with_default(Registry::default(), || {
            let span = tracing::info_span!("ours");
            continue_trace(&span, GIVEN);
            assert_eq!(seen(&span), None);
        });
        assert_eq!(current_traceparent(), None);
    }
}

//! What the acceptance window lets in, and what it never does (C4, S2).

use twofold_crypto::{PresentedCode, TotpEvaluation, totp};
use twofold_domain::{Timestamp, TotpParams};

const SECRET: &[u8; 20] = b"12345678901234567890";
const STEP: u64 = 59_843_000;

fn params(skew_steps: u8) -> TotpParams {
    TotpParams { skew_steps, ..TotpParams::default() }
}

/// The code of `STEP` evaluated at some moment, in milliseconds after the start of that step.
fn evaluated(params: TotpParams, after_ms: i64) -> TotpEvaluation {
    let code = totp::code_at(SECRET, &params, STEP);
    let typed = PresentedCode::parse(code.expose()).expect("a code");
    let start_ms = i64::try_from(STEP).expect("small") * 30_000;
    totp::evaluate(SECRET, &params, &typed, Timestamp(start_ms + after_ms))
}

#[test]
fn skew_1_accepts_one_step_either_side_to_the_millisecond() {
    for after_ms in [-30_000, -1, 0, 29_999, 30_000, 59_999] {
        assert_eq!(evaluated(params(1), after_ms), TotpEvaluation { step: Some(STEP), drift_steps: None });
    }
    assert_eq!(evaluated(params(1), -30_001), TotpEvaluation { step: None, drift_steps: Some(2) });
    assert_eq!(evaluated(params(1), 60_000), TotpEvaluation { step: None, drift_steps: Some(-2) });
}

#[test]
fn skew_0_accepts_the_current_step_only() {
    for after_ms in [0, 29_999] {
        assert_eq!(evaluated(params(0), after_ms).step, Some(STEP));
    }
    assert_eq!(evaluated(params(0), -1), TotpEvaluation { step: None, drift_steps: Some(1) });
    assert_eq!(evaluated(params(0), 30_000), TotpEvaluation { step: None, drift_steps: Some(-1) });
}

#[test]
fn a_wider_skew_than_one_step_is_not_obeyed() {
    assert_eq!(evaluated(params(9), 60_000).step, None);
}

#[test]
fn a_code_never_matches_two_or_more_steps_away() {
    for skew in [0, 1] {
        for away in (2..=40).flat_map(|away: i64| [away, -away]) {
            let evaluation = evaluated(params(skew), away * 30_000);
            assert_eq!(evaluation.step, None, "skew {skew}, {away} steps away");
            let expected = i32::try_from(-away).ok().filter(|drift| drift.abs() <= 20);
            assert_eq!(evaluation.drift_steps, expected, "skew {skew}, {away} steps away");
        }
    }
}

#[test]
fn the_newest_of_two_equal_codes_wins() {
    // Steps with equal 6-digit codes next to each other are found by looking for them: one in a million.
    let all = params(1);
    let code = |step| totp::code_at(SECRET, &all, step).expose().to_owned();
    let twin = (0_u64..30_000_000)
        .scan((String::new(), code(0)), |(older, old), step| {
            let new = code(step + 1);
            let hit = (*old == new || *older == new).then_some((step, *older == new && *old != new));
            *older = std::mem::replace(old, new);
            Some(hit)
        })
        .flatten()
        .next();
    let (step, apart) = twin.expect("found");
    let present = if apart { step } else { step + 1 };
    let typed = PresentedCode::parse(&code(step + 1)).expect("a code");
    let now = Timestamp::from_secs(i64::try_from(present * 30).expect("small"));
    assert_eq!(totp::evaluate(SECRET, &all, &typed, now).step, Some(step + 1));
}

#[test]
fn a_code_of_another_length_matches_nothing() {
    let eight = TotpParams { digits: 8, ..params(1) };
    let code = totp::code_at(SECRET, &eight, STEP);
    let now = Timestamp::from_secs(i64::try_from(STEP * 30).expect("small"));
    for typed in [code.expose().to_owned(), format!("00{}", &code.expose()[2..])] {
        let typed = PresentedCode::parse(&typed).expect("a code");
        assert_eq!(totp::evaluate(SECRET, &params(1), &typed, now), TotpEvaluation { step: None, drift_steps: None });
    }
}

#[test]
fn leading_zeros_are_kept_and_demanded() {
    let step =
        (0..10_000).find(|step| totp::code_at(SECRET, &params(0), *step).expose().starts_with("00")).expect("found");
    let code = totp::code_at(SECRET, &params(0), step);
    assert_eq!(code.expose().len(), 6);
    let now = Timestamp::from_secs(i64::try_from(step * 30).expect("small"));
    let typed = |text: &str| PresentedCode::parse(text);
    let whole = typed(code.expose()).expect("a code");
    assert_eq!(totp::evaluate(SECRET, &params(0), &whole, now).step, Some(step));
    assert!(typed(&code.expose()[1..]).is_err(), "a code without its leading zero is no code");
}

#[test]
fn the_first_and_last_instants_do_no_harm() {
    let typed = PresentedCode::parse("755224").expect("the code of step 0");
    for now in [Timestamp(i64::MIN), Timestamp(-1), Timestamp(0), Timestamp(59_999)] {
        assert_eq!(totp::evaluate(SECRET, &params(1), &typed, now).step, Some(0));
    }
    let _ = totp::evaluate(SECRET, &params(1), &typed, Timestamp(i64::MAX));
    let degenerate = TotpParams { period_secs: 0, ..params(1) };
    let _ = totp::evaluate(SECRET, &degenerate, &typed, Timestamp(i64::MAX));
    let _ = totp::evaluate(&[], &params(1), &typed, Timestamp(0));
}

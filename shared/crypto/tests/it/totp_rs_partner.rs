//! Differential test against totp-rs: the same codes, and the same step wherever only one matches.

use twofold_crypto::{PresentedCode, Random as _, totp};
use twofold_domain::{Algorithm, Timestamp, TotpParams};

use crate::seeded::Seeded;

#[test]
fn codes_and_steps_agree_with_totp_rs() {
    let random = Seeded::new(4226);
    for case in 0..2_000_u64 {
        let mut secret = vec![0; 16 + usize::try_from(random.number() % 64).expect("small")];
        random.fill(&mut secret);
        let (algorithm, theirs) = [
            (Algorithm::Sha1, totp_rs::Algorithm::SHA1),
            (Algorithm::Sha256, totp_rs::Algorithm::SHA256),
            (Algorithm::Sha512, totp_rs::Algorithm::SHA512),
        ][usize::try_from(case % 3).expect("small")];
        let params = TotpParams { digits: if case % 2 == 0 { 6 } else { 8 }, algorithm, ..TotpParams::default() };
        let partner = totp_rs::Builder::new()
            .with_algorithm(theirs)
            .with_digits(params.digits)
            .with_secret(secret.clone())
            .build_noncompliant();
        let secs = 1_000 + random.number() % 4_000_000_000;
        let now = Timestamp::from_secs(i64::try_from(secs).expect("positive"));
        let code = partner.generate(secs - 60 + random.number() % 120).to_string();
        let typed = PresentedCode::parse(&code).expect("a code");
        let evaluation = totp::evaluate(&secret, &params, &typed, now);
        assert_eq!(evaluation.step, partner.check(&code, secs), "case {case}");
        assert!(evaluation.step.is_some() || evaluation.drift_steps.is_some_and(|drift| drift.abs() == 2));
    }
}

//! Differential test against OATH Toolkit, an implementation that shares no line with ours.

use std::process::Command;

use data_encoding::HEXLOWER;
use twofold_crypto::{PresentedCode, Random as _, totp};
use twofold_domain::{Algorithm, Timestamp, TotpParams};

use crate::seeded::Seeded;

const CASES: u64 = 240;

fn oathtool(secret: &[u8], params: TotpParams, secs: i64) -> String {
    let output = Command::new("oathtool")
        .arg(format!("--totp={}", params.algorithm.name().to_lowercase()))
        .arg(format!("--digits={}", params.digits))
        .arg(format!("--time-step-size={}s", params.period_secs))
        .arg(format!("--now=@{secs}"))
        .arg(HEXLOWER.encode(secret))
        .output()
        .expect("this test needs the oathtool command: install the Debian package `oathtool`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("digits").trim().to_owned()
}

#[test]
fn codes_agree_with_oathtool() {
    let random = Seeded::new(6238);
    let mut leading_zeros = 0;
    for case in 0..CASES {
        let mut secret = vec![0; 10 + usize::try_from(random.number() % 91).expect("small")];
        random.fill(&mut secret);
        let params = TotpParams {
            digits: if case % 2 == 0 { 6 } else { 8 },
            period_secs: 15 + u32::try_from(random.number() % 106).expect("small"),
            skew_steps: 1,
            algorithm: [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512]
                [usize::try_from(case % 3).expect("small")],
        };
        // From 1970 to beyond 2100, past the end of 32-bit time.
        let secs = i64::try_from(random.number() % 4_200_000_000).expect("positive");
        let now = Timestamp::from_secs(secs);
        let step = totp::step_at(&params, now);
        let theirs = oathtool(&secret, params, secs);
        assert_eq!(totp::code_at(&secret, &params, step).expose(), theirs, "case {case}: {params:?} at {secs}");
        let typed = PresentedCode::parse(&theirs).expect("a code");
        assert_eq!(totp::evaluate(&secret, &params, &typed, now).step, Some(step), "case {case}: {params:?} at {secs}");
        leading_zeros += u32::from(theirs.starts_with('0'));
    }
    assert!(leading_zeros > 0, "the cases cover codes with leading zeros");
}

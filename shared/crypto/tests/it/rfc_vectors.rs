//! The vectors of RFC 4226 appendix D and RFC 6238 appendix B.

use twofold_crypto::{PresentedCode, totp};
use twofold_domain::{Algorithm, Timestamp, TotpParams};

fn params(algorithm: Algorithm, digits: u8) -> TotpParams {
    TotpParams { digits, period_secs: 30, skew_steps: 0, algorithm }
}

#[test]
fn rfc_4226_appendix_d() {
    let expected = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
    for (count, code) in (0..).zip(expected) {
        assert_eq!(
            totp::code_at(b"12345678901234567890", &params(Algorithm::Sha1, 6), count).expose(),
            code,
            "count {count}"
        );
    }
}

#[test]
fn rfc_6238_appendix_b() {
    let times = [59, 1_111_111_109, 1_111_111_111, 1_234_567_890, 2_000_000_000, 20_000_000_000];
    let vectors = [
        (Algorithm::Sha1, 20, ["94287082", "07081804", "14050471", "89005924", "69279037", "65353130"]),
        (Algorithm::Sha256, 32, ["46119246", "68084774", "67062674", "91819424", "90698825", "77737706"]),
        (Algorithm::Sha512, 64, ["90693936", "25091201", "99943326", "93441116", "38618901", "47863826"]),
    ];
    for (algorithm, length, codes) in vectors {
        let secret: Vec<u8> = b"1234567890".iter().copied().cycle().take(length).collect();
        let params = params(algorithm, 8);
        for (secs, code) in times.into_iter().zip(codes) {
            let now = Timestamp::from_secs(secs);
            let step = totp::step_at(&params, now);
            assert_eq!(totp::code_at(&secret, &params, step).expose(), code, "{algorithm:?} at {secs}");
            let typed = PresentedCode::parse(code).expect("a code");
            assert_eq!(totp::evaluate(&secret, &params, &typed, now).step, Some(step), "{algorithm:?} at {secs}");
        }
    }
}

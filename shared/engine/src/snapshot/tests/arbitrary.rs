//! Any state, reachable or not.

use proptest::collection::{vec, vec_deque};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use twofold_domain::actor::Role;
use twofold_domain::user::{
    AccountRef, Budget, Budgets, Challenge, Closed, Destination, DestinationRef, Enrolment, EnrolmentDetail, Factor,
    FactorDetail, IssuedCode, LastCodeAt, Lock, Profile, Purpose, Receipt, User,
};
use twofold_domain::{
    AccountId, Algorithm, ChallengeId, CodeNonce, EnrolmentId, FactorId, KeyedHash, MessageId, Method, Mode, Sealed,
    Timestamp, TotpParams,
};

fn id<T: std::fmt::Debug>(make: fn([u8; 16]) -> T) -> impl Strategy<Value = T> {
    any::<[u8; 16]>().prop_map(make)
}

fn sealed() -> impl Strategy<Value = Sealed> {
    vec(any::<u8>(), 0..80).prop_map(Sealed::new)
}

fn hash() -> impl Strategy<Value = KeyedHash> {
    any::<[u8; 32]>().prop_map(KeyedHash::new)
}

fn instant() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp)
}

fn method() -> impl Strategy<Value = Method> {
    select(Method::ALL.as_slice())
}

fn purpose() -> impl Strategy<Value = Purpose> {
    select([Purpose::Login, Purpose::Reauth, Purpose::Enrolment].as_slice())
}

fn destination() -> impl Strategy<Value = Destination> {
    (sealed(), hash()).prop_map(|(sealed, fingerprint)| Destination { sealed, fingerprint })
}

fn reference() -> impl Strategy<Value = DestinationRef> {
    prop_oneof![Just(DestinationRef::Registered), destination().prop_map(DestinationRef::Entered)]
}

fn profile() -> impl Strategy<Value = Profile> {
    let account = (id(AccountId::from_bytes), sealed()).prop_map(|(id, sealed)| AccountRef { id, sealed });
    let standing = (select([Mode::Live, Mode::Test].as_slice()), select([Role::User, Role::Admin].as_slice()));
    let texts = (option::of(destination()), option::of(destination()), option::of(any::<String>()));
    (standing, sealed(), option::of(account), texts).prop_map(
        |((mode, role), panel_id, account, (email, phone, locale))| Profile {
            mode,
            panel_id,
            account,
            role,
            email,
            phone,
            locale,
        },
    )
}

fn code() -> impl Strategy<Value = IssuedCode> {
    (id(MessageId::from_bytes), any::<[u8; 16]>(), method(), hash(), instant(), instant(), any::<u8>()).prop_map(
        |(message, nonce, method, destination, issued_at, expires_at, digits)| IssuedCode {
            message,
            nonce: CodeNonce(nonce),
            method,
            destination,
            issued_at,
            expires_at,
            digits,
        },
    )
}

fn params() -> impl Strategy<Value = TotpParams> {
    let algorithm = select([Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512].as_slice());
    (any::<u8>(), any::<u32>(), any::<u8>(), algorithm).prop_map(|(digits, period_secs, skew_steps, algorithm)| {
        TotpParams { digits, period_secs, skew_steps, algorithm }
    })
}

fn factor() -> impl Strategy<Value = Factor> {
    let detail = prop_oneof![
        (sealed(), params(), any::<u64>()).prop_map(|(secret, params, last_step)| FactorDetail::Totp {
            secret,
            params,
            last_step
        }),
        reference().prop_map(FactorDetail::Email),
        reference().prop_map(FactorDetail::Sms),
    ];
    (id(FactorId::from_bytes), instant(), detail).prop_map(|(id, enrolled_at, detail)| Factor {
        id,
        enrolled_at,
        detail,
    })
}

fn enrolment() -> impl Strategy<Value = Enrolment> {
    let detail = prop_oneof![
        (sealed(), params()).prop_map(|(secret, params)| EnrolmentDetail::Totp { secret, params }),
        (reference(), code()).prop_map(|(destination, code)| EnrolmentDetail::Code { destination, code }),
    ];
    let ids = (id(EnrolmentId::from_bytes), option::of(id(ChallengeId::from_bytes)));
    (ids, method(), detail, instant(), instant()).prop_map(
        |((id, challenge), method, detail, started_at, expires_at)| Enrolment {
            id,
            challenge,
            method,
            detail,
            started_at,
            expires_at,
        },
    )
}

fn challenge() -> impl Strategy<Value = Challenge> {
    let ids = (id(ChallengeId::from_bytes), option::of(id(EnrolmentId::from_bytes)));
    let closed = option::of(select([Closed::Verified, Closed::Disabled, Closed::Superseded].as_slice()));
    let what = (purpose(), option::of(method()), any::<bool>(), option::of(code()));
    (ids, what, instant(), instant(), closed).prop_map(
        |((id, setup), (purpose, method, skippable, code), opened_at, expires_at, closed)| Challenge {
            id,
            purpose,
            method,
            setup,
            skippable,
            code: code.map(Box::new),
            opened_at,
            expires_at,
            closed,
        },
    )
}

fn budgets() -> impl Strategy<Value = Budgets> {
    let lock = prop_oneof![Just(Lock::Open), instant().prop_map(Lock::Until), Just(Lock::Hard)];
    let budget = (any::<u32>(), lock).prop_map(|(failures, lock)| Budget { failures, lock });
    vec(budget, 4).prop_map(|all| Budgets::default().iter().map(|(kind, _)| kind).zip(all).collect())
}

fn receipt() -> impl Strategy<Value = Receipt> {
    (hash(), hash(), sealed()).prop_map(|(key, body, answer)| Receipt { key, body, answer })
}

fn last_code_at() -> impl Strategy<Value = LastCodeAt> {
    (option::of(instant()), option::of(instant()), option::of(instant()))
        .prop_map(|(login, reauth, enrolment)| LastCodeAt { login, reauth, enrolment })
}

pub(super) fn user() -> impl Strategy<Value = User> {
    let standing = (option::of(profile()), option::of(any::<bool>()), option::of(any::<bool>()), any::<bool>());
    let work = (vec(factor(), 0..4), option::of(enrolment()), vec_deque(challenge(), 0..9), vec_deque(receipt(), 0..9));
    let numbers = (budgets(), option::of(vec(option::of(hash()), 0..20)), last_code_at(), any::<u8>());
    let times = (instant(), instant(), option::of(instant()));
    (standing, work, numbers, times).prop_map(|(standing, work, numbers, times)| {
        let (profile, use_2fa, may_toggle, erased) = standing;
        let (factors, enrolment, challenges, receipts) = work;
        let (budgets, recovery, last_code_at, late_recorded) = numbers;
        let (registered_at, last_at, last_verified_at) = times;
        User {
            profile,
            registered_at,
            use_2fa,
            may_toggle,
            factors,
            enrolment: enrolment.map(Box::new),
            challenges,
            budgets,
            recovery,
            last_code_at,
            late_recorded,
            receipts,
            last_at,
            last_verified_at,
            erased,
        }
    })
}

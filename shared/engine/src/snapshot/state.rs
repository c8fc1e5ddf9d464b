//! The binary form of a user's state, apart from the domain's types: they stay without any serialisation (C29).
//!
//! Every struct is taken apart without `..` and every enum matched without a wildcard, so that a change of the state
//! does not compile until it is made here as well, with a new [`super::seal::STATE_VERSION`].

use twofold_domain::actor::Role;
use twofold_domain::user::{
    AccountRef, Budget, Budgets, Challenge, Closed, Destination, DestinationRef, Enrolment, EnrolmentDetail, Factor,
    FactorDetail, IssuedCode, LastCodeAt, Lock, Profile, Purpose, Receipt, User,
};
use twofold_domain::{
    AccountId, Algorithm, ChallengeId, CodeNonce, EnrolmentId, FactorId, KeyedHash, MessageId, Method, Mode, Sealed,
    Timestamp, TotpParams,
};

use super::pack::{Pack, Unpacker, pack_bytes, unpack_bytes, unpack_text};

macro_rules! records {
    ($($kind:ident { $($field:ident),+ $(,)? })+) => {$(
        impl Pack for $kind {
            fn pack(&self, into: &mut Vec<u8>) {
                let Self { $($field),+ } = self;
                $($field.pack(into);)+
            }
            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                Some(Self { $($field: Pack::unpack(from)?),+ })
            }
        }
    )+};
}

macro_rules! choices {
    ($($kind:ident { $($number:literal = $case:ident $(($inner:ident))? $({ $($field:ident),+ })?),+ $(,)? })+) => {$(
        impl Pack for $kind {
            fn pack(&self, into: &mut Vec<u8>) {
                match self {
                    $(Self::$case $(($inner))? $({ $($field),+ })? => {
                        into.push($number);
                        $($inner.pack(into);)?
                        $($($field.pack(into);)+)?
                    })+
                }
            }
            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                Some(match u8::unpack(from)? {
                    $($number => {
                        $(let $inner = Pack::unpack(from)?;)?
                        Self::$case $(($inner))? $({ $($field: Pack::unpack(from)?),+ })?
                    })+
                    _ => return None,
                })
            }
        }
    )+};
}

/// Without the prefix, which says nothing that the field does not.
macro_rules! ids {
    ($($id:ident),+ $(,)?) => {$(
        impl Pack for $id {
            fn pack(&self, into: &mut Vec<u8>) {
                into.extend_from_slice(&self.as_str().as_bytes()[Self::PREFIX.len()..]);
            }
            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                let tail = unpack_text(from, Self::LEN - Self::PREFIX.len())?;
                Self::parse(&format!("{}{tail}", Self::PREFIX)).ok()
            }
        }
    )+};
}

ids!(AccountId, ChallengeId, EnrolmentId, FactorId, MessageId);

records! {
    User {
        profile, registered_at, use_2fa, may_toggle, factors, enrolment, challenges, budgets, recovery, last_code_at,
        late_recorded, receipts, last_at, last_verified_at, erased,
    }
    Profile { mode, panel_id, account, role, email, phone, locale }
    AccountRef { id, sealed }
    Destination { sealed, fingerprint }
    Factor { id, enrolled_at, detail }
    Enrolment { id, challenge, method, detail, started_at, expires_at }
    Challenge { id, purpose, method, setup, skippable, code, opened_at, expires_at, closed }
    IssuedCode { message, nonce, method, destination, issued_at, expires_at, digits }
    Budget { failures, lock }
    LastCodeAt { login, reauth, enrolment }
    Receipt { key, body, answer }
    TotpParams { digits, period_secs, skew_steps, algorithm }
}

choices! {
    FactorDetail { 0 = Totp { secret, params, last_step }, 1 = Email(destination), 2 = Sms(destination) }
    EnrolmentDetail { 0 = Totp { secret, params }, 1 = Code { destination, code } }
    DestinationRef { 0 = Registered, 1 = Entered(destination) }
    Lock { 0 = Open, 1 = Until(instant), 2 = Hard }
    Closed { 0 = Verified, 1 = Disabled, 2 = Superseded }
    Purpose { 0 = Login, 1 = Reauth, 2 = Enrolment }
    Method { 0 = Totp, 1 = Email, 2 = Sms }
    Mode { 0 = Live, 1 = Test }
    Role { 0 = User, 1 = Admin }
    Algorithm { 0 = Sha1, 1 = Sha256, 2 = Sha512 }
}

/// One for each kind of factor, in the domain's order.
impl Pack for Budgets {
    fn pack(&self, into: &mut Vec<u8>) {
        for (_, budget) in self.iter() {
            budget.pack(into);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Self::default().iter().map(|(kind, _)| Some((kind, Pack::unpack(from)?))).collect()
    }
}

impl Pack for Timestamp {
    fn pack(&self, into: &mut Vec<u8>) {
        self.0.pack(into);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Pack::unpack(from).map(Self)
    }
}

impl Pack for CodeNonce {
    fn pack(&self, into: &mut Vec<u8>) {
        self.0.pack(into);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Pack::unpack(from).map(Self)
    }
}

impl Pack for KeyedHash {
    fn pack(&self, into: &mut Vec<u8>) {
        self.as_bytes().pack(into);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Pack::unpack(from).map(Self::new)
    }
}

impl Pack for Sealed {
    fn pack(&self, into: &mut Vec<u8>) {
        pack_bytes(self.as_bytes(), into);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        unpack_bytes(from).map(|bytes| Self::new(bytes.to_vec()))
    }
}

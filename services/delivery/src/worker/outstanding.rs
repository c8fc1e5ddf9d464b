//! Whether the code of a message would still be accepted: the mirror image of what a verification compares with.

use twofold_domain::Timestamp;
use twofold_domain::delivery::DeliveryRequested;
use twofold_domain::user::{
    Challenge, DestinationRef, EnrolmentDetail, FactorDetail, IssuedCode, MessageKind, Purpose, User,
};

/// The user's outstanding code, if it is the one this message carries and still goes to where this message goes (C9).
pub(super) fn outstanding<'a>(user: &'a User, asked: &DeliveryRequested, now: Timestamp) -> Option<&'a IssuedCode> {
    let MessageKind::Code { purpose, reference, nonce, digits } = &asked.kind else { return None };
    let (code, destination) = match purpose {
        Purpose::Enrolment => of_enrolment(user, reference, now)?,
        Purpose::Login | Purpose::Reauth => of_challenge(user, *purpose, reference, now)?,
    };
    let same = code.message == asked.message && code.nonce == *nonce && code.digits == *digits;
    let there = user.resolve(code.method, destination)?.fingerprint == code.destination;
    (same && there && code.destination == asked.destination.fingerprint).then_some(code)
}

fn of_enrolment<'a>(user: &'a User, id: &str, now: Timestamp) -> Option<(&'a IssuedCode, &'a DestinationRef)> {
    let pending = user.enrolment.as_ref().filter(|e| e.id.as_str() == id && now < e.expires_at)?;
    match &pending.detail {
        EnrolmentDetail::Code { destination, code } => Some((code, destination)),
        EnrolmentDetail::Totp { .. } => None,
    }
}

fn of_challenge<'a>(
    user: &'a User,
    purpose: Purpose,
    id: &str,
    now: Timestamp,
) -> Option<(&'a IssuedCode, &'a DestinationRef)> {
    let open = |c: &&Challenge| c.id.as_str() == id && c.purpose == purpose && c.closed.is_none() && now < c.expires_at;
    let code = user.challenges.iter().find(open)?.code.as_ref()?;
    let factor = user.factors.iter().find(|f| f.method() == code.method)?;
    match &factor.detail {
        FactorDetail::Email(destination) | FactorDetail::Sms(destination) => Some((code, destination)),
        FactorDetail::Totp { .. } => None,
    }
}

//! The MAC at the end of every payload: a suffix of fixed length, so that what it covers is found without parsing.

use bytes::Bytes;
use data_encoding::HEXLOWER;

use super::WireError;

const OPEN: &[u8] = br#","mac":""#;
const CLOSE: &[u8] = br#""}"#;
const HEX_BYTES: usize = 64;

/// Bytes that [`with_mac`] adds in place of the body's last `}`.
pub(super) const SUFFIX_BYTES: usize = OPEN.len() + HEX_BYTES + CLOSE.len();

/// The payload to append: `body`, a JSON object as the encoders write it, with `"mac"` as one more and last member.
pub fn with_mac(mut body: Vec<u8>, mac: &[u8; 32]) -> Bytes {
    let brace = body.pop();
    debug_assert_eq!(brace, Some(b'}'), "a body is a JSON object");
    body.reserve_exact(SUFFIX_BYTES);
    body.extend_from_slice(OPEN);
    let start = body.len();
    body.resize(start + HEX_BYTES, 0);
    HEXLOWER.encode_mut(mac, &mut body[start..]);
    body.extend_from_slice(CLOSE);
    body.into()
}

/// The body as it was when the MAC was made, byte for byte, and the MAC.
///
/// # Errors
/// [`WireError::Malformed`] when the payload does not end as [`with_mac`] ends it.
pub fn split_mac(payload: &[u8]) -> Result<(Vec<u8>, [u8; 32]), WireError> {
    let (head, mac) = find_mac(payload)?;
    let mut body = Vec::with_capacity(head.len() + 1);
    body.extend_from_slice(head);
    body.push(b'}');
    Ok((body, mac))
}

/// The body without its last `}`, and the MAC.
pub(super) fn find_mac(payload: &[u8]) -> Result<(&[u8], [u8; 32]), WireError> {
    find(payload).ok_or_else(|| WireError::Malformed("no MAC at the end".to_owned()))
}

fn find(payload: &[u8]) -> Option<(&[u8], [u8; 32])> {
    let (head, suffix) = payload.split_at_checked(payload.len().checked_sub(SUFFIX_BYTES)?)?;
    let hex = suffix.strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    let mut mac = [0; 32];
    HEXLOWER.decode_mut(hex, &mut mac).ok()?;
    Some((head, mac))
}

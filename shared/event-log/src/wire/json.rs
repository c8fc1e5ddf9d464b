//! Writing JSON straight into bytes: no intermediate values, and nothing that could fail.

use data_encoding::BASE64;

use super::value::Wire;

/// An object being written. Members appear in the order of the calls.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    before_next: u8,
}

impl<'a> Object<'a> {
    pub(super) fn open(out: &'a mut Vec<u8>) -> Self {
        Self { out, before_next: b'{' }
    }

    /// Writes the member, unless the value is an absent optional.
    pub(super) fn field<T: Wire>(&mut self, key: &'static str, value: &T) {
        if !value.is_absent() {
            self.key(key);
            value.write(self.out);
        }
    }

    /// Writes a member's key; the caller writes the value. Keys are our own and need no escaping.
    pub(super) fn key(&mut self, key: &'static str) {
        self.out.push(self.before_next);
        self.before_next = b',';
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    pub(super) fn close(self) {
        if self.before_next == b'{' {
            self.out.push(b'{');
        }
        self.out.push(b'}');
    }
}

/// A text of our own that needs no escaping.
pub(super) fn plain(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Any text, escaped as RFC 8259 section 7 demands and no further.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            other => out.push(other),
        }
    }
    out.push(b'"');
}

/// Base64 with padding (RFC 4648 section 4).
pub(super) fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + BASE64.encode_len(bytes.len()), 0);
    BASE64.encode_mut(bytes, &mut out[start..]);
    out.push(b'"');
}

pub(super) fn unsigned(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

pub(super) fn signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    unsigned(out, number.unsigned_abs());
}

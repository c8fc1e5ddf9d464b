//! A compact binary form of the parts a state is made of: fields in order, numbers big-endian, lengths before contents.

use std::collections::VecDeque;

/// Has a binary form.
pub(super) trait Pack: Sized {
    fn pack(&self, into: &mut Vec<u8>);
    /// `None` when the bytes are not what [`Pack::pack`] writes.
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self>;
}

/// Bytes still to be read.
#[derive(Debug)]
pub(super) struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn len(&mut self) -> Option<usize> {
        u32::unpack(self).and_then(|len| usize::try_from(len).ok())
    }
}

macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl Pack for $number {
            fn pack(&self, into: &mut Vec<u8>) {
                into.extend_from_slice(&self.to_be_bytes());
            }
            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                from.array().map(Self::from_be_bytes)
            }
        }
    )+};
}

numbers!(u8, u32, u64, i64);

impl Pack for bool {
    fn pack(&self, into: &mut Vec<u8>) {
        into.push(u8::from(*self));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        match u8::unpack(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl<const N: usize> Pack for [u8; N] {
    fn pack(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.array()
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, into: &mut Vec<u8>) {
        self.is_some().pack(into);
        if let Some(value) = self {
            value.pack(into);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        if bool::unpack(from)? { T::unpack(from).map(Some) } else { Some(None) }
    }
}

/// As what is in it.
impl<T: Pack> Pack for Box<T> {
    fn pack(&self, into: &mut Vec<u8>) {
        T::pack(self, into);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        T::unpack(from).map(Self::new)
    }
}

impl<T: Pack> Pack for VecDeque<T> {
    fn pack(&self, into: &mut Vec<u8>) {
        pack_len(self.len(), into);
        for item in self {
            item.pack(into);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let len = from.len()?;
        (0..len).map(|_| T::unpack(from)).collect()
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, into: &mut Vec<u8>) {
        pack_len(self.len(), into);
        for item in self {
            item.pack(into);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        VecDeque::unpack(from).map(Self::from)
    }
}

impl Pack for String {
    fn pack(&self, into: &mut Vec<u8>) {
        pack_bytes(self.as_bytes(), into);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Self::from_utf8(unpack_bytes(from)?.to_vec()).ok()
    }
}

pub(super) fn pack_bytes(bytes: &[u8], into: &mut Vec<u8>) {
    pack_len(bytes.len(), into);
    into.extend_from_slice(bytes);
}

pub(super) fn unpack_bytes<'a>(from: &mut Unpacker<'a>) -> Option<&'a [u8]> {
    let len = from.len()?;
    from.take(len)
}

/// Bytes of a length known from elsewhere.
pub(super) fn unpack_text<'a>(from: &mut Unpacker<'a>, bytes: usize) -> Option<&'a str> {
    std::str::from_utf8(from.take(bytes)?).ok()
}

fn pack_len(len: usize, into: &mut Vec<u8>) {
    // Nothing in a state comes near 4 GiB: commits are bounded, and so is what a state remembers of them. A length
    // that does not fit makes an unreadable snapshot, which is passed over.
    u32::try_from(len).unwrap_or(u32::MAX).pack(into);
}

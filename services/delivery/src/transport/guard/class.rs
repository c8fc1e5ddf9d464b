//! What kind of place an address is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Kinds of address, after the IANA special-purpose registries (RFC 6890).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// Anywhere on the public internet.
    Public,
    /// This machine.
    Loopback,
    /// RFC 1918, RFC 4193 and site-local.
    Private,
    /// Carrier-grade NAT, RFC 6598.
    Shared,
    /// RFC 3927 and `fe80::/10`.
    LinkLocal,
    /// A cloud's metadata service.
    Metadata,
    /// Unspecified, multicast, broadcast, documentation, benchmarking, reserved.
    Special,
    /// An IPv4 address dressed as IPv6: mapped, compatible, translated (NAT64), 6to4, Teredo.
    Transition,
}

impl AddressClass {
    /// The class of an address.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::of_v4(v4),
            IpAddr::V6(v6) => Self::of_v6(v6),
        }
    }

    /// Whether an operator who allows private addresses means this class.
    ///
    /// Never the metadata services and never link-local: no mail server lives there, and credentials do.
    pub(crate) fn is_inside(self) -> bool {
        matches!(self, Self::Loopback | Self::Private | Self::Shared)
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [a, b, c, d] = address.octets();
        match (a, b, c) {
            // AWS, GCP, Azure and most others; Alibaba; Oracle.
            (169, 254, 169) if d == 254 || d == 253 => Self::Metadata,
            (169, 254, 170) if d == 2 => Self::Metadata,
            (100, 100, 100) if d == 200 => Self::Metadata,
            (192, 0, 0) if d == 192 => Self::Metadata,
            // Azure's wire server answers on a public address.
            (168, 63, 129) if d == 16 => Self::Metadata,
            (127, _, _) => Self::Loopback,
            (10, _, _) | (172, 16..=31, _) | (192, 168, _) => Self::Private,
            (100, 64..=127, _) => Self::Shared,
            (169, 254, _) => Self::LinkLocal,
            // 192.88.99.0/24 was the 6to4 relay.
            (0 | 224..=255, _, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113) => Self::Special,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let s = address.segments();
        if address == Ipv6Addr::LOCALHOST {
            return Self::Loopback;
        }
        if address == Ipv6Addr::UNSPECIFIED {
            return Self::Special;
        }
        // AWS and GCP over IPv6.
        if s == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] || s == [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] {
            return Self::Metadata;
        }
        match s {
            // ::/96 compatible, ::ffff:0:0/96 mapped, ::ffff:0:0:0/96 translated
            // 64:ff9b::/96 and 64:ff9b:1::/48 NAT64, 2002::/16 6to4, 2001::/32 Teredo, ISATAP interface identifiers
            [0, 0, 0, 0, 0, 0 | 0xffff, _, _]
            | [0, 0, 0, 0, 0xffff, 0, _, _]
            | [0x64, 0xff9b, ..]
            | [0x2002, ..]
            | [0x2001, 0, ..]
            | [_, _, _, _, 0 | 0x200, 0x5efe, _, _] => Self::Transition,
            [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Self::Private,
            [0xfe80..=0xfebf, ..] => Self::LinkLocal,
            // 2001:db8::/32 and 3fff::/20 documentation, 2001:2::/48 benchmarking, 2001:10::/28 and 2001:20::/28 ORCHID
            [0x2001, 0xdb8 | 0x10..=0x2f, ..] | [0x3fff, 0..=0xfff, ..] | [0x2001, 2, 0, ..] => Self::Special,
            // Only 2000::/3 has been given out.
            [0x2000..=0x3fff, ..] => Self::Public,
            _ => Self::Special,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_range_has_its_class() {
        use AddressClass::{LinkLocal, Loopback, Metadata, Private, Public, Shared, Special, Transition};
        for (text, class) in [
            ("8.8.8.8", Public),
            ("172.15.255.255", Public),
            ("172.32.0.1", Public),
            ("100.63.255.255", Public),
            ("100.128.0.1", Public),
            ("192.167.1.1", Public),
            ("2606:4700::1111", Public),
            ("2a00:1450::5", Public),
            ("127.0.0.1", Loopback),
            ("127.255.255.254", Loopback),
            ("::1", Loopback),
            ("10.0.0.1", Private),
            ("172.16.0.1", Private),
            ("172.31.255.255", Private),
            ("192.168.0.1", Private),
            ("fc00::1", Private),
            ("fdff::1", Private),
            ("fec0::1", Private),
            ("100.64.0.1", Shared),
            ("100.127.255.255", Shared),
            ("169.254.0.1", LinkLocal),
            ("fe80::1", LinkLocal),
            ("febf::1", LinkLocal),
            ("169.254.169.254", Metadata),
            ("169.254.170.2", Metadata),
            ("100.100.100.200", Metadata),
            ("192.0.0.192", Metadata),
            ("168.63.129.16", Metadata),
            ("fd00:ec2::254", Metadata),
            ("fd20:ce::254", Metadata),
            ("0.0.0.0", Special),
            ("0.1.2.3", Special),
            ("224.0.0.1", Special),
            ("239.1.1.1", Special),
            ("240.0.0.1", Special),
            ("255.255.255.255", Special),
            ("192.0.2.1", Special),
            ("198.18.0.1", Special),
            ("198.51.100.1", Special),
            ("203.0.113.1", Special),
            ("::", Special),
            ("ff02::1", Special),
            ("2001:db8::1", Special),
            ("4000::1", Special),
            ("100::1", Special),
            ("5f00::1", Special),
            ("::ffff:127.0.0.1", Transition),
            ("::ffff:8.8.8.8", Transition),
            ("::127.0.0.1", Transition),
            ("::ffff:0:127.0.0.1", Transition),
            ("64:ff9b::7f00:1", Transition),
            ("64:ff9b:1::a00:1", Transition),
            ("2002:7f00:1::", Transition),
            ("2001:0:53aa::1", Transition),
            ("2a00::5efe:7f00:1", Transition),
        ] {
            assert_eq!(AddressClass::of(text.parse().expect(text)), class, "{text}");
        }
    }
}

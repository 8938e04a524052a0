//! Where a caller stands in the network: what one caller can hold many of counts as one.

use std::net::{IpAddr, Ipv6Addr};

/// So much of an IPv6 address is the network; the rest its owner chooses at will.
const NETWORK_BITS: u32 = 64;

/// The place of an address: an IPv4 address itself, the network of an IPv6 address.
pub(crate) fn of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let mask = u128::MAX << (128 - NETWORK_BITS);
            IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & mask))
        }
        four => four,
    }
}

/// The place of an address that is written down; what is none stands for itself.
pub(crate) fn of_text(address: &str) -> String {
    address.parse().map_or_else(|_| address.to_owned(), |known| of(known).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_one_place() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
            ("nowhere", "nowhere"),
        ] {
            assert_eq!(of_text(address), expected);
        }
    }
}

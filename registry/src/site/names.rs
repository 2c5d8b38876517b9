use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The names that clients may use for a server that listens on these addresses: `localhost` and the loopback
/// addresses, the host's name, and where an address stands for all of them (`0.0.0.0`, `::`), each of the machine's.
pub fn local_names(listen: &[SocketAddr]) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let host = rustix::system::uname();
    names.extend(host.nodename().to_str().ok().and_then(|name| host_name(name).ok()));
    let mut addresses: Vec<IpAddr> = listen.iter().map(SocketAddr::ip).filter(|ip| !ip.is_unspecified()).collect();
    if listen.iter().any(|address| address.ip().is_unspecified()) {
        addresses.extend(machine_addresses());
    }
    names.extend(addresses.iter().map(ToString::to_string));
    names.sort_unstable();
    names.dedup();
    names
}

/// A host's name (RFC 1123, section 2.1) or address, without a scheme or port: it goes into a certificate, and into what
/// people copy to clients. In lower case.
///
/// # Errors
/// What is expected instead, for the command line.
pub fn host_name(text: &str) -> Result<String, String> {
    let label = |label: &str| {
        let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(good) && !label.starts_with('-') && !label.ends_with('-')
    };
    if text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(label)) {
        return Ok(text.to_ascii_lowercase());
    }
    Err("expected a host's name or address, without a port".to_owned())
}

/// The machine's own addresses, as the kernel's tables name them.
fn machine_addresses() -> Vec<IpAddr> {
    let four = std::fs::read_to_string("/proc/net/fib_trie").unwrap_or_default();
    let six = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    local_v4(&four).into_iter().map(IpAddr::from).chain(global_v6(&six).into_iter().map(IpAddr::from)).collect()
}

/// The addresses that `fib_trie` marks `/32 host LOCAL`; the mark stands in the line behind the address.
fn local_v4(table: &str) -> Vec<Ipv4Addr> {
    let lines: Vec<&str> = table.lines().map(str::trim).collect();
    let address = |pair: &[&str]| {
        let [address, mark] = pair else { return None };
        address.strip_prefix("|-- ").filter(|_| *mark == "/32 host LOCAL")?.parse().ok()
    };
    lines.windows(2).filter_map(address).filter(|ip: &Ipv4Addr| !ip.is_loopback()).collect()
}

/// The addresses of `if_inet6` of global scope, `00` in the fourth column.
fn global_v6(table: &str) -> Vec<Ipv6Addr> {
    let address = |line: &str| {
        let mut columns = line.split_whitespace();
        let digits = columns.next()?;
        let scope = columns.nth(2)?;
        let bits = u128::from_str_radix(digits, 16).ok().filter(|_| scope == "00")?;
        Some(Ipv6Addr::from(bits))
    };
    table.lines().filter_map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_tables_are_read() {
        let table = "Local:\n  +-- 10.0.0.0/24\n     |-- 10.0.0.0\n        /24 link UNICAST\n     |-- 10.0.0.7\n        /32 host LOCAL\n     |-- 127.0.0.1\n        /32 host LOCAL\n";
        assert_eq!(local_v4(table), [Ipv4Addr::new(10, 0, 0, 7)]);
        let table =
            "fe80000000000000000000000000abcd 02 40 20 80 eth0\n20010db8000000000000000000000001 02 40 00 80 eth0\n";
        assert_eq!(global_v6(table), ["2001:db8::1".parse::<Ipv6Addr>().unwrap()]);
    }

    #[test]
    fn host_names_and_addresses_are_names_and_nothing_else_is() {
        for (text, name) in
            [("Jump.Site.internal", "jump.site.internal"), ("10.0.0.1", "10.0.0.1"), ("fd00::5", "fd00::5")]
        {
            assert_eq!(host_name(text).as_deref(), Ok(name));
        }
        let long = "a".repeat(64);
        for text in ["", "a b;c", "a..b", ".a", "-a", "a-", "a_b", "https://a", "a:5000", "[::1]", "a\nb", "ä", &long]
        {
            assert!(host_name(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_that_is_listened_on_is_a_name() {
        let names = local_names(&["192.0.2.9:5000".parse().unwrap()]);
        assert!(names.contains(&"192.0.2.9".to_owned()) && names.contains(&"localhost".to_owned()));
    }
}

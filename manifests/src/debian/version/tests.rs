use super::*;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

#[test]
fn its_parts_are_those_of_dpkg() {
    for (text, epoch, upstream, revision) in [
        ("1.0", 0, "1.0", ""),
        ("1:2.6.2-4+deb12u1", 1, "2.6.2", "4+deb12u1"),
        ("1.0-rc1-2", 0, "1.0-rc1", "2"),
        ("2:1:2-3", 2, "1:2", "3"),
    ] {
        let version = version(text);
        assert_eq!((version.epoch(), version.upstream(), version.revision()), (epoch, upstream, revision), "{text}");
        assert_eq!(version.to_string(), text);
    }
    assert_eq!(version("1:2.6.2-4").without_epoch(), "2.6.2-4");
}

#[test]
fn what_dpkg_refuses_is_refused() {
    for text in ["", ":1", "a:1", "-1:1", "1:", "1.0-", "1 0", "2147483648:1", "1.0/2", "é", "~1", &"1".repeat(256)] {
        assert!(text.parse::<Version>().is_err(), "{text}");
    }
}

#[test]
fn they_are_ordered_from_the_lowest_up() {
    let rising = [
        "0~~",
        "0~",
        "0",
        "0a",
        "0+",
        "1~~a",
        "1~",
        "1",
        "1-1",
        "1a",
        "1a1",
        "1ab",
        "1+b",
        "1.0",
        "1.2",
        "1.10",
        "9",
        "10",
        "1:0",
        "1:0-1~bpo1",
        "1:0-1",
        "10:0",
    ];
    for pair in rising.windows(2) {
        assert!(version(pair[0]) < version(pair[1]), "{} < {}", pair[0], pair[1]);
    }
    for (a, b) in [("1.0", "0:1.0"), ("1", "1-0"), ("1.00", "1.0"), ("1.0-0", "1.0-000")] {
        assert_eq!(version(a), version(b));
    }
}

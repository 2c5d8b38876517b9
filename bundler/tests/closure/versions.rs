//! Versions are compared as real `dpkg` compares them.

use std::cmp::Ordering;
use std::process::Command;

use manifests::debian::version::{compare, is_version};

#[test]
fn versions_are_ordered_as_dpkg_orders_them() {
    // What the policy and past mistakes of others point at, each against each.
    let known = [
        "0",
        "0.0",
        "00",
        "1",
        "1.0",
        "1.0-0",
        "1.0-1",
        "1:0",
        "0:1.0",
        "1.0~",
        "1.0~~",
        "1.0~~a",
        "1.0~rc1",
        "1.0a",
        "1.0+b1",
        "1.0-1+deb12u1",
        "1.0-1~bpo12+1",
        "1.0.",
        "1.0.a",
        "09",
        "9",
        "10",
        "1-a-1",
        "1.0A",
        "a",
        "1:1~-~",
    ];
    let pairs = known.iter().flat_map(|one| known.iter().map(move |other| ((*one).to_owned(), (*other).to_owned())));
    // Random ones that differ in little.
    let mut random = fastrand::Rng::with_seed(1);
    let mut versions = std::iter::repeat_with(|| random_version(&mut random)).filter(|version| is_version(version));
    let more: Vec<(String, String)> =
        std::iter::repeat_with(|| (versions.next().unwrap(), versions.next().unwrap())).take(400).collect();
    for (one, other) in pairs.chain(more) {
        assert_eq!(compare(&one, &other), by_dpkg(&one, &other), "{one} against {other}");
    }
}

fn random_version(random: &mut fastrand::Rng) -> String {
    let parts = ["0", "1", "9", "10", ".", "+", "~", "-", "a", "Z", "1:", "0"];
    let first = random.choice(["1", "0", "2:1", "1~"]).unwrap();
    let rest = random.usize(0..5);
    std::iter::once(first).chain((0..rest).map(|_| random.choice(parts).unwrap())).collect()
}

fn by_dpkg(one: &str, other: &str) -> Ordering {
    let holds = |relation: &str| {
        let output = Command::new("dpkg").args(["--compare-versions", one, relation, other]).output();
        output.expect("dpkg is missing: these tests run on Debian and Ubuntu").status.success()
    };
    match (holds("lt"), holds("eq")) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Equal,
        (false, false) => Ordering::Greater,
        (true, true) => panic!("dpkg says that {one} is less than {other}, and equal"),
    }
}

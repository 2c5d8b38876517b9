use proptest::prelude::*;

use super::*;

fn matching(constraint: &str, versions: &[&str]) -> Vec<String> {
    let constraint: Constraint = constraint.parse().unwrap();
    let matches = |v: &&&str| constraint.matches(&v.parse().unwrap());
    versions.iter().filter(matches).map(|v| (*v).to_owned()).collect()
}

const VERSIONS: [&str; 12] = [
    "0.0.0",
    "0.0.3",
    "0.2.3",
    "0.2.9",
    "1.0.0",
    "1.2.3",
    "1.2.9",
    "1.3.0",
    "2.0.0-rc.1",
    "2.0.0",
    "2.1.0+build",
    "v3.0.0",
];

#[test]
fn ranges_take_what_their_documentation_says() {
    for (constraint, expected) in [
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        ("=1.2", "1.2.3 1.2.9"),
        ("1", "1.0.0 1.2.3 1.2.9 1.3.0"),
        ("1.x", "1.0.0 1.2.3 1.2.9 1.3.0"),
        ("^1.2.3", "1.2.3 1.2.9 1.3.0"),
        ("^0.2.3", "0.2.3 0.2.9"),
        ("^0.0.3", "0.0.3"),
        ("^0.0", "0.0.0 0.0.3"),
        ("^0", "0.0.0 0.0.3 0.2.3 0.2.9"),
        ("~1.2.4", "1.2.9"),
        ("~1", "1.0.0 1.2.3 1.2.9 1.3.0"),
        (">1.2", "1.3.0 2.0.0 2.1.0+build v3.0.0"),
        (">1", "2.0.0 2.1.0+build v3.0.0"),
        ("<=1.2", "0.0.0 0.0.3 0.2.3 0.2.9 1.0.0 1.2.3 1.2.9"),
        (">=1.2.9, <2", "1.2.9 1.3.0"),
        (">=1.2.9 <2", "1.2.9 1.3.0"),
        ("1.2.5 - 2.0", "1.2.9 1.3.0 2.0.0"),
        ("~0.2 || ^2", "0.2.3 0.2.9 2.0.0 2.1.0+build"),
        ("^2.0.0-0", "2.0.0-rc.1 2.0.0 2.1.0+build"),
        (">1.9-0 <2.1-0", "2.0.0-rc.1 2.0.0"),
        ("!=1.x, >0, <3", "2.0.0 2.1.0+build"),
    ] {
        assert_eq!(matching(constraint, &VERSIONS).join(" "), expected, "{constraint}");
    }
}

#[test]
fn no_version_means_every_stable_one() {
    let stable = VERSIONS.iter().filter(|v| Constraint::any().matches(&v.parse().unwrap())).count();
    assert_eq!(stable, VERSIONS.len() - 1);
}

#[test]
fn what_is_no_range_is_refused() {
    for text in [
        "", " ", "||", "1 ||", "latest", "1.2.3.4", "==1", ">=1<2", "1.2.3-01", "1,,2", ",1", "1,", ">1 - 2", "1 2 - 3",
    ] {
        assert!(text.parse::<Constraint>().is_err(), "{text:?}");
    }
    assert!("1 ".repeat(2000).parse::<Constraint>().is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[0-9xX*v.<>=!~^|, +a-]{0,24}", any in ".{0,40}") {
        let _ = text.parse::<Constraint>();
        let _ = any.parse::<Constraint>();
    }

    #[test]
    fn a_caret_never_leaves_its_major_version(a in 1_u64..5, b in 0_u64..5, c in 0_u64..5, x in 0_u64..7, y in 0_u64..7) {
        let constraint: Constraint = format!("^{a}.{b}.{c}").parse().unwrap();
        let version: Version = format!("{x}.{y}.0").parse().unwrap();
        prop_assert_eq!(constraint.matches(&version), x == a && (y, 0) >= (b, c));
    }
}

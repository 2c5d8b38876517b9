use super::*;

const BOOKWORM: &str = "\
Origin: Debian
Label: Debian
Suite: stable
Codename: bookworm
Version: 12.9
Date: Sat, 11 Jan 2025 11:06:53 UTC
Valid-Until: Sat, 18 Jan 2025 11:06:53 UTC
Acquire-By-Hash: yes
Architectures: all amd64 arm64
Components: main updates/contrib
Description: a release
MD5Sum:
 d41d8cd98f00b204e9800998ecf8427e 0 main/only-md5
SHA256:
 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855        0 main/binary-amd64/Packages
 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855        0 main/binary-amd64/Packages.xz
";

fn parse(text: &str) -> Result<Release, String> {
    Release::parse(text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn a_release_is_read() {
    let release = parse(BOOKWORM).unwrap();
    assert_eq!(release.codename.as_deref(), Some("bookworm"));
    assert_eq!(release.date.to_string(), "2025-01-11T11:06:53Z");
    assert_eq!(release.valid_until.unwrap().to_string(), "2025-01-18T11:06:53Z");
    assert_eq!(release.components, ["main", "updates/contrib"]);
    assert_eq!(release.architectures.len(), 3);
    assert!(release.acquire_by_hash && !release.not_automatic);
    assert_eq!(release.priority(), 500);
    // Nothing vouches for what MD5 alone names.
    assert_eq!(
        release.files.keys().collect::<Vec<_>>(),
        ["main/binary-amd64/Packages", "main/binary-amd64/Packages.xz"]
    );
    let file = IndexFile { digest: Digest::of(b""), size: 0 };
    assert_eq!(release.files["main/binary-amd64/Packages"], file);
}

#[test]
fn what_is_written_reads_back_the_same() {
    let mut release = parse(BOOKWORM).unwrap();
    release.not_automatic = true;
    assert_eq!(release.priority(), 1);
    release.but_automatic_upgrades = true;
    assert_eq!(release.priority(), 100);
    assert_eq!(parse(&release.to_string()), Ok(release));
}

#[test]
fn zones_of_dates_are_those_of_apt() {
    for zone in ["UTC", "GMT", "Z", "+0000"] {
        let release = parse(&format!("Date: Sat, 11 Jan 2025 11:06:53 {zone}\n")).unwrap();
        assert_eq!(release.date.to_string(), "2025-01-11T11:06:53Z");
    }
    let release = parse("Date: Sat,  1 Feb 2025 11:06:53 +0200\n").unwrap();
    assert_eq!(release.date.to_string(), "2025-02-01T09:06:53Z");
}

#[test]
fn what_can_t_be_believed_is_refused() {
    let date = "Date: Sat, 11 Jan 2025 11:06:53 UTC\n";
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let other = digest.replace('e', "f");
    for (text, reason) in [
        (String::new(), "exactly one stanza"),
        (format!("{date}\nOrigin: x\n"), "exactly one stanza"),
        ("Origin: x\n".to_owned(), "no `Date`"),
        ("Date: yesterday\n".to_owned(), "`yesterday` can't be"),
        (format!("{date}date: x\n"), "`x` can't be"),
        (format!("{date}{date}"), "there twice"),
        (format!("{date}NotAutomatic: maybe\n"), "`maybe` can't be"),
        (format!("{date}Architectures: amd64 ../x\n"), "can't be the value"),
        (format!("{date}SHA256:\n {digest} 0 ../x\n"), "below the suite"),
        (format!("{date}SHA256:\n {digest} 0 /x\n"), "below the suite"),
        (format!("{date}SHA256:\n {digest} -1 x\n"), "lists"),
        (format!("{date}SHA256:\n abc 0 x\n"), "lists"),
        (format!("{date}SHA256:\n {digest} 0 x\n {other} 0 x\n"), "two digests"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(error.contains(reason), "{text:?}: {error}");
    }
}

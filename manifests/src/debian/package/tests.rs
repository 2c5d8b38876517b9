use super::*;
use crate::debian::Stanzas;

const HELLO: &str = "\
Package: hello
Version: 2.10-3
Architecture: amd64
Maintainer: Somebody <somebody@example.org>
Multi-Arch: foreign
Depends: libc6 (>= 2.34)
Description: a greeting
Filename: pool/main/h/hello/hello_2.10-3_amd64.deb
Size: 53132
SHA256: E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855
Phased-Update-Percentage: 30
";

fn parse(text: &str) -> Result<Package<'_>, PackageError> {
    Package::parse(&Stanzas::new(text.as_bytes()).next().unwrap().unwrap())
}

#[test]
fn a_stanza_of_an_index_is_read() {
    let package = parse(HELLO).unwrap();
    assert_eq!((package.name, package.version, package.architecture), ("hello", "2.10-3", "amd64"));
    assert_eq!((package.multi_arch, package.essential), (MultiArch::Foreign, false));
    assert_eq!((package.depends, package.pre_depends), ("libc6 (>= 2.34)", ""));
    assert_eq!(package.size, Some(53132));
    assert_eq!(package.sha256, Some(Digest::of(b"")));
    assert_eq!(package.phased_update_percentage, Some(30));
    assert_eq!(package.range, 0..HELLO.len());
}

#[test]
fn a_stanza_of_a_status_file_is_read() {
    let package =
        parse("Package: a1\nStatus: hold ok unpacked\nVersion: 1\nArchitecture: all\nEssential: yes\n").unwrap();
    let status = package.status.unwrap();
    assert_eq!((status.selection, status.state), (Selection::Hold, State::Unpacked));
    assert!(status.state.has_files() && !status.state.is_settled() && package.essential);
    // dpkg keeps nothing more of what was purged.
    assert!(parse("Package: a1\nStatus: purge ok not-installed\n").is_ok());
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (text, message) in [
        ("Package: a1\nVersion: 1\n", "line 1: the package has no field `Architecture`"),
        ("Package: a1\npackage: b1\n", "line 2: the field `package` is there twice"),
        ("Package: ../x\n", "line 1: `../x` can't be the value of the field `Package`"),
        ("Package: a1\nVersion: 1-\n", "line 2: `1-` can't be"),
        ("Package: a1\nSize: -1\n", "line 2: `-1` can't be"),
        ("Package: a1\nSHA256: abc\n", "line 2: `abc` can't be"),
        ("Package: a1\nPhased-Update-Percentage: 101\n", "line 2: `101` can't be"),
        ("Package: a1\nMulti-Arch: perhaps\n", "line 2: `perhaps` can't be"),
        ("Package: a1\nnonsense\n", "line 2: expected a field"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(message), "{text:?}: {error}");
    }
}

#[test]
fn a_description_in_an_older_encoding_is_passed_over() {
    let text = [HELLO.as_bytes(), b"X-Note: caf\xe9\n"].concat();
    let stanza = Stanzas::new(&text).next().unwrap().unwrap();
    assert_eq!(Package::parse(&stanza).unwrap().name, "hello");
}

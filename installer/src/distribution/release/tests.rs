//! Releases in bundles that are really signed.
#![allow(clippy::unwrap_used)]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use manifests::bundle::UnverifiedBundle;
use manifests::fake::{self, FakeBundle};
use tempfile::TempDir;

use super::*;
use crate::distribution::{Distribution as _, K3s, Rke2};

const TARBALL: &str = "rke2.linux-amd64.tar.gz";
const SUMS: &str = "sha256sum-amd64.txt";

/// The files of a release by their paths in the set.
type Contents = BTreeMap<String, Vec<u8>>;

/// An entry of an archive: its path, type and mode, and its content or what it links to.
type Entry<'a> = (&'a str, tar::EntryType, u32, &'a str);

const PROGRAM: Entry<'_> = ("bin/rke2", tar::EntryType::Regular, 0o755, "a program");

/// An archive as somebody hostile may have written it: paths are put down as they are.
fn tarball(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, kind, mode, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(*mode);
        let data = if *kind == tar::EntryType::Regular { content.as_bytes() } else { b"" };
        if data.is_empty() {
            header.set_link_name_literal(content).unwrap();
        }
        header.set_size(data.len() as u64);
        header.set_cksum();
        archive.append(&header, data).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// Files with the sums that describe them.
fn described(files: &[(&str, &[u8])]) -> Contents {
    let line = |(path, content): &(&str, &[u8])| format!("{}  {}\n", Digest::of(content).hex(), base(path));
    let sums: String = files.iter().map(line).collect();
    let files = files.iter().map(|(path, content)| ((*path).to_owned(), content.to_vec()));
    files.chain([(SUMS.to_owned(), sums.into_bytes())]).collect()
}

/// What a bundle with these files has as a release.
fn read(contents: &Contents, layout: &Layout) -> Result<Release, ReleaseError> {
    let folder = TempDir::new().unwrap();
    let files: Vec<_> = contents.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    let path = FakeBundle::new("platform", "1.0.0").files("rke2", &files).write(&folder.path().join("b.tar.zst"));
    let bundle = UnverifiedBundle::open(&[path]).unwrap().verify(&fake::trust()).unwrap();
    let set = bundle.document().file_set("rke2").unwrap();
    Release::read(&bundle, set, layout)
}

fn rke2() -> Layout {
    Rke2.layout("amd64").unwrap()
}

fn refused(contents: &Contents) -> String {
    read(contents, &rke2()).unwrap_err().to_string()
}

fn refused_archive(entries: &[Entry<'_>]) -> String {
    refused(&described(&[(TARBALL, &tarball(entries))]))
}

#[test]
fn a_release_says_what_is_on_a_node_once_it_is_laid_out() {
    let archive = tarball(&[
        ("./", tar::EntryType::Directory, 0o755, ""),
        ("./bin/rke2", tar::EntryType::Regular, 0o775, "a program"),
        ("lib/systemd/system/rke2-server.env", tar::EntryType::Regular, 0o664, ""),
    ]);
    let images: [(&str, &[u8]); 3] = [
        ("v1/rke2-images-core.linux-amd64.tar.zst", b"core"),
        ("v1/rke2-images.linux-amd64.tar.gz", b"all"),
        ("v1/rke2-images-canal.linux-amd64.tar", b"canal"),
    ];
    let release = read(&described(&[&[("v1/rke2.linux-amd64.tar.gz", &archive[..])], &images[..]].concat()), &rke2());
    let release = release.unwrap();
    let program =
        Carried { path: format!("rke2/v1/{TARBALL}"), digest: Digest::of(&archive), size: archive.len() as u64 };
    assert_eq!((&release.program, release.prefix), (&program, Some("/usr/local")));
    let member = |path: &str, mode, content: &str| Member {
        path: path.to_owned(),
        mode,
        digest: Digest::of(content.as_bytes()),
    };
    assert_eq!(
        release.members,
        [
            member("/usr/local/bin/rke2", 0o755, "a program"),
            member("/usr/local/lib/systemd/system/rke2-server.env", 0o644, "")
        ]
    );
    let names: Vec<&str> = release.images.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["rke2-images-canal.linux-amd64.tar", "rke2-images-core.linux-amd64.tar.zst", "rke2-images.linux-amd64.tar.gz"]
    );
}

#[test]
fn lists_of_images_and_images_of_other_machines_are_not_laid_beside_them() {
    let archive = tarball(&[PROGRAM]);
    let contents = described(&[
        (TARBALL, &archive),
        ("rke2-images-core.linux-amd64.txt", b"docker.io/rancher/pause:3.6"),
        ("rke2-images-core.linux-amd64.tar.zst.txt", b"docker.io/rancher/pause:3.6"),
        ("rke2-images.linux-amd64.txt", b"docker.io/rancher/pause:3.6"),
        ("rke2-images-core.linux-arm64.tar.zst", b"other machines"),
        ("rke2-images-core.linux-amd64.tar.zst", b"core"),
    ]);
    let names: Vec<String> = read(&contents, &rke2()).unwrap().images.into_keys().collect();
    assert_eq!(names, ["rke2-images-core.linux-amd64.tar.zst"]);
}

#[test]
fn k3s_is_one_program() {
    let contents = described(&[
        ("k3s", b"a program"),
        ("k3s-arm64", b"another"),
        ("k3s-airgap-images-amd64.tar.zst", b"images"),
        ("k3s-images.txt", b"a list"),
    ]);
    let release = read(&contents, &K3s.layout("amd64").unwrap()).unwrap();
    let program = Member { path: "/usr/local/bin/k3s".into(), mode: 0o755, digest: Digest::of(b"a program") };
    assert_eq!((release.members, release.prefix), (vec![program], None));
    assert_eq!(release.images.into_keys().collect::<Vec<_>>(), ["k3s-airgap-images-amd64.tar.zst"]);
}

#[test]
fn the_sums_of_another_release_are_refused() {
    let archive = tarball(&[PROGRAM]);
    let images = ("rke2-images-core.linux-amd64.tar.zst", &b"core"[..]);
    let whole = described(&[(TARBALL, &archive), images]);
    assert!(read(&whole, &rke2()).is_ok());
    // Each of the files may be of another release, and the sums may not know it.
    for name in [TARBALL, images.0] {
        let mut mixed = whole.clone();
        mixed.insert(name.to_owned(), tarball(&[("bin/rke2", tar::EntryType::Regular, 0o755, "an older program")]));
        assert_eq!(refused(&mixed), format!("`{name}` is not the file that `{SUMS}` of `rke2` describes"));
    }
    let mut unknown = whole.clone();
    unknown
        .insert(SUMS.to_owned(), format!("{}  {TARBALL}.sig\nnonsense\n\n", Digest::of(&archive).hex()).into_bytes());
    assert!(refused(&unknown).ends_with("describes"), "{}", refused(&unknown));
}

#[test]
fn sums_are_read_as_sha256sum_writes_them() {
    let (one, other) = (Digest::of(b"one"), Digest::of(b"other"));
    let text = format!("{}  one\n{} *other\nshort  third\n{}\n", one.hex(), other.hex(), one.hex());
    assert_eq!(parse_sums(&text), [("one", one), ("other", other)].into());
}

#[test]
fn what_the_bundle_lacks_is_named() {
    let whole = described(&[(TARBALL, &tarball(&[PROGRAM]))]);
    for name in [TARBALL, SUMS] {
        let mut lacking = whole.clone();
        lacking.remove(name);
        lacking.insert("other".into(), b"another file".to_vec());
        assert_eq!(refused(&lacking), format!("the files of `rke2` in this bundle have no `{name}`"));
    }
}

#[test]
fn an_archive_with_a_link_is_refused() {
    for (kind, name) in [
        (tar::EntryType::Symlink, "Symlink"),
        (tar::EntryType::Link, "Link"),
        (tar::EntryType::Char, "Char"),
        (tar::EntryType::Fifo, "Fifo"),
    ] {
        let refused = refused_archive(&[PROGRAM, ("bin/sh", kind, 0o777, "/etc")]);
        assert!(refused.contains(&format!("`bin/sh` is of type {name}")), "{refused}");
    }
}

#[test]
fn an_archive_with_a_path_outside_is_refused() {
    for path in ["../etc/passwd", "/etc/passwd", "bin/../../etc/passwd", ".//etc/passwd", "bin//rke2", "bin/./rke2"] {
        let refused = refused_archive(&[PROGRAM, (path, tar::EntryType::Regular, 0o644, "root::0:0")]);
        assert!(refused.contains("leads elsewhere"), "{path}: {refused}");
    }
}

#[test]
fn an_archive_that_is_none_is_refused() {
    assert!(refused_archive(&[]).contains("it is empty"));
    let whole = tarball(&[PROGRAM, ("share/licence", tar::EntryType::Regular, 0o644, &"text ".repeat(10_000))]);
    for broken in [&b"no archive"[..], &whole[..whole.len() / 2]] {
        let refused = refused(&described(&[(TARBALL, broken)]));
        assert!(refused.starts_with(&format!("`{TARBALL}` can't be unpacked: ")), "{refused}");
    }
    let mut zeros = GzEncoder::new(Vec::new(), Compression::fast());
    zeros.write_all(b"text that is no archive ").unwrap();
    assert!(refused(&described(&[(TARBALL, &zeros.finish().unwrap())])).contains("can't be unpacked"));
}

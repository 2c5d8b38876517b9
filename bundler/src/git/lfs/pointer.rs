//! What stands in a repository for a file in LFS.
//!
//! Source: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.

use manifests::Digest;

/// The first line, by which it is known.
pub(super) const VERSION: &str = "version https://git-lfs.github.com/spec/v1";
/// The largest in bytes; what is larger is a file like any other.
pub(super) const LARGEST: u64 = 1024;

/// The object that a file stands for, and its size in bytes; none where the file stands for nothing.
pub(super) fn read(content: &[u8]) -> Option<(Digest, u64)> {
    let text = std::str::from_utf8(content).ok().filter(|text| text.len() as u64 <= LARGEST)?;
    let mut lines = text.lines();
    if lines.next()? != VERSION {
        return None;
    }
    let (mut digest, mut size) = (None, None);
    for line in lines {
        match line.split_once(' ')? {
            ("oid", value) => digest = Some(Digest::from_hex(value.strip_prefix("sha256:")?).ok()?),
            ("size", value) => size = Some(value.parse().ok()?),
            // Of extensions, and what later versions may say.
            _ => {}
        }
    }
    Some((digest?, size?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_read_strictly() {
        let digest = Digest::of(b"x");
        let pointer = |rest: &str| read(format!("{VERSION}\n{rest}").as_bytes());
        let oid = format!("oid sha256:{}\n", digest.hex());
        assert_eq!(pointer(&format!("{oid}size 1\n")), Some((digest, 1)));
        assert_eq!(pointer(&format!("ext-0-foo sha256:{}\n{oid}size 1\n", digest.hex())), Some((digest, 1)));
        for rest in [
            "",
            "size 1\n",
            &oid,
            &format!("{oid}size -1\n"),
            &format!("{oid}size 1\nnonsense\n"),
            "oid md5:1\nsize 1\n",
        ] {
            assert_eq!(pointer(rest), None, "{rest}");
        }
        assert_eq!(read(format!("\n{VERSION}\n{oid}size 1\n").as_bytes()), None);
        assert_eq!(pointer(&format!("{oid}size 1\n{}", "x y\n".repeat(300))), None);
    }
}

use super::error::{Code, Problem};
use crate::http::decode;

/// The longest repository name, with a host in front, that is looked at.
const NAME_LENGTH: usize = 512;

/// What a path below `/v2/` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// `/v2/` itself.
    Base,
    /// `_catalog`.
    Catalog,
    /// `<name>/tags/list`.
    Tags {
        /// The repository.
        name: String,
    },
    /// `<name>/manifests/<reference>`.
    Manifest {
        /// The repository.
        name: String,
        /// A tag or digest.
        reference: String,
    },
    /// `<name>/blobs/<digest>`.
    Blob {
        /// The repository.
        name: String,
        /// The digest.
        digest: String,
    },
    /// `<name>/referrers/<digest>`.
    Referrers {
        /// The repository.
        name: String,
        /// The digest of the subject.
        digest: String,
    },
    /// `<name>/blobs/uploads/…`.
    Upload,
}

impl Endpoint {
    /// Reads a path from behind `/v2/`, still encoded. It is taken apart before it is decoded, so an encoded slash
    /// separates nothing; and names may have parts called `manifests` or `blobs`, so it is read from its end.
    pub(crate) fn parse(path: &str) -> Result<Self, Problem> {
        if path.is_empty() {
            return Ok(Self::Base);
        }
        let parts: Option<Vec<String>> = path.split('/').map(decode).collect();
        let bad = || Problem::new(Code::NameInvalid, "the path is not one of a registry");
        let parts = parts.ok_or_else(bad)?;
        let texts: Vec<&str> = parts.iter().map(String::as_str).collect();
        Ok(match texts.as_slice() {
            ["_catalog"] => Self::Catalog,
            [name @ .., "tags", "list"] => Self::Tags { name: check_name(name)? },
            [name @ .., "manifests", reference] => {
                Self::Manifest { name: check_name(name)?, reference: (*reference).to_owned() }
            }
            [name @ .., "blobs", "uploads"] | [name @ .., "blobs", "uploads", _] => {
                check_name(name)?;
                Self::Upload
            }
            [name @ .., "blobs", digest] => Self::Blob { name: check_name(name)?, digest: (*digest).to_owned() },
            [name @ .., "referrers", digest] => {
                Self::Referrers { name: check_name(name)?, digest: (*digest).to_owned() }
            }
            _ => return Err(bad()),
        })
    }
}

/// Names are only ever looked up in a table; this tells bad ones from unknown ones.
fn check_name(parts: &[&str]) -> Result<String, Problem> {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"._-:[]".contains(&b);
    let good = |part: &&str| !matches!(*part, "" | "." | "..") && part.bytes().all(letter);
    let name = parts.join("/");
    if parts.is_empty() || name.len() > NAME_LENGTH || !parts.iter().all(good) {
        return Err(Problem::new(Code::NameInvalid, "the repository's name is not a valid one"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(path: &str) -> Code {
        Endpoint::parse(path).unwrap_err().code
    }

    #[test]
    fn endpoints_are_read_from_their_end() {
        let manifest =
            |name: &str, reference: &str| Endpoint::Manifest { name: name.into(), reference: reference.into() };
        assert_eq!(Endpoint::parse("library/nginx/manifests/1.27").unwrap(), manifest("library/nginx", "1.27"));
        assert_eq!(Endpoint::parse("a/manifests/b/manifests/c").unwrap(), manifest("a/manifests/b", "c"));
        assert_eq!(Endpoint::parse("a/manifests/sha256%3Aab").unwrap(), manifest("a", "sha256:ab"));
        assert_eq!(Endpoint::parse("a/tags/list").unwrap(), Endpoint::Tags { name: "a".into() });
        assert_eq!(
            Endpoint::parse("blobs/blobs/x").unwrap(),
            Endpoint::Blob { name: "blobs".into(), digest: "x".into() }
        );
        assert_eq!(Endpoint::parse("a/blobs/uploads/").unwrap(), Endpoint::Upload);
    }

    #[test]
    fn nothing_leads_out_of_a_name() {
        for path in [
            "../etc/manifests/x",
            "a/%2e%2e/b/manifests/x",
            "a%2F..%2Fb/manifests/x",
            "a//b/tags/list",
            "manifests/x",
            "a/%zz/tags/list",
            "a",
            "a b/tags/list",
        ] {
            assert_eq!(code(path), Code::NameInvalid, "{path}");
        }
        assert_eq!(code(&format!("{}/tags/list", "a".repeat(600))), Code::NameInvalid);
    }

    proptest! {
        #[test]
        fn every_name_of_the_grammar_comes_through(
            // Short enough for the 255 bytes that a name may have.
            name in "[a-z0-9]{1,12}([._-][a-z0-9]{1,8}){0,2}(/[a-z0-9]{1,12}([._-][a-z0-9]{1,8}){0,2}){0,4}",
            tag in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,40}",
        ) {
            let parsed = Endpoint::parse(&format!("{name}/manifests/{tag}")).unwrap();
            prop_assert_eq!(parsed, Endpoint::Manifest { name, reference: tag });
        }

        #[test]
        fn any_path_is_taken(path in ".*") {
            let _ = Endpoint::parse(&path);
        }
    }
}

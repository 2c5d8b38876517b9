//! The form of `InRelease`: a text with its signature around it (RFC 9580, section 7).
//!
//! As strict as apt's reader: nothing before, between and after, and what is read is exactly what is signed.

/// The first line of the text.
const BEGIN: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
/// The first line of the signature.
const SIGNATURE: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
/// The last line of the signature.
const END: &[u8] = b"-----END PGP SIGNATURE-----";

/// A signed text taken apart; nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clearsigned {
    /// The text, its lines without white space at their ends, as it is signed.
    pub text: Vec<u8>,
    /// The armoured signature.
    pub signature: Vec<u8>,
}

/// A text that is not signed as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClearsignError {
    /// It begins with something else: a page, or an unsigned text.
    #[error("it does not begin with a signed text")]
    NotSigned,
    /// A header that is not `Hash`.
    #[error("line {0}: a header is there that does not belong to a signed text")]
    Header(usize),
    /// A dash at the start of a line that is not escaped.
    #[error("line {0}: a line of the text begins with a dash that is not escaped")]
    Dash(usize),
    /// Something is behind the signature.
    #[error("line {0}: something follows the signature")]
    Trailing(usize),
    /// It ends too early.
    #[error("it ends before its signature does")]
    Truncated,
    /// A zero byte, at which other readers would stop.
    #[error("it holds a zero byte")]
    Zero,
}

impl Clearsigned {
    /// Takes an `InRelease` apart.
    ///
    /// # Errors
    /// [`ClearsignError`] for anything but one text and one signature block.
    pub fn parse(file: &[u8]) -> Result<Self, ClearsignError> {
        if file.contains(&0) {
            return Err(ClearsignError::Zero);
        }
        let mut lines = file.split(|byte| *byte == b'\n').map(trimmed).enumerate().map(|(at, line)| (at + 1, line));
        if lines.next().is_none_or(|(_, line)| line != BEGIN) {
            return Err(ClearsignError::NotSigned);
        }
        loop {
            match lines.next().ok_or(ClearsignError::Truncated)? {
                (_, b"") => break,
                (_, line) if line.starts_with(b"Hash: ") => {}
                (at, _) => return Err(ClearsignError::Header(at)),
            }
        }
        let mut text = Vec::new();
        loop {
            match lines.next().ok_or(ClearsignError::Truncated)? {
                (_, SIGNATURE) => break,
                (_, line) if line.starts_with(b"- ") => text.push(trimmed(&line[2..])),
                (at, line) if line.starts_with(b"-") => return Err(ClearsignError::Dash(at)),
                (_, line) => text.push(line),
            }
        }
        let mut signature = vec![SIGNATURE];
        loop {
            let (_, line) = lines.next().ok_or(ClearsignError::Truncated)?;
            signature.push(line);
            if line == END {
                break;
            }
        }
        if let Some((at, _)) = lines.find(|(_, line)| !line.is_empty()) {
            return Err(ClearsignError::Trailing(at));
        }
        Ok(Self { text: text.join(&b'\n'), signature: [signature.join(&b'\n'), b"\n".to_vec()].concat() })
    }
}

/// A line without the white space at its end, which is not signed.
fn trimmed(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\r')).map_or(0, |at| at + 1);
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: Demo  \r\n- -dash\n\n\
                          -----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n";

    #[test]
    fn a_signed_text_is_taken_apart() {
        let parsed = Clearsigned::parse(SIGNED.as_bytes()).unwrap();
        assert_eq!(parsed.text, b"Origin: Demo\n-dash\n");
        assert_eq!(parsed.signature, b"-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n");
    }

    #[test]
    fn what_apt_refuses_is_refused() {
        let refused = |text: &str| Clearsigned::parse(text.as_bytes()).unwrap_err();
        assert_eq!(refused("<html>"), ClearsignError::NotSigned);
        assert_eq!(refused(""), ClearsignError::NotSigned);
        assert_eq!(refused(&format!("Origin: Evil\n{SIGNED}")), ClearsignError::NotSigned);
        assert_eq!(refused(&format!("{SIGNED}Origin: Evil\n")), ClearsignError::Trailing(11));
        assert_eq!(refused(&format!("{SIGNED}{SIGNED}")), ClearsignError::Trailing(11));
        assert_eq!(refused(&SIGNED.replace("- -dash", "-dash")), ClearsignError::Dash(5));
        assert_eq!(refused(&SIGNED.replace("- -dash", "-----BEGIN X-----")), ClearsignError::Dash(5));
        assert_eq!(refused(&SIGNED.replace("Hash: SHA512", "Comment: x")), ClearsignError::Header(2));
        assert_eq!(refused(&SIGNED.replace("-----END PGP SIGNATURE-----\n", "")), ClearsignError::Truncated);
        assert_eq!(refused(&SIGNED.replace("Demo", "De\0mo")), ClearsignError::Zero);
    }
}

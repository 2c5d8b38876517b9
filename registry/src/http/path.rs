//! Percent-encoding (RFC 3986, section 2).

/// Decodes `%XX`. `None` for a broken escape, for what is no UTF-8, and for control characters.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = rest else { return None };
        bytes.push(hex_value(*high)? << 4 | hex_value(*low)?);
        rest = tail;
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.chars().any(char::is_control)).then_some(text)
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Encodes one segment of a path, so that it can stand in a `Link` header, an `href` or a checksum list's URL.
pub fn encode_segment(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:@+=,".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// The decoded value of the first parameter called `name`. `+` stays `+`: tags and names have no spaces.
pub fn query_value(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then(|| decode(value)).flatten()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn escapes_are_decoded_and_broken_ones_refused() {
        assert_eq!(decode("a%2Fb+c%C3%A9").unwrap(), "a/b+cé");
        for bad in ["%", "%2", "%zz", "%ff", "%00", "a%0d%0ab", "%-1", "%+1"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(text in "[^\\p{Cc}]*") {
            proptest::prop_assert_eq!(decode(&encode_segment(&text)), Some(text));
        }

        #[test]
        fn decoding_takes_anything(text in ".*") {
            let _ = decode(&text);
        }
    }

    #[test]
    fn a_parameter_is_found_by_its_whole_name() {
        assert_eq!(query_value("nsx=a&ns=docker.io%2f&ns=b", "ns").unwrap(), "docker.io/");
        assert_eq!(query_value("ns", "ns").unwrap(), "");
        assert_eq!(query_value("n=1", "ns"), None);
    }
}

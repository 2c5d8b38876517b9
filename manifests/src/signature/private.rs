//! Reading private keys, those included that ssh-key 0.6 can't read: ECDSA keys whose secret number is short.
//!
//! OpenSSH writes the number without the zeros in front of it, which one key in 256 has, and every second one on P-521.
//! ssh-key takes numbers of full length only, so the zeros are put back here. The form of the file is that of
//! OpenSSH's PROTOCOL.key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssh_key::PrivateKey;
use zeroize::Zeroizing;

const MAGIC: &[u8] = b"openssh-key-v1\0";
/// What the section of an unencrypted key is padded to.
const BLOCK: usize = 8;

/// Reads a private key in OpenSSH's form. It may be encrypted: [`decrypt_private_key`] goes on then.
///
/// # Errors
/// When it is no such key.
pub fn read_private_key(pem: &str) -> Result<PrivateKey, ssh_key::Error> {
    PrivateKey::from_openssh(pem).or_else(|error| read_short(pem).ok_or(error))
}

/// Decrypts a private key; `key` is what [`read_private_key`] made of `pem`.
///
/// # Errors
/// When the passphrase is wrong, or what it opens is no key.
pub fn decrypt_private_key(pem: &str, key: &PrivateKey, passphrase: &str) -> Result<PrivateKey, ssh_key::Error> {
    key.decrypt(passphrase).or_else(|error| decrypt_short(pem, key, passphrase).ok_or(error))
}

fn read_short(pem: &str) -> Option<PrivateKey> {
    let bytes = armoured(pem)?;
    let file = Container::parse(&bytes)?;
    file.widened(file.private)
}

fn decrypt_short(pem: &str, key: &PrivateKey, passphrase: &str) -> Option<PrivateKey> {
    let bytes = armoured(pem)?;
    let file = Container::parse(&bytes)?;
    let (secret, iv) = key.kdf().derive_key_and_iv(key.cipher(), passphrase).ok()?;
    let mut section = Zeroizing::new(file.private.to_vec());
    let tag = file.tag.try_into().ok();
    key.cipher().decrypt(&secret, &iv, &mut section, tag).ok()?;
    file.widened(&section)
}

/// The bytes between the lines of dashes.
fn armoured(pem: &str) -> Option<Zeroizing<Vec<u8>>> {
    let lines = pem.lines().map(str::trim).skip_while(|line| !line.starts_with("-----BEGIN ")).skip(1);
    let text: Zeroizing<String> = Zeroizing::new(lines.take_while(|line| !line.starts_with("-----END ")).collect());
    STANDARD.decode(text.as_bytes()).ok().map(Zeroizing::new)
}

/// The parts of a key's file.
struct Container<'a> {
    public: &'a [u8],
    private: &'a [u8],
    /// What ciphers that authenticate put behind all.
    tag: &'a [u8],
}

impl<'a> Container<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = Fields(bytes.strip_prefix(MAGIC)?);
        for _cipher_kdf_and_options in 0..3 {
            rest.string()?;
        }
        let [public, private] = (rest.number()? == 1).then(|| [rest.string(), rest.string()])?;
        Some(Self { public: public?, private: private?, tag: rest.0 })
    }

    /// The key with its number in full length; nothing for any other kind of key, and after a wrong passphrase.
    fn widened(&self, section: &[u8]) -> Option<PrivateKey> {
        let mut rest = Fields(section);
        let (check, repeated) = (rest.take(4)?, rest.take(4)?);
        let (kind, curve, point) = (rest.string()?, rest.string()?, rest.string()?);
        let (number, comment) = (rest.string()?, rest.string()?);
        let size = match curve {
            b"nistp256" => 32,
            b"nistp384" => 48,
            b"nistp521" => 66,
            _ => return None,
        };
        let missing = size - number.len().min(size);
        if check != repeated || missing == 0 {
            return None;
        }
        let mut private = Zeroizing::new([check, repeated].concat());
        for field in [kind, curve, point] {
            put(&mut private, field)?;
        }
        put(&mut private, &Zeroizing::new([&vec![0; missing][..], number].concat()))?;
        put(&mut private, comment)?;
        for padding in 1..=private.len().next_multiple_of(BLOCK) - private.len() {
            private.push(padding as u8);
        }
        let mut file = Zeroizing::new(MAGIC.to_vec());
        for field in [&b"none"[..], b"none", b""] {
            put(&mut file, field)?;
        }
        file.extend(1_u32.to_be_bytes());
        put(&mut file, self.public)?;
        put(&mut file, &private)?;
        PrivateKey::from_bytes(&file).ok()
    }
}

/// Numbers and strings, one after the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length as usize)
    }
}

fn put(into: &mut Vec<u8>, field: &[u8]) -> Option<()> {
    into.extend(u32::try_from(field.len()).ok()?.to_be_bytes());
    into.extend_from_slice(field);
    Some(())
}

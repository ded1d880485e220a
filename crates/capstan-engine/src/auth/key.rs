//! Private keys: PEM, base64 or DER; PKCS#1, PKCS#8 or SEC 1; RSA, ECDSA or Ed25519.

use std::fmt;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;

use crate::pem::{self, Block};

/// A key that signs.
pub(crate) struct PrivateKey(Arc<dyn SigningKey>);

/// The identifier of a bag of PKCS#12, in DER: 1.2.840.113549.1.7.1.
const PKCS12: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];

/// Why a key cannot be used, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadKey {
    pub(crate) why: &'static str,
    pub(crate) help: &'static str,
}

const NO_KEY: BadKey = BadKey {
    why: "holds no private key",
    help: "it begins with `-----BEGIN PRIVATE KEY-----` or `-----BEGIN RSA PRIVATE KEY-----`, or is base64 of DER",
};
const ENCRYPTED: BadKey =
    BadKey { why: "is encrypted", help: "decrypt it: `openssl pkcs8 -in key.pem -out decrypted.pem`" };
const BAG: BadKey = BadKey {
    why: "is a PKCS#12 file (.p12, .pfx), which cannot be read",
    help: "take the key out: `openssl pkcs12 -in key.p12 -nocerts -nodes -out key.pem`",
};
const UNKNOWN: BadKey = BadKey {
    why: "is of a kind that cannot sign here",
    help: "RSA of 2048 bits and more, P-256, P-384 and Ed25519 can",
};

impl PrivateKey {
    /// Reads a key.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, BadKey> {
        let der = der(bytes)?;
        any_supported_type(&der).map(PrivateKey).map_err(|_| UNKNOWN)
    }

    /// Whether the key signs so.
    pub(crate) fn can(&self, scheme: SignatureScheme) -> bool {
        self.0.choose_scheme(&[scheme]).is_some()
    }

    /// A signature; `None` when the key does not sign so.
    pub(crate) fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        self.0.choose_scheme(&[scheme])?.sign(message).ok()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(***)")
    }
}

/// The key in the form that its signer reads.
pub(crate) fn der(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, BadKey> {
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0')) else { return bare(bytes) };
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(ENCRYPTED);
    }
    if !text.contains("-----BEGIN ") {
        return pem::base64(text).map_or(Err(NO_KEY), |bytes| bare(&bytes));
    }
    let Block { label, der } =
        pem::blocks(text).into_iter().find(|block| block.label.ends_with("PRIVATE KEY")).ok_or(NO_KEY)?;
    Ok(match label.as_str() {
        "RSA PRIVATE KEY" => PrivateKeyDer::Pkcs1(der.into()),
        "EC PRIVATE KEY" => PrivateKeyDer::Sec1(der.into()),
        _ => PrivateKeyDer::Pkcs8(der.into()),
    })
}

/// A key in DER, whose structure tells which form it is.
fn bare(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, BadKey> {
    let is_bag = bytes.windows(PKCS12.len()).any(|window| window == PKCS12);
    // From afar it looks like a key.
    if is_bag { Err(BAG) } else { PrivateKeyDer::try_from(bytes.to_vec()).map_err(|_| NO_KEY) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The RSA key of RFC 7515, appendix A.2.1, as PKCS#1.
    pub(crate) const RFC_7515_RSA: &str = include_str!("vectors/rfc7515-a2.pem");

    #[test]
    fn keys_are_read_in_all_their_forms() {
        let pkcs1 = PrivateKey::read(RFC_7515_RSA.as_bytes()).expect("it is a key");
        assert!(pkcs1.can(SignatureScheme::RSA_PKCS1_SHA256) && !pkcs1.can(SignatureScheme::ED25519));
        let base64: String = RFC_7515_RSA.lines().filter(|line| !line.starts_with('-')).collect();
        let signature = |key: &PrivateKey| key.sign(SignatureScheme::RSA_PKCS1_SHA256, b"x");
        let bare = PrivateKey::read(base64.as_bytes()).expect("it is a key");
        assert_eq!(signature(&bare), signature(&pkcs1));
        let binary = pem::base64(&base64).expect("it is base64");
        assert_eq!(PrivateKey::read(&binary).as_ref().ok().and_then(signature), signature(&pkcs1));
        let curve = PrivateKey::read(include_bytes!("vectors/rfc7515-a3.pem")).expect("it is a key");
        assert!(curve.can(SignatureScheme::ECDSA_NISTP256_SHA256));
    }

    #[test]
    fn what_is_no_key_says_what_it_is() {
        let why = |bytes: &[u8]| PrivateKey::read(bytes).err().map(|bad| bad.why);
        assert_eq!(why(b"secret"), Some(NO_KEY.why));
        assert_eq!(why(b"-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----"), Some(NO_KEY.why));
        assert_eq!(why(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nYQ==\n-----END"), Some(ENCRYPTED.why));
        let mut bag = vec![0x30, 0x82, 0xff, 0xff, 0x02, 0x01, 0x03, 0x30, 0x80];
        bag.extend_from_slice(PKCS12);
        assert_eq!(why(&bag), Some(BAG.why));
        assert_eq!(why(b"-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----"), Some(UNKNOWN.why));
    }
}

//! OAuth 1.0a (RFC 5849): the base string of a request and its signature.
//!
//! Pure: timestamp and nonce are given. With RSA the hash of the body is signed along
//! (`oauth_body_hash`), as Mastercard's APIs want it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;

use super::OAuth1Signature;
use super::body::Hash;
use super::message::{Plus, Target, pairs};

/// RFC 5849, section 3.6.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The request that is signed.
pub(crate) struct Message<'m> {
    pub(crate) method: &'m str,
    pub(crate) target: Target<'m>,
    /// The fields of a form, which are signed; `None` for every other body.
    pub(crate) form: Option<&'m str>,
    /// The hash of any other body, where [`covers_body`] wants one.
    pub(crate) body_hash: Option<&'m [u8]>,
}

/// What the header names.
pub(crate) struct Claims<'c> {
    pub(crate) consumer_key: &'c str,
    pub(crate) token: Option<&'c str>,
    pub(crate) realm: Option<&'c str>,
    pub(crate) timestamp: u64,
    pub(crate) nonce: &'c str,
}

/// What signs.
pub(crate) enum Method<'s> {
    /// A private key: RSA with SHA-256.
    Rsa(&'s (dyn Fn(&[u8]) -> Option<Vec<u8>> + Sync)),
    /// Both secrets: HMAC with SHA-1.
    HmacSha1(&'s str, &'s str),
    /// Both secrets: HMAC with SHA-256.
    HmacSha256(&'s str, &'s str),
    /// Both secrets as they are.
    Plaintext(&'s str, &'s str),
}

/// The value of the Authorization header; `None` when the key does not sign.
pub(crate) fn header(message: &Message<'_>, claims: &Claims<'_>, method: &Method<'_>) -> Option<String> {
    let mut oauth = parameters(claims, method);
    if let Some(hash) = message.body_hash {
        oauth.push(("oauth_body_hash", STANDARD.encode(hash)));
    }
    let base = base_string(message, &oauth);
    oauth.push(("oauth_signature", method.sign(&base)?));
    oauth.sort();
    let mut header = "OAuth ".to_owned();
    if let Some(realm) = claims.realm {
        // The only one that is neither signed nor encoded (RFC 5849, section 3.5.1).
        header.push_str(&format!("realm=\"{}\", ", realm.replace(['"', '\\'], "")));
    }
    let parts: Vec<String> = oauth.iter().map(|(name, value)| format!("{name}=\"{}\"", encode(value))).collect();
    header.push_str(&parts.join(", "));
    Some(header)
}

fn parameters(claims: &Claims<'_>, method: &Method<'_>) -> Vec<(&'static str, String)> {
    let mut oauth = vec![
        ("oauth_consumer_key", claims.consumer_key.to_owned()),
        ("oauth_nonce", claims.nonce.to_owned()),
        ("oauth_signature_method", method.name().to_owned()),
        ("oauth_timestamp", claims.timestamp.to_string()),
        ("oauth_version", "1.0".to_owned()),
    ];
    oauth.extend(claims.token.map(|token| ("oauth_token", token.to_owned())));
    oauth
}

/// The signature base string (RFC 5849, section 3.4.1).
fn base_string(message: &Message<'_>, oauth: &[(&str, String)]) -> String {
    let target = &message.target;
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: &str| all.push((encode(name), encode(value)));
    oauth.iter().for_each(|(name, value)| add(name, value));
    target.pairs(Plus::Space).iter().for_each(|(name, value)| add(name, value));
    pairs(message.form.unwrap_or_default(), Plus::Space).iter().for_each(|(name, value)| add(name, value));
    all.sort();
    let all: Vec<String> = all.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let uri = format!("{}://{}{}", target.scheme, target.authority, target.path);
    format!("{}&{}&{}", message.method.to_ascii_uppercase(), encode(&uri), encode(&all.join("&")))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

impl Method<'_> {
    fn name(&self) -> &'static str {
        match self {
            Method::Rsa(_) => "RSA-SHA256",
            Method::HmacSha1(..) => "HMAC-SHA1",
            Method::HmacSha256(..) => "HMAC-SHA256",
            Method::Plaintext(..) => "PLAINTEXT",
        }
    }

    fn sign(&self, base: &str) -> Option<String> {
        let keyed = |algorithm, key: String| {
            let key = hmac::Key::new(algorithm, key.as_bytes());
            STANDARD.encode(hmac::sign(&key, base.as_bytes()))
        };
        match self {
            Method::Rsa(sign) => sign(base.as_bytes()).map(|signature| STANDARD.encode(signature)),
            Method::HmacSha1(consumer, token) => {
                Some(keyed(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secrets(consumer, token)))
            }
            Method::HmacSha256(consumer, token) => Some(keyed(hmac::HMAC_SHA256, secrets(consumer, token))),
            Method::Plaintext(consumer, token) => Some(secrets(consumer, token)),
        }
    }
}

/// How a body is hashed that is no form, whose fields are signed instead: with RSA even an empty one,
/// as published APIs want it.
pub(crate) fn covers_body<S>(signature: &OAuth1Signature<S>, is_empty: bool) -> Option<Hash> {
    match signature {
        OAuth1Signature::RsaSha256 { .. } => Some(Hash::Sha256),
        OAuth1Signature::HmacSha1 { .. } if !is_empty => Some(Hash::Sha1),
        OAuth1Signature::HmacSha256 { .. } if !is_empty => Some(Hash::Sha256),
        OAuth1Signature::HmacSha1 { .. } | OAuth1Signature::HmacSha256 { .. } | OAuth1Signature::Plaintext { .. } => {
            None
        }
    }
}

fn secrets(consumer: &str, token: &str) -> String {
    format!("{}&{}", encode(consumer), encode(token))
}

#[cfg(test)]
mod tests;

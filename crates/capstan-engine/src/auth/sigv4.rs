//! Amazon's request signature, version 4: the canonical request and its signature.
//!
//! Pure: the time is given. S3 signs the path as it travels; every other service signs it
//! normalised and encoded once more.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::digest::{SHA256, digest};
use ring::hmac;

use super::message::{Plus, Target};
use super::world::hex;
use crate::date::civil;

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ENCODED_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// What is hashed of the body where S3 lets it be left out; only over https.
pub(crate) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// The request that is signed.
pub(crate) struct Message<'m> {
    pub(crate) method: &'m str,
    pub(crate) target: Target<'m>,
    /// The headers that are signed, names in lower case; those of the signature itself are added.
    pub(crate) headers: Vec<(String, String)>,
    /// The hash of the body in hexadecimal, or [`UNSIGNED`].
    pub(crate) body_hash: &'m str,
}

/// Who signs, and for what.
pub(crate) struct Credentials<'c> {
    pub(crate) access_key: &'c str,
    pub(crate) secret_key: &'c str,
    pub(crate) session_token: Option<&'c str>,
    pub(crate) region: &'c str,
    pub(crate) service: &'c str,
}

/// The headers that are added to a request, Authorization last.
pub(crate) fn headers(
    message: &Message<'_>,
    credentials: &Credentials<'_>,
    seconds: u64,
) -> Vec<(&'static str, String)> {
    let time = timestamp(seconds);
    let mut added = vec![("x-amz-date", time.clone())];
    if credentials.service == "s3" {
        added.push(("x-amz-content-sha256", message.body_hash.to_owned()));
    }
    added.extend(credentials.session_token.map(|token| ("x-amz-security-token", token.to_owned())));
    let mut signed: Vec<(String, String)> = added.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
    signed.extend(message.headers.iter().cloned());
    if !signed.iter().any(|(name, _)| name == "host") {
        signed.push(("host".to_owned(), message.target.authority.clone()));
    }
    let (canonical, names) = canonical(message, signed, credentials.service == "s3");
    let Credentials { access_key, region, service, .. } = credentials;
    let scope = format!("{}/{region}/{service}/aws4_request", &time[..8]);
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let signature = hex(&mac(&signing_key(credentials, &time[..8]), &to_sign));
    let header =
        format!("AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}");
    added.push(("authorization", header));
    added
}

/// The hash of a body as it is signed.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// The canonical request, and the names of the headers in it.
fn canonical(message: &Message<'_>, mut headers: Vec<(String, String)>, is_s3: bool) -> (String, String) {
    // Values of one name keep their order.
    headers.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut lines: Vec<(String, String)> = Vec::new();
    for (name, value) in headers {
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        match lines.last_mut() {
            Some((last, values)) if *last == name => *values = format!("{values},{value}"),
            _ => lines.push((name, value)),
        }
    }
    let names = lines.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines: String = lines.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let path = path(message.target.path, is_s3);
    let query = query(&message.target);
    (format!("{}\n{path}\n{query}\n{lines}\n{names}\n{}", message.method, message.body_hash), names)
}

fn path(path: &str, is_s3: bool) -> String {
    if is_s3 {
        let decoded = percent_decode_str(path).collect::<Vec<u8>>();
        return percent_encoding::percent_encode(&decoded, ENCODED_PATH).to_string();
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let slash = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    let normal = format!("/{}{slash}", kept.join("/"));
    utf8_percent_encode(&normal, ENCODED_PATH).to_string()
}

fn query(target: &Target<'_>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let pairs = target.pairs(Plus::Itself);
    let mut pairs: Vec<(String, String)> = pairs.iter().map(|(n, v)| (encode(n), encode(v))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn signing_key(credentials: &Credentials<'_>, date: &str) -> Vec<u8> {
    let start = format!("AWS4{}", credentials.secret_key).into_bytes();
    let parts = [date, credentials.region, credentials.service, "aws4_request"];
    parts.iter().fold(start, |key, part| mac(&key, part))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// `20150830T123600Z`.
fn timestamp(seconds: u64) -> String {
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests;

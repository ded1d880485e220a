//! Looks for a secret in what a run left, in every spelling that it could have taken.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shorter secrets occur by chance.
const SECRET_BYTES_MIN: usize = 4;

/// One line for every place that holds the secret, in words that do not repeat it.
pub(crate) fn find(secret: &str, places: &[(String, Vec<u8>)]) -> Vec<String> {
    if secret.len() < SECRET_BYTES_MIN {
        return Vec::new();
    }
    let spellings = spellings(secret);
    let hits = places.iter().flat_map(|(place, bytes)| {
        let hits = spellings.iter().filter(|(_, needle)| occurs(needle.as_bytes(), bytes));
        hits.map(move |(spelling, _)| format!("{place} shows a secret of the case ({spelling})"))
    });
    hits.collect()
}

fn occurs(needle: &[u8], bytes: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// The secret in all its spellings, each with a name; equal ones once.
fn spellings(secret: &str) -> Vec<(&'static str, String)> {
    let json = serde_json::Value::from(secret).to_string();
    let percent = percent(secret);
    let mut spellings = vec![
        ("as it is", secret.to_owned()),
        ("in a JSON string", json[1..json.len() - 1].to_owned()),
        ("percent-encoded", percent.clone()),
        ("percent-encoded in small letters", percent_small(&percent)),
        ("form-encoded", percent.replace("%20", "+")),
        ("in HTML", html(secret)),
    ];
    for offset in 0..3 {
        spellings.push(("in base64", base64(secret, offset, &STANDARD_NO_PAD)));
        spellings.push(("in base64 for URLs", base64(secret, offset, &URL_SAFE_NO_PAD)));
    }
    spellings.retain(|(_, needle)| needle.len() >= SECRET_BYTES_MIN);
    spellings.sort_by(|a, b| a.1.cmp(&b.1));
    spellings.dedup_by(|a, b| a.1 == b.1);
    spellings
}

fn percent(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Only the digits after `%` become small.
fn percent_small(text: &str) -> String {
    let mut since_percent = 3;
    let mut small = String::with_capacity(text.len());
    for c in text.chars() {
        since_percent = if c == '%' { 0 } else { since_percent + 1 };
        small.push(if since_percent < 3 { c.to_ascii_lowercase() } else { c });
    }
    small
}

fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// The characters of base64 that the secret alone decides when `offset` bytes stand before it.
fn base64(secret: &str, offset: usize, engine: &impl Engine) -> String {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(secret.as_bytes());
    let encoded = engine.encode(&bytes);
    let first = (offset * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    encoded[first..last].to_owned()
}

/// Whether every spelling of a secret is found. A self-test.
pub(crate) fn finds_every_spelling() -> Result<(), String> {
    let secret = "p@ss wörd/\"1\"";
    let basic = STANDARD_NO_PAD.encode(format!("user:{secret}"));
    let texts = [
        format!("token {secret}"),
        serde_json::json!({ "a": secret }).to_string(),
        format!("?a={}", percent(secret)),
        format!("?a={}", percent_small(&percent(secret))),
        format!("a={}", percent(secret).replace("%20", "+")),
        format!("Basic {basic}"),
        html(secret),
    ];
    for text in texts {
        if find(secret, &[("there".into(), text.clone().into_bytes())]).is_empty() {
            return Err(format!("not found in `{text}`"));
        }
    }
    let clean = find(secret, &[("there".into(), b"nothing to see".to_vec())]);
    clean.is_empty().then_some(()).ok_or_else(|| "found in a clean text".to_owned())
}

//! Digest authentication (RFC 7616): of several challenges the strongest is answered.
//!
//! Pure: the client's nonce and the count of the server's are given. MD5, SHA-256 and
//! SHA-512-256, each also as `-sess`; `qop` `auth`, `auth-int` where nothing else is offered, and
//! none, as RFC 2069 had it; names of users as hashes.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::body::Hash;
use super::challenge;
use super::world::hex;

/// How the parts are hashed, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    Md5,
    Sha256,
    Sha512_256,
}

/// What the response covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protection {
    /// Nothing is named: RFC 2069.
    Legacy,
    /// Method and URI.
    Auth,
    /// The body too.
    AuthInt,
}

/// A challenge that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    realm: String,
    pub(crate) nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// The algorithm as the server wrote it; absent where it wrote none.
    algorithm_written: Option<String>,
    is_session: bool,
    protection: Protection,
    userhash: bool,
    /// Whether only the nonce was too old: user and password are right.
    pub(crate) is_stale: bool,
}

/// The request that is proved.
pub(crate) struct Message<'m> {
    pub(crate) method: &'m str,
    /// Path and query as they travel.
    pub(crate) uri: &'m str,
    /// The hash of the body, in hexadecimal, where [`Challenge::covers_body`] wants one.
    pub(crate) body_hash: Option<&'m str>,
}

/// One use of a challenge.
pub(crate) struct Use<'u> {
    pub(crate) client_nonce: &'u str,
    /// How often the server's nonce was used, this time included.
    pub(crate) count: u32,
}

/// The strongest challenge that can be answered.
pub(crate) fn strongest(headers: &HeaderMap) -> Option<Challenge> {
    let read = challenge::challenges(headers, WWW_AUTHENTICATE);
    let mut found: Option<Challenge> = None;
    for challenge in read.iter().filter(|c| c.scheme == "digest").filter_map(Challenge::new) {
        // Of equals the first: the order is the server's preference.
        if found.as_ref().is_none_or(|best| challenge.algorithm > best.algorithm) {
            found = Some(challenge);
        }
    }
    found
}

impl Challenge {
    fn new(read: &challenge::Challenge) -> Option<Self> {
        let written = read.get("algorithm");
        let upper = written.unwrap_or("MD5").to_ascii_uppercase();
        let (name, is_session) = upper.strip_suffix("-SESS").map_or((upper.as_str(), false), |name| (name, true));
        let algorithm = match name {
            "MD5" => Algorithm::Md5,
            "SHA-256" => Algorithm::Sha256,
            "SHA-512-256" => Algorithm::Sha512_256,
            _ => return None,
        };
        let is_true = |name: &str| read.get(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        Some(Challenge {
            realm: read.get("realm").unwrap_or_default().to_owned(),
            nonce: read.get("nonce")?.to_owned(),
            opaque: read.get("opaque").map(str::to_owned),
            algorithm,
            algorithm_written: written.map(str::to_owned),
            is_session,
            protection: protection(read.get("qop"))?,
            userhash: is_true("userhash"),
            is_stale: is_true("stale"),
        })
    }

    /// The same with the nonce that the server wants next (RFC 7616, section 3.5).
    pub(crate) fn with_nonce(&self, nonce: &str) -> Self {
        Challenge { nonce: nonce.to_owned(), is_stale: false, ..self.clone() }
    }

    /// How the body is hashed, where the response covers it.
    pub(crate) fn covers_body(&self) -> Option<Hash> {
        (self.protection == Protection::AuthInt).then(|| self.algorithm.function())
    }

    /// The value of the Authorization header; `None` where the hash of the body is missing.
    pub(crate) fn answer(
        &self,
        username: &str,
        password: &str,
        message: &Message<'_>,
        once: &Use<'_>,
    ) -> Option<String> {
        let hash = |text: String| self.algorithm.hash(text.as_bytes());
        let mut secret = hash(format!("{username}:{}:{password}", self.realm));
        if self.is_session {
            secret = hash(format!("{secret}:{}:{}", self.nonce, once.client_nonce));
        }
        let subject = match self.protection {
            Protection::Legacy | Protection::Auth => hash(format!("{}:{}", message.method, message.uri)),
            Protection::AuthInt => {
                let body = message.body_hash?;
                hash(format!("{}:{}:{body}", message.method, message.uri))
            }
        };
        let count = format!("{:08x}", once.count);
        let response = match self.protection.name() {
            None => hash(format!("{secret}:{}:{subject}", self.nonce)),
            Some(qop) => hash(format!("{secret}:{}:{count}:{}:{qop}:{subject}", self.nonce, once.client_nonce)),
        };
        Some(self.header(username, message.uri, once.client_nonce, &count, &response))
    }

    fn header(&self, username: &str, uri: &str, client_nonce: &str, count: &str, response: &str) -> String {
        let user = if self.userhash {
            let hashed = self.algorithm.hash(format!("{username}:{}", self.realm).as_bytes());
            format!("username=\"{hashed}\"")
        } else if username.is_ascii() && !username.contains(char::is_control) {
            format!("username={}", quoted(username))
        } else {
            format!("username*=UTF-8''{}", utf8_percent_encode(username, ATTRIBUTE))
        };
        let mut text = format!("Digest {user}, realm={}, uri={}", quoted(&self.realm), quoted(uri));
        let mut add = |part: String| text.push_str(&format!(", {part}"));
        add(format!("nonce={}", quoted(&self.nonce)));
        // Some servers compare the word; it is given back as it came.
        self.algorithm_written.iter().for_each(|written| add(format!("algorithm={written}")));
        if let Some(qop) = self.protection.name() {
            add(format!("nc={count}"));
            add(format!("cnonce={}", quoted(client_nonce)));
            add(format!("qop={qop}"));
        }
        add(format!("response=\"{response}\""));
        self.opaque.iter().for_each(|opaque| add(format!("opaque={}", quoted(opaque))));
        if self.userhash {
            add("userhash=true".to_owned());
        }
        text
    }
}

/// `attr-char` of RFC 8187.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The best protection of those offered: a body is hashed only where it must be.
fn protection(offered: Option<&str>) -> Option<Protection> {
    let Some(offered) = offered.filter(|text| !text.trim().is_empty()) else { return Some(Protection::Legacy) };
    let offers = |wanted: &str| offered.split(',').any(|word| word.trim().eq_ignore_ascii_case(wanted));
    match (offers("auth"), offers("auth-int")) {
        (true, _) => Some(Protection::Auth),
        (false, true) => Some(Protection::AuthInt),
        (false, false) => None,
    }
}

impl Protection {
    fn name(self) -> Option<&'static str> {
        match self {
            Protection::Legacy => None,
            Protection::Auth => Some("auth"),
            Protection::AuthInt => Some("auth-int"),
        }
    }
}

impl Algorithm {
    fn function(self) -> Hash {
        match self {
            Algorithm::Md5 => Hash::Md5,
            Algorithm::Sha256 => Hash::Sha256,
            Algorithm::Sha512_256 => Hash::Sha512_256,
        }
    }

    fn hash(self, bytes: &[u8]) -> String {
        hex(&self.function().of(bytes))
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests;

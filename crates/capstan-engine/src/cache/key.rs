//! Which request an answer belongs to.
//!
//! Everything that may make one request's answer another's is in the key: the method, the URL, every
//! header and the credentials. It holds digests only, so that whoever reads a key learns no secret.

use std::fmt;
use std::hash::{Hash, Hasher};

use http::HeaderName;
use http::header::{CACHE_CONTROL, PRAGMA};
use ring::digest::{Context, SHA256};

use crate::upstream::Request;

/// Which request an answer belongs to: a resource, and one of its variants.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    resource: String,
    variant: String,
}

impl Key {
    /// The key of a request that nobody in particular sends, to try a [`Store`](super::Store) with.
    pub fn new(request: &Request) -> Key {
        Key::of(request, &())
    }

    /// The key of a request of a caller.
    pub(crate) fn of(request: &Request, caller: &impl Hash) -> Key {
        let mut variant = Digester::new();
        caller.hash(&mut variant);
        request.method.hash(&mut variant);
        request.connection.hash(&mut variant);
        for (name, value) in request.headers.iter().filter(|(name, _)| tells_apart(name)) {
            (name, value.as_bytes()).hash(&mut variant);
        }
        Key { resource: resource(&request.url), variant: variant.hex() }
    }

    /// The URL: 64 hexadecimal digits.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// All else that tells requests apart, the credentials among it: 64 hexadecimal digits.
    pub fn variant(&self) -> &str {
        &self.variant
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}/{})", self.resource, self.variant)
    }
}

/// The part of a key that stands for a URL.
pub(crate) fn resource(url: &str) -> String {
    let mut digester = Digester::new();
    url.hash(&mut digester);
    digester.hex()
}

/// The digest of some texts, and of their number and order.
pub(super) fn digest_of<'t>(texts: impl Iterator<Item = &'t str>) -> [u8; 32] {
    let mut digester = Digester::new();
    for text in texts {
        text.hash(&mut digester);
    }
    digester.finish_bytes()
}

/// Whether a header tells requests apart; what a caller asks of the cache itself does not.
fn tells_apart(name: &HeaderName) -> bool {
    ![CACHE_CONTROL, PRAGMA].contains(name)
}

/// SHA-256 of all that is hashed. A key may differ from one build to the next, which a cache can bear.
struct Digester(Context);

impl Digester {
    fn new() -> Self {
        Digester(Context::new(&SHA256))
    }

    fn finish_bytes(self) -> [u8; 32] {
        self.0.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
    }

    fn hex(self) -> String {
        hex(&self.finish_bytes())
    }
}

impl Hasher for Digester {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Not what is asked for here; the digest is.
    fn finish(&self) -> u64 {
        let digest = self.0.clone().finish();
        u64::from_le_bytes(digest.as_ref()[..8].try_into().expect("SHA-256 has more than 8 bytes"))
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Method};

    use super::*;
    use crate::upstream::Connection;

    fn request(method: Method, url: &str, headers: &[(HeaderName, &str)]) -> Request {
        let value = |text| HeaderValue::from_str(text).expect("a header value");
        let headers = headers.iter().map(|(name, text)| (name.clone(), value(text))).collect();
        Request { method, url: url.to_owned(), headers, body: None, connection: Connection::default() }
    }

    #[test]
    fn what_may_change_an_answer_changes_the_key() {
        let token = |token: &str| [(http::header::AUTHORIZATION, token.to_owned())];
        let of = |method: Method, url: &str, bearer: &str, caller: u8| {
            let headers: Vec<_> = token(bearer).to_vec();
            let headers: Vec<_> = headers.iter().map(|(n, v)| (n.clone(), v.as_str())).collect();
            Key::of(&request(method, url, &headers), &[caller; 32])
        };
        let key = of(Method::GET, "https://h/a", "Bearer x", 0);
        assert_eq!(key, of(Method::GET, "https://h/a", "Bearer x", 0));
        let others = [
            of(Method::HEAD, "https://h/a", "Bearer x", 0),
            of(Method::GET, "https://h/b", "Bearer x", 0),
            of(Method::GET, "https://h/a", "Bearer y", 0),
            of(Method::GET, "https://h/a", "Bearer x", 1),
        ];
        for other in &others {
            assert_ne!(key, *other);
        }
        assert_eq!(key.resource(), others[2].resource(), "an unsafe request finds the answers of all");
    }

    #[test]
    fn headers_do_not_run_into_each_other_and_those_for_the_cache_do_not_count() {
        let of = |headers: &[(HeaderName, &str)]| Key::of(&request(Method::GET, "https://h/", headers), &());
        let (a, b) = (HeaderName::from_static("a"), HeaderName::from_static("b"));
        assert_ne!(of(&[(a.clone(), "x"), (b.clone(), "y")]), of(&[(a.clone(), "xby")]));
        assert_eq!(of(&[(a.clone(), "x"), (CACHE_CONTROL, "no-cache")]), of(&[(a, "x")]));
    }

    #[test]
    fn a_key_shows_no_secret() {
        let key = Key::of(&request(Method::GET, "https://h/?key=hunter22", &[]), &"hunter22");
        assert!(!format!("{key:?}").contains("hunter22"));
        assert_eq!((key.resource().len(), key.variant().len()), (64, 64));
    }
}

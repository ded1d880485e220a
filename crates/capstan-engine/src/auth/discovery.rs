//! An issuer's metadata: where it is (RFC 8414, section 3, and OpenID Connect Discovery 1.0,
//! section 4) and whether it can be trusted.

use serde_json::{Map, Value};
use url::Url;

/// What the metadata of an authorization server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) token_endpoint: String,
    /// The ways in which clients may prove themselves; `None` where it says nothing.
    pub(crate) methods: Option<Vec<String>>,
}

/// An issuer, and the URLs that its metadata may be at, in the order in which they are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    issuer: String,
    pub(crate) urls: Vec<String>,
}

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

/// Where the metadata of an issuer may be; `None` when it is no URL. One that names a well-known
/// place itself is asked there alone.
pub(crate) fn places(issuer: &str) -> Option<Places> {
    let url = Url::parse(issuer.trim()).ok().filter(|url| url.has_host() && url.query().is_none())?;
    let origin = url.origin().ascii_serialization();
    let path = url.path().trim_end_matches('/');
    for known in [OAUTH, OPENID] {
        if let Some((before, after)) = path.split_once(known) {
            let issuer = format!("{origin}{before}{after}");
            return Some(Places { issuer, urls: vec![format!("{origin}{path}")] });
        }
    }
    let mut urls = vec![format!("{origin}{OAUTH}{path}"), format!("{origin}{path}{OPENID}")];
    if !path.is_empty() {
        urls.push(format!("{origin}{OPENID}{path}"));
    }
    Some(Places { issuer: format!("{origin}{path}"), urls })
}

impl Places {
    /// Reads a metadata document.
    ///
    /// # Errors
    /// It is none, it is that of another issuer (RFC 8414, section 3.3), or it names no endpoint.
    pub(crate) fn read(&self, body: &[u8]) -> Result<Metadata, String> {
        let document: Map<String, Value> = serde_json::from_slice(body).map_err(|_| "is no JSON object".to_owned())?;
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        let said = text("issuer").unwrap_or_default();
        // Whether an issuer ends in a slash is written down wrongly everywhere.
        if said.trim_end_matches('/') != self.issuer {
            let said: String = said.chars().take(crate::limits::QUOTED_CHARS_MAX).collect();
            return Err(format!("is that of the issuer `{said}`, not of `{}`", self.issuer));
        }
        let endpoint = text("token_endpoint").ok_or_else(|| "names no `token_endpoint`".to_owned())?;
        let methods = document.get("token_endpoint_auth_methods_supported").and_then(Value::as_array);
        let methods = methods.map(|all| all.iter().filter_map(|m| m.as_str().map(str::to_owned)).collect());
        Ok(Metadata { token_endpoint: endpoint.to_owned(), methods })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_well_known_forms_are_asked() {
        let urls = |issuer: &str| places(issuer).map(|places| places.urls).unwrap_or_default();
        assert_eq!(
            urls("https://example.com/"),
            [
                "https://example.com/.well-known/oauth-authorization-server",
                "https://example.com/.well-known/openid-configuration",
            ]
        );
        // RFC 8414, section 3.1, and section 5 for what OpenID Connect had before.
        assert_eq!(
            urls("https://example.com/issuer1"),
            [
                "https://example.com/.well-known/oauth-authorization-server/issuer1",
                "https://example.com/issuer1/.well-known/openid-configuration",
                "https://example.com/.well-known/openid-configuration/issuer1",
            ]
        );
        let named = places("https://example.com/.well-known/oauth-authorization-server/issuer1").expect("it is a URL");
        assert_eq!(named.issuer, "https://example.com/issuer1");
        assert_eq!(named.urls.len(), 1);
        assert!(places("example.com").is_none() && places("https://example.com/?a").is_none());
    }

    #[test]
    fn metadata_of_another_issuer_is_refused() {
        let places = places("https://example.com").expect("it is a URL");
        let good = br#"{"issuer":"https://example.com/","token_endpoint":"https://example.com/t"}"#;
        let expected = Metadata { token_endpoint: "https://example.com/t".to_owned(), methods: None };
        assert_eq!(places.read(good), Ok(expected));
        let why = |body: &str| places.read(body.as_bytes()).err().unwrap_or_default();
        assert!(why(r#"{"issuer":"https://evil.example","token_endpoint":"https://evil.example/t"}"#).contains("evil"));
        assert!(why(r#"{"token_endpoint":"https://example.com/t"}"#).starts_with("is that of the issuer"));
        assert_eq!(why(r#"{"issuer":"https://example.com"}"#), "names no `token_endpoint`");
        assert_eq!(why("<html>"), "is no JSON object");
    }
}

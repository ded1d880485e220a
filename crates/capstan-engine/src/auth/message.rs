//! A request as signatures see it: method, URL in its parts, headers, the hash of its body.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use url::Url;

/// A URL in the parts that signatures are made over, as they travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target<'u> {
    /// `https`.
    pub(crate) scheme: &'u str,
    /// Host, and the port unless it is the scheme's own; lower case.
    pub(crate) authority: String,
    /// The path, encoded; at least `/`.
    pub(crate) path: &'u str,
    /// The query without its `?`, encoded.
    pub(crate) query: Option<&'u str>,
}

impl<'u> Target<'u> {
    /// The parts of a URL.
    pub(crate) fn of(url: &'u Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Target { scheme: url.scheme(), authority, path: url.path(), query: url.query() }
    }

    /// Path and query, as in the first line of the request.
    pub(crate) fn origin_form(&self) -> Cow<'u, str> {
        self.query.map_or(self.path.into(), |query| format!("{}?{query}", self.path).into())
    }

    /// The pairs of the query, decoded; `+` is itself or a space.
    pub(crate) fn pairs(&self, plus: Plus) -> Vec<(String, String)> {
        pairs(self.query.unwrap_or_default(), plus)
    }
}

/// What `+` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plus {
    /// A space, as in forms.
    Space,
    /// Itself, as RFC 3986 has it.
    Itself,
}

/// The pairs of a query or a form, decoded.
pub(crate) fn pairs(text: &str, plus: Plus) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text: Cow<'_, str> = if plus == Plus::Space { text.replace('+', " ").into() } else { text.into() };
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_what_travels() {
        let url = Url::parse("HTTPS://API.Example.com:443/a%20b/../c?x=1+2&y").expect("it is a URL");
        let target = Target::of(&url);
        assert_eq!((target.scheme, target.authority.as_str(), target.path), ("https", "api.example.com", "/c"));
        assert_eq!(target.origin_form(), "/c?x=1+2&y");
        assert_eq!(target.pairs(Plus::Space), [("x".into(), "1 2".into()), ("y".into(), String::new())]);
        assert_eq!(target.pairs(Plus::Itself)[0].1, "1+2");
    }
}

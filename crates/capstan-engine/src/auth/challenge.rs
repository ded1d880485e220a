//! `WWW-Authenticate`: several challenges, in one header or in many (RFC 9110, section 11.6.1).
//!
//! A comma separates parameters and challenges alike; what follows tells which it was.

use http::HeaderMap;
use http::header::AsHeaderName;

/// A challenge: a scheme and its parameters, names in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// `digest`, `basic`, …, in lower case.
    pub(crate) scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// All challenges of an answer, in order. What cannot be read ends its header, not the others.
pub(crate) fn challenges(headers: &HeaderMap, name: impl AsHeaderName) -> Vec<Challenge> {
    let mut found = Vec::new();
    for value in headers.get_all(name) {
        let text = String::from_utf8_lossy(value.as_bytes());
        Cursor { rest: &text }.challenges(&mut found);
    }
    found
}

/// The parameters of a header that is a list of them, such as `Authentication-Info`.
pub(crate) fn parameters(text: &str) -> Challenge {
    let mut challenge = Challenge { scheme: String::new(), parameters: Vec::new() };
    let mut cursor = Cursor { rest: text };
    cursor.commas();
    while let Some(parameter) = cursor.parameter() {
        challenge.parameters.push(parameter);
        cursor.commas();
    }
    challenge
}

struct Cursor<'t> {
    rest: &'t str,
}

impl Cursor<'_> {
    fn challenges(&mut self, found: &mut Vec<Challenge>) {
        self.commas();
        while !self.rest.is_empty() {
            let before = self.rest;
            match self.parameter() {
                Some(parameter) => match found.last_mut() {
                    Some(last) => last.parameters.push(parameter),
                    None => return,
                },
                None => {
                    self.rest = before;
                    let scheme = self.token();
                    if scheme.is_empty() {
                        return;
                    }
                    found.push(Challenge { scheme: scheme.to_ascii_lowercase(), parameters: Vec::new() });
                    self.spaces();
                    self.token68();
                }
            }
            self.commas();
        }
    }

    /// `name = value` or `name = "value"`.
    fn parameter(&mut self) -> Option<(String, String)> {
        let name = self.token();
        self.spaces();
        if name.is_empty() || !self.take('=') {
            return None;
        }
        self.spaces();
        let value = if self.rest.starts_with('"') { self.quoted() } else { self.token() };
        Some((name.to_ascii_lowercase(), value))
    }

    /// The one word that some schemes have instead of parameters; it is of no use here.
    fn token68(&mut self) {
        let is_68 = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
        let end = self.rest.find(|c| !is_68(c)).unwrap_or(self.rest.len());
        let after = self.rest[end..].trim_start_matches('=');
        let tail = after.trim_start_matches([' ', '\t']);
        if end > 0 && (tail.is_empty() || tail.starts_with(',')) {
            self.rest = after;
        }
    }

    fn quoted(&mut self) -> String {
        let mut value = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return value;
                }
                '\\' => value.extend(chars.next().map(|(_, c)| c)),
                c => value.push(c),
            }
        }
        self.rest = "";
        value
    }

    fn token(&mut self) -> String {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let end = self.rest.find(|c| !is_token(c)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        token.to_owned()
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.rest.strip_prefix(c);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn commas(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', ',']);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::WWW_AUTHENTICATE;

    use super::*;

    fn read(values: &[&'static str]) -> Vec<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(value));
        }
        challenges(&headers, WWW_AUTHENTICATE)
    }

    #[test]
    fn the_example_of_the_rfc_is_two_challenges() {
        // RFC 9110, section 11.6.1.
        let found = read(&[r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#]);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].scheme.as_str(), found[0].get("realm")), ("basic", Some("simple")));
        assert_eq!((found[1].scheme.as_str(), found[1].get("type")), ("newauth", Some("1")));
        assert_eq!(found[1].get("title"), Some("Login to \"apps\""));
    }

    #[test]
    fn lists_words_and_broken_ends_are_read() {
        let found = read(&[r#" , Negotiate, NTLM YWJj=, Digest realm = "a,b" ,nonce=xyz"#, r#"Digest nonce="open"#]);
        let schemes: Vec<&str> = found.iter().map(|c| c.scheme.as_str()).collect();
        assert_eq!(schemes, ["negotiate", "ntlm", "digest", "digest"]);
        assert_eq!((found[2].get("realm"), found[2].get("nonce")), (Some("a,b"), Some("xyz")));
        assert_eq!(found[3].get("nonce"), Some("open"));
        assert!(read(&["", "=", "\"\"", "a=b"]).is_empty());
    }

    #[test]
    fn a_list_of_parameters_has_no_scheme() {
        let info = parameters(r#"nextnonce="abc", qop=auth, rspauth="1""#);
        assert_eq!((info.get("nextnonce"), info.get("rspauth")), (Some("abc"), Some("1")));
    }
}

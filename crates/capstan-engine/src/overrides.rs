//! What a caller changes of a file that is not the caller's own: base URI, authentication,
//! headers, query parameters.

use capstan_spec::diagnostic::Code;
use capstan_spec::placeholder::{self, Piece};
use http::{HeaderName, HeaderValue};

use crate::auth::TlsTexts;
use crate::bindings::Secret;
use crate::encode;
use crate::error::CallError;
use crate::render::{BaseText, Reveal};
use crate::upstream::Coding;

/// Changes to every operation of an engine. Texts may hold `{{VARIABLE}}` or `$env.VARIABLE`.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The base URI of every consumed API.
    pub base_uri: Option<String>,
    /// The authentication of every consumed API.
    pub auth: Option<AuthOverride>,
    /// Headers that are set, in place of any of the same name.
    pub headers: Vec<(String, String)>,
    /// Query parameters that are set, in place of any of the same name.
    pub queries: Vec<(String, String)>,
    /// How connections to every consumed API are made safe.
    pub tls: Option<TlsOverride>,
    /// How bodies are compressed, in place of what the file says.
    pub compression: Option<Coding>,
}

/// A client's certificate, its key, and the authorities that are trusted: texts in PEM.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlsOverride {
    /// The certificate and its chain; the key may stand in it too.
    pub certificate: Option<String>,
    /// The certificate's key.
    pub key: Option<String>,
    /// The authorities.
    pub authority: Option<String>,
}

impl std::fmt::Debug for TlsOverride {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsOverride(***)")
    }
}

/// An authentication that takes the place of the file's.
#[derive(Clone, PartialEq, Eq)]
pub enum AuthOverride {
    /// None, also where one would be inferred.
    None,
    /// A token.
    Bearer(String),
    /// A user name and a password.
    Basic(String, String),
    /// A key in a header.
    Header(String, String),
    /// A key in the query.
    Query(String, String),
}

impl std::fmt::Debug for AuthOverride {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            AuthOverride::None => "none",
            AuthOverride::Bearer(_) => "bearer:***",
            AuthOverride::Basic(..) => "basic:***",
            AuthOverride::Header(..) => "apikey:header:***",
            AuthOverride::Query(..) => "apikey:query:***",
        })
    }
}

impl AuthOverride {
    /// Reads `bearer:TOKEN`, `basic:USER:PASSWORD`, `apikey:header:NAME:VALUE`,
    /// `apikey:query:NAME:VALUE` or `none`.
    ///
    /// # Errors
    /// What is wrong with the text, without the text: it holds a credential.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind.to_ascii_lowercase().as_str() {
            "none" => Ok(AuthOverride::None),
            "bearer" if rest.is_empty() => Err("`bearer:` needs a token behind it"),
            "bearer" => Ok(AuthOverride::Bearer(rest.to_owned())),
            "basic" => match rest.split_once(':') {
                Some((user, password)) => Ok(AuthOverride::Basic(user.to_owned(), password.to_owned())),
                None => Err("`basic:` needs USER:PASSWORD behind it"),
            },
            "apikey" => Self::parse_key(rest),
            _ => Err(
                "expected `bearer:TOKEN`, `basic:USER:PASSWORD`, `apikey:header:NAME:VALUE`, `apikey:query:NAME:VALUE` or `none`",
            ),
        }
    }

    fn parse_key(rest: &str) -> Result<Self, &'static str> {
        let mut pieces = rest.splitn(3, ':');
        match (pieces.next(), pieces.next(), pieces.next()) {
            (Some("header"), Some(name), Some(value)) => Ok(AuthOverride::Header(name.to_owned(), value.to_owned())),
            (Some("query"), Some(name), Some(value)) => Ok(AuthOverride::Query(name.to_owned(), value.to_owned())),
            _ => Err("expected `apikey:header:NAME:VALUE` or `apikey:query:NAME:VALUE`"),
        }
    }
}

/// A text whose variables are filled in, and the same with their masks.
#[derive(Clone, Default)]
pub(crate) struct BoundText {
    secret: String,
    masked: String,
    is_secret: bool,
}

impl BoundText {
    pub(crate) fn text(&self, reveal: Reveal) -> &str {
        match reveal {
            Reveal::Secret => &self.secret,
            Reveal::Masked => &self.masked,
        }
    }

    pub(crate) fn is_secret(&self) -> bool {
        self.is_secret
    }

    /// The same text, secret as a whole: masked by its name unless variables mask parts of it.
    fn into_credential(mut self, name: &str) -> Self {
        if !self.is_secret {
            self.masked = format!("{{{{{name}}}}}");
            self.is_secret = true;
        }
        self
    }
}

/// Overrides whose variables are filled in.
#[derive(Default)]
pub(crate) struct BoundOverrides {
    pub(crate) base: Option<BoundText>,
    pub(crate) auth: Option<BoundCredential>,
    pub(crate) headers: Vec<(HeaderName, BoundText)>,
    /// Encoded names and values.
    pub(crate) queries: Vec<(Box<str>, BoundText)>,
    pub(crate) tls: Option<TlsTexts>,
    pub(crate) compression: Option<Coding>,
}

/// The credential of an override.
pub(crate) enum BoundCredential {
    None,
    Bearer(BoundText),
    Basic(BoundText, BoundText),
    Header(HeaderName, BoundText),
    Query(Box<str>, BoundText),
}

/// The credential of an override as it is written: revealed or masked.
pub(crate) enum ShownCredential<'a> {
    None,
    Bearer(&'a str),
    Basic(&'a str, &'a str),
    Header(&'a HeaderName, &'a str),
    Query(&'a str, &'a str),
}

impl BoundCredential {
    pub(crate) fn as_credential(&self, reveal: Reveal) -> ShownCredential<'_> {
        match self {
            BoundCredential::None => ShownCredential::None,
            BoundCredential::Bearer(token) => ShownCredential::Bearer(token.text(reveal)),
            BoundCredential::Basic(user, password) => ShownCredential::Basic(user.text(reveal), password.text(reveal)),
            BoundCredential::Header(name, value) => ShownCredential::Header(name, value.text(reveal)),
            BoundCredential::Query(name, value) => ShownCredential::Query(name, value.text(reveal)),
        }
    }

    fn texts(&self) -> Vec<&BoundText> {
        match self {
            BoundCredential::None => Vec::new(),
            BoundCredential::Bearer(text) | BoundCredential::Header(_, text) | BoundCredential::Query(_, text) => {
                vec![text]
            }
            BoundCredential::Basic(user, password) => vec![user, password],
        }
    }
}

impl BoundOverrides {
    /// Fills in the variables of overrides. `variable` gives the value of a variable.
    pub(crate) fn bind(overrides: &Overrides, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, CallError> {
        let text = |text: &str| bind_text(text, variable);
        let mut bound = BoundOverrides { compression: overrides.compression, ..BoundOverrides::default() };
        if let Some(base) = &overrides.base_uri {
            bound.base = Some(base_uri(text(base)?)?);
        }
        if let Some(auth) = &overrides.auth {
            bound.auth = Some(credential(auth, &text)?);
        }
        bound.tls = overrides.tls.as_ref().map(|tls| {
            let secret = |text: &Option<String>| text.as_deref().map(Secret::new);
            // As with curl, one file may hold both.
            let key = tls.key.as_ref().or(tls.certificate.as_ref()).map(|text| Secret::new(text.as_str()));
            TlsTexts { certificate: secret(&tls.certificate), key, authority: secret(&tls.authority) }
        });
        for (name, value) in &overrides.headers {
            let name = header_name(name)?;
            bound.headers.push((name, text(value)?));
        }
        for (name, value) in &overrides.queries {
            bound.queries.push((encode::to_component(name), text(value)?));
        }
        Ok(bound)
    }

    pub(crate) fn has_query(&self, encoded: &str) -> bool {
        self.queries.iter().any(|(name, _)| **name == *encoded)
    }

    /// The credentials that the caller wrote out, for the scrubber.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let credential = self.auth.iter().flat_map(BoundCredential::texts);
        credential.map(|t| t.secret.clone()).collect()
    }
}

fn base_uri(text: BoundText) -> Result<BoundText, CallError> {
    let Some(base) = BaseText::parse(&text.secret) else {
        return Err(CallError::new(
            Code::BadSettings,
            "the base URI that takes the place of the file's cannot be used",
        )
        .with_help("write `http://host/path` or `https://host/path`, with neither query nor user name"));
    };
    let masked = if text.is_secret { text.masked } else { base.0.clone() };
    Ok(BoundText { secret: base.0, masked, is_secret: text.is_secret })
}

fn credential(
    auth: &AuthOverride,
    text: &dyn Fn(&str) -> Result<BoundText, CallError>,
) -> Result<BoundCredential, CallError> {
    let secret = |value: &str| text(value).map(|t| t.into_credential("AUTH"));
    Ok(match auth {
        AuthOverride::None => BoundCredential::None,
        AuthOverride::Bearer(token) => BoundCredential::Bearer(secret(token)?),
        AuthOverride::Basic(user, password) => BoundCredential::Basic(text(user)?, secret(password)?),
        AuthOverride::Header(name, value) => BoundCredential::Header(header_name(name)?, secret(value)?),
        AuthOverride::Query(name, value) => BoundCredential::Query(encode::to_component(name), secret(value)?),
    })
}

fn header_name(name: &str) -> Result<HeaderName, CallError> {
    let parsed = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| {
        CallError::new(Code::BadSettings, format!("`{}` is not a header name", name.trim()))
            .with_help("write `--header 'Name: value'`; a name has letters, digits and `-`")
    })?;
    if encode::is_framing(&parsed) {
        let message = format!("the header `{parsed}` cannot be set: it says where the message ends or where it goes");
        return Err(CallError::new(Code::BadSettings, message));
    }
    Ok(parsed)
}

fn bind_text(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<BoundText, CallError> {
    let mut bound = BoundText::default();
    for piece in placeholder::pieces(text) {
        match piece {
            Piece::Placeholder(placeholder) if placeholder.is_name() => {
                let local = placeholder.local();
                let name = if variable(placeholder.body).is_some() { placeholder.body } else { local };
                let Some(value) = variable(name) else {
                    return Err(CallError::new(Code::MissingVariable, format!("the variable `{name}` has no value"))
                        .with_help(format!("set it: `export {name}=…`")));
                };
                bound.secret.push_str(&value);
                bound.masked.push_str(&format!("{{{{{name}}}}}"));
                bound.is_secret = true;
            }
            Piece::Placeholder(placeholder) => {
                bound.secret.push_str(placeholder.source);
                bound.masked.push_str(placeholder.source);
            }
            Piece::Literal(literal) => {
                bound.secret.push_str(literal);
                bound.masked.push_str(literal);
            }
        }
    }
    // A header is checked here, so that the caller hears of it before any call.
    if HeaderValue::from_bytes(bound.secret.as_bytes()).is_err() {
        return Err(CallError::new(Code::BadSettings, "an override has a line break or another control character"));
    }
    Ok(bound)
}

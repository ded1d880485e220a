//! How a request proves who sends it.

use capstan_spec::source::Span;
use http::HeaderName;

use super::template::Template;
use crate::auth::Proof;

/// The authentication of an operation.
#[derive(Clone, Debug)]
pub(crate) enum Auth {
    /// None was asked for.
    None,
    /// Credentials that are written into the request.
    Credentials(Vec<Credential>),
    /// A proof that is made when the request is sent.
    Proof(Box<Proof<Template>>),
    /// A kind that cannot be sent yet.
    Unsupported {
        /// The kind as the specification spells it.
        kind: &'static str,
        /// Where it stands.
        span: Span,
    },
}

/// A credential and where it goes.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    /// A token in the Authorization header (RFC 6750, section 2.1).
    Bearer(Template),
    /// A user name and a password in the Authorization header (RFC 7617).
    Basic(Template, Template),
    /// A key in a header.
    Header(HeaderName, Template),
    /// A key in the query; the name is encoded.
    Query(Box<str>, Template),
    /// A key in a cookie.
    Cookie(Box<str>, Template),
}

impl Credential {
    /// The part of it that is a secret.
    fn secret(&self) -> &Template {
        match self {
            Credential::Bearer(secret)
            | Credential::Basic(_, secret)
            | Credential::Header(_, secret)
            | Credential::Query(_, secret)
            | Credential::Cookie(_, secret) => secret,
        }
    }
}

/// How connections are made safe: texts in PEM, or locations of files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    pub(crate) certificate: Option<Template>,
    pub(crate) key: Option<Template>,
    pub(crate) authority: Option<Template>,
}

impl Auth {
    /// Its secrets, as the document has them.
    fn secrets(&self) -> Vec<&Template> {
        match self {
            Auth::None | Auth::Unsupported { .. } => Vec::new(),
            Auth::Credentials(credentials) => credentials.iter().map(Credential::secret).collect(),
            Auth::Proof(proof) => proof.secrets(),
        }
    }
}

impl super::Plan {
    /// Credentials that the document writes out instead of binding them, each once.
    pub(crate) fn literal_credentials(&self) -> Vec<String> {
        let secrets = self.operations.iter().flat_map(|operation| operation.request.auth.secrets());
        let literals = secrets.filter_map(Template::as_literal).filter(|text| !text.is_empty());
        // The place of a key is no secret.
        let mut literals: Vec<String> = literals.filter(|t| !t.starts_with("file:")).map(str::to_owned).collect();
        literals.sort();
        literals.dedup();
        literals
    }
}

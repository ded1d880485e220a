//! How a request proves who sends it.

use capstan_spec::source::Span;
use http::HeaderName;

use super::template::Template;

/// The authentication of an operation.
#[derive(Clone, Debug)]
pub(crate) enum Auth {
    /// None was asked for.
    None,
    /// Credentials that are written into the request.
    Credentials(Vec<Credential>),
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

impl super::Plan {
    /// Credentials that the document writes out instead of binding them, each once.
    pub(crate) fn literal_credentials(&self) -> Vec<String> {
        let credentials = self.operations.iter().filter_map(|operation| match &operation.request.auth {
            Auth::Credentials(credentials) => Some(credentials),
            Auth::None | Auth::Unsupported { .. } => None,
        });
        let literals = credentials.flatten().filter_map(|c| c.secret().as_literal()).filter(|text| !text.is_empty());
        let mut literals: Vec<String> = literals.map(str::to_owned).collect();
        literals.sort();
        literals.dedup();
        literals
    }
}

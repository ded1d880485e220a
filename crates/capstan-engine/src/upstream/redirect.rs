//! Whether and how a redirect is followed (RFC 9110, section 15.4).
//!
//! Pure: takes the request that was answered and the answer's head, gives the next request.
//! Only headers that say nothing of the caller leave an origin, an encrypted call never becomes
//! a plain one, and a body is never handed to a host that the capability did not name.

use capstan_spec::diagnostic::Code;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION,
    CONTENT_TYPE, LOCATION, TRANSFER_ENCODING, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use url::Url;

use super::failure::{quoted, shown, without_query};
use super::{Connection, Payload, Redirected, Request, UpstreamError};
use crate::limits;

/// One hop of a call: a request whose URL is known to be an http or https one.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Payload>,
    /// Whether a credential is asked for, by this method and of this origin alone.
    pub(super) is_private: bool,
}

impl Hop {
    fn to_request(&self) -> Request {
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        Request {
            method: self.method.clone(),
            url: self.url.to_string(),
            headers: headers.collect(),
            body: self.body.clone(),
            connection: Connection::default(),
        }
    }
}

/// What another origin may see. Any other header may be a credential by whatever name, and no
/// list of credentials is ever complete.
const TRAVELLING: [HeaderName; 4] = [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, USER_AGENT];

const BODY_HEADERS: [HeaderName; 6] =
    [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, TRANSFER_ENCODING];

/// The hops of one call so far: the guard against loops.
#[derive(Debug, Default)]
pub(super) struct Trail {
    visited: Vec<(Method, Url)>,
    redirects: Vec<Redirected>,
}

impl Trail {
    /// The hop that an answer asks for; `None` when the answer is final.
    pub(super) fn next(
        &mut self,
        hop: &Hop,
        (status, version): (StatusCode, Version),
        headers: &HeaderMap,
        redirects_max: u32,
    ) -> Result<Option<Hop>, UpstreamError> {
        let Some(location) = location(status, headers) else {
            return Ok(None);
        };
        let next = follow(hop, status, target(&hop.url, location)?)?;
        self.visited.push((hop.method.clone(), hop.url.clone()));
        self.refuse_endless(&next, redirects_max)?;
        self.redirects.push(Redirected {
            status,
            version,
            headers: headers.clone(),
            from: hop.url.to_string(),
            to: next.url.to_string(),
            next: Box::new(next.to_request()),
        });
        Ok(Some(next))
    }

    /// Whether none was followed yet.
    pub(super) fn is_empty(&self) -> bool {
        self.redirects.is_empty()
    }

    /// The redirects that were followed.
    pub(super) fn into_redirects(self) -> Vec<Redirected> {
        self.redirects
    }

    fn refuse_endless(&self, next: &Hop, redirects_max: u32) -> Result<(), UpstreamError> {
        if self.visited.iter().any(|(method, url)| *method == next.method && *url == next.url) {
            return Err(refused(format!("the redirects run in a circle at {}", shown(&next.url))));
        }
        if self.visited.len() > redirects_max as usize {
            let message = format!("more than {redirects_max} redirects, the last to {}", shown(&next.url));
            return Err(refused(message));
        }
        Ok(())
    }
}

fn location(status: StatusCode, headers: &HeaderMap) -> Option<&[u8]> {
    let redirects = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    redirects.then(|| headers.get(LOCATION)).flatten().map(|value| value.as_bytes())
}

/// Resolves a `Location`. A user name in it is dropped: nobody may slip a credential in.
fn target(from: &Url, location: &[u8]) -> Result<Url, UpstreamError> {
    let not_a_url = || {
        let text = String::from_utf8_lossy(location);
        let text: String = without_query(&text).chars().take(limits::QUOTED_CHARS_MAX).collect();
        refused(format!("{} redirects to {}, which is not a URL", shown(from), quoted(&text)))
    };
    let text = std::str::from_utf8(location).map_err(|cause| not_a_url().caused_by(cause))?;
    let mut to = from.join(text).map_err(|cause| not_a_url().caused_by(cause))?;
    if !matches!(to.scheme(), "http" | "https") {
        let message = format!("{} redirects to a `{}:` address", shown(from), to.scheme());
        return Err(refused(message));
    }
    if to.origin() != from.origin() {
        let _ = to.set_username(""); // An http URL has a host, the only thing these can lack.
        let _ = to.set_password(None);
    }
    Ok(to)
}

fn follow(hop: &Hop, status: StatusCode, to: Url) -> Result<Hop, UpstreamError> {
    if hop.url.scheme() == "https" && to.scheme() == "http" {
        let message = format!("{} redirects to plain http at {}", shown(&hop.url), shown(&to));
        return Err(refused(message));
    }
    if hop.is_private && (to.origin() != hop.url.origin() || becomes_get(status, &hop.method)) {
        return Err(refused(format!(
            "{} redirects to {}, where no credential is asked for",
            shown(&hop.url),
            shown(&to)
        )));
    }
    let mut next = Hop { url: to, ..hop.clone() };
    if becomes_get(status, &hop.method) {
        next.method = Method::GET;
        next.body = None;
        drop_headers(&mut next.headers, &BODY_HEADERS);
    }
    if next.url.origin() != hop.url.origin() {
        leave_origin(hop, &mut next)?;
    }
    Ok(next)
}

/// 303 asks for GET; for 301 and 302 every client turns POST into GET (RFC 9110, 15.4.2).
fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status {
        StatusCode::SEE_OTHER => !matches!(*method, Method::GET | Method::HEAD),
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => *method == Method::POST,
        _ => false,
    }
}

fn leave_origin(from: &Hop, next: &mut Hop) -> Result<(), UpstreamError> {
    if next.body.is_some() {
        let message =
            format!("{} redirects a request with a body to another origin, {}", shown(&from.url), shown(&next.url));
        return Err(refused(message));
    }
    drop_all_but_travelling(&mut next.headers);
    Ok(())
}

fn drop_headers(headers: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        headers.remove(name);
    }
}

fn drop_all_but_travelling(headers: &mut HeaderMap) {
    let travels = |name, value: &HeaderValue| TRAVELLING.contains(name) && !value.is_sensitive();
    let dropped: Vec<HeaderName> =
        headers.iter().filter(|(name, value)| !travels(name, value)).map(|(name, _)| name.clone()).collect();
    drop_headers(headers, &dropped);
}

fn refused(message: String) -> UpstreamError {
    UpstreamError::new(Code::RefusedRedirect, message)
}

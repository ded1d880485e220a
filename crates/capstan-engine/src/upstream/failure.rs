//! reqwest's errors in one clear sentence each.
//!
//! The sentence says what happened to which host and which limit was hit. The URL's path and
//! query stay out of it; reqwest's own error, without its URL, remains the source.

use std::error::Error;
use std::io;
use std::time::Duration;

use capstan_spec::diagnostic::Code;
use rustls::AlertDescription;
use url::Url;

use super::outgoing::Unsendable;
use super::settings::{duration_text, size_text};
use super::{Fate, UpstreamError};

/// The origin of a URL in backticks: `https://api.example.com`.
pub(super) fn shown(url: &Url) -> String {
    quoted(&url.origin().ascii_serialization())
}

/// The origin of a URL in backticks, where it is a URL.
fn origin(url: &str) -> String {
    Url::parse(url).map_or_else(|_| quoted(without_query(url)), |url| shown(&url))
}

/// A URL that need not be one, up to its query.
pub(crate) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or("")
}

/// Foreign text in backticks, control characters escaped so that it cannot draw on a terminal.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('`');
    for c in text.chars() {
        match c.is_control() {
            true => quoted.extend(c.escape_default()),
            false => quoted.push(c),
        }
    }
    quoted.push('`');
    quoted
}

/// No response head came back.
pub(super) fn sending(error: reqwest::Error, url: &Url, connect_timeout: Duration) -> UpstreamError {
    let error = error.without_url();
    let host = shown(url);
    let (code, fate, message) = if let Some(file) = cause::<Unsendable>(&error) {
        (Code::UploadFile, Fate::Certain, file.to_string())
    } else if error.is_connect() && error.is_timeout() {
        let limit = duration_text(connect_timeout);
        (Code::TimedOut, Fate::Unsent, format!("no connection to {host} within {limit} (connect timeout)"))
    } else if error.is_dns() {
        (Code::Unreachable, Fate::Certain, format!("the name of {host} has no address"))
    } else if let Some(tls) = cause::<rustls::Error>(&error) {
        (Code::Unreachable, Fate::Certain, format!("no secure connection to {host}: {}", tls_reason(tls)))
    } else if cause::<h2::Error>(&error).is_some_and(is_unseen) {
        (Code::Unreachable, Fate::Unsent, format!("{host} took no further request on the connection"))
    } else if error.is_connect() {
        (Code::Unreachable, Fate::Unsent, format!("{host} {}", connect_reason(&error)))
    } else {
        let message = format!("{host} closed the connection or does not answer in HTTP");
        (Code::BrokenResponse, Fate::Unknown, message)
    };
    let failed = UpstreamError::new(code, message).with_fate(fate).caused_by(error);
    match (code, fate) {
        (Code::TimedOut, Fate::Unsent) => failed.with_help("allow more time with `--connect-timeout TIME`"),
        _ => failed,
    }
}

/// Whether a server of HTTP/2 says that it has not looked at a request (RFC 9113, section 8.7).
fn is_unseen(error: &h2::Error) -> bool {
    let is_leaving = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
    let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (is_leaving || is_refused)
}

/// The response head came, its body did not come whole.
pub(super) fn reading(error: reqwest::Error, url: &Url) -> UpstreamError {
    let error = error.without_url();
    let host = shown(url);
    let (fate, message) = match garbled(&error) {
        Some(cause) => {
            // Where nothing tells the length of a body, its encoding alone shows that it broke off.
            let is_short = cause.kind() == io::ErrorKind::UnexpectedEof;
            let fate = if is_short { Fate::Unknown } else { Fate::Certain };
            (fate, format!("the response of {host} is not in the encoding that it declares"))
        }
        None => (Fate::Unknown, format!("the response of {host} broke off")),
    };
    UpstreamError::new(Code::BrokenResponse, message).with_fate(fate).caused_by(error)
}

/// The deadline of the whole call passed.
pub(crate) fn timed_out(url: &str, timeout: Duration) -> UpstreamError {
    let limit = duration_text(timeout);
    let message = format!("no complete answer from {} within {limit} (total timeout)", origin(url));
    UpstreamError::new(Code::TimedOut, message)
}

const ATTEMPT_HELP: &str = "allow more time with `resilience: { timeout: { attempt: TIME } }`";

/// One attempt took too long.
pub(crate) fn attempt_timed_out(url: &str, timeout: Duration) -> UpstreamError {
    let limit = duration_text(timeout);
    let message = format!("no complete answer from {} within {limit} (attempt timeout)", origin(url));
    UpstreamError::new(Code::TimedOut, message).with_fate(Fate::Unknown).with_help(ATTEMPT_HELP)
}

/// Nothing of a stream came for too long.
pub(crate) fn stalled(url: &str, timeout: Duration) -> UpstreamError {
    let limit = duration_text(timeout);
    let message = format!("nothing came from {} for {limit} (attempt timeout)", origin(url));
    UpstreamError::new(Code::TimedOut, message).with_fate(Fate::Unknown).with_help(ATTEMPT_HELP)
}

const TIMEOUT_HELP: &str = "allow more time with `--timeout TIME`";

/// How long to wait for a request that tries whether the API is back: nobody knows when it ends.
const TRIAL_WAIT: Duration = Duration::from_millis(100);

/// The rate limit leaves no room before the deadline.
pub(crate) fn held_back(url: &str, wait: Duration) -> UpstreamError {
    let text = wait_text(wait);
    let message = format!("the rate limit of {} lets the next request go in {text}, after the deadline", origin(url));
    UpstreamError::new(Code::HeldBack, message).with_wait(wait).with_help(TIMEOUT_HELP)
}

/// The deadline passed while others went first.
pub(crate) fn no_turn(url: &str, timeout: Duration) -> UpstreamError {
    let limit = duration_text(timeout);
    let message = format!("others were sent to {} first, for all the {limit} of the call", origin(url));
    // It has waited already.
    UpstreamError::new(Code::HeldBack, message).with_wait(Duration::ZERO).with_help(TIMEOUT_HELP)
}

/// The circuit breaker is open; without a time, one request tries whether it may close.
pub(crate) fn given_up(url: &str, wait: Option<Duration>) -> UpstreamError {
    let when = match wait {
        Some(wait) => format!("it is asked again in {}", wait_text(wait)),
        None => "another call tries now whether it is back".to_owned(),
    };
    let message = format!("{} failed too often; {when}", origin(url));
    UpstreamError::new(Code::CircuitOpen, message).with_wait(wait.unwrap_or(TRIAL_WAIT))
}

/// What is left of a wait: whole seconds, so that it reads like the time that somebody chose.
pub(crate) fn wait_text(wait: Duration) -> String {
    duration_text(Duration::from_secs_f64(wait.as_secs_f64().ceil()))
}

/// The body is larger than the settings allow.
pub(crate) fn too_large(url: &str, bytes_max: u64) -> UpstreamError {
    let limit = size_text(bytes_max);
    let message = format!("the response of {} is larger than the limit of {limit}", origin(url));
    UpstreamError::new(Code::ResponseTooLarge, message)
}

/// The client cannot be built.
pub(super) fn building(cause: impl Into<Box<dyn Error + Send + Sync>>) -> UpstreamError {
    let cause = cause.into();
    if let Some(rustls::Error::InconsistentKeys(_)) = cause.downcast_ref() {
        let message = "the client's certificate and its key do not belong together";
        return UpstreamError::new(Code::UnusableKey, message);
    }
    UpstreamError::new(Code::BadSettings, "the HTTP client cannot be set up").caused_by(cause)
}

/// The network's complaints about a body are hyper's; only a decompressor complains with a
/// bare `io::Error`.
fn garbled(error: &reqwest::Error) -> Option<&io::Error> {
    error.source()?.downcast_ref()
}

fn connect_reason(error: &reqwest::Error) -> &'static str {
    use io::ErrorKind as Kind;
    match cause::<io::Error>(error).map(io::Error::kind) {
        Some(Kind::ConnectionRefused) => "refused the connection",
        Some(Kind::NetworkUnreachable | Kind::HostUnreachable | Kind::NetworkDown) => {
            "is not reachable from this network"
        }
        Some(Kind::ConnectionReset | Kind::ConnectionAborted | Kind::UnexpectedEof) => {
            "closed the connection while it was being set up"
        }
        _ => "cannot be reached",
    }
}

fn tls_reason(error: &rustls::Error) -> String {
    use rustls::CertificateError as Cert;
    match error {
        rustls::Error::InvalidCertificate(cert) => match cert {
            Cert::Expired | Cert::ExpiredContext { .. } => "its certificate has expired".to_owned(),
            Cert::NotValidYet | Cert::NotValidYetContext { .. } => "its certificate is not valid yet".to_owned(),
            Cert::UnknownIssuer => "its certificate is signed by an unknown authority".to_owned(),
            Cert::NotValidForName | Cert::NotValidForNameContext { .. } => {
                "its certificate is for another name".to_owned()
            }
            Cert::Revoked => "its certificate was revoked".to_owned(),
            // What remains is told by the source, in words for those who know certificates.
            _ => "its certificate is not accepted".to_owned(),
        },
        rustls::Error::InvalidMessage(_) => "it does not speak TLS".to_owned(),
        rustls::Error::General(reason) => reason.clone(),
        rustls::Error::AlertReceived(alert) => refused(*alert),
        other => other.to_string(),
    }
}

/// What a server says that ends a handshake.
fn refused(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            "it asks for a client certificate (`tls: { certificate: …, key: … }`, `--cert`)".to_owned()
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown => {
            format!("it does not accept the client certificate, or that there is none ({alert:?})")
        }
        other => format!("it refused the handshake ({other:?})"),
    }
}

/// The first cause of a type in a chain. `io::Error` hides what it wraps from `source`, so it
/// is opened as well.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

//! The real network: reqwest, pooled, redirects followed by our own rules.

use std::collections::HashMap;
use std::future::ready;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use capstan_spec::diagnostic::Code;
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use url::{Host, Url};

use super::address::Addresses;
use super::redirect::{Hop, Trail};
use super::{
    Body, Chunks, ClientSettings, Connection, Fate, Incoming, NextChunk, Redirected, Request, Sending, Upstream,
    UpstreamError, failure, outgoing, tls,
};
use crate::limits;

/// The encodings of bodies that the client undoes.
const ENCODINGS: HeaderValue = HeaderValue::from_static("zstd,gzip,br");

/// The HTTP client: HTTP/1.1 and 2, TLS by the system's trust store, gzip, br and zstd,
/// connections kept for the next call.
///
/// Honours `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, but never sends a call to
/// a loopback address through a proxy. Redirects are followed here, not by reqwest: see
/// [`ClientSettings::redirects_max`]. Sending needs a Tokio runtime with I/O and time enabled.
pub struct Client {
    settings: ClientSettings,
    usual: Pair,
    addresses: Addresses,
    /// The clients of connections that are made otherwise.
    others: Mutex<HashMap<Connection, Pair>>,
}

/// Two clients of one kind. A cheap clone: the connections are shared.
#[derive(Clone)]
struct Pair {
    /// For loopback addresses and the names that stand for them.
    direct: reqwest::Client,
    /// For everything else, through the proxy that the environment names, if it names one.
    routed: reqwest::Client,
}

impl Pair {
    fn new(settings: &ClientSettings, connection: &Connection) -> Result<Self, UpstreamError> {
        let tls = tls::config(connection.tls.as_deref()).map_err(failure::building)?;
        let connect_timeout = connection.timeout.unwrap_or(settings.connect_timeout);
        let builder = || common(settings).connect_timeout(connect_timeout).tls_backend_preconfigured(tls.clone());
        let direct = builder().no_proxy().dns_resolver(ThisMachine).build().map_err(failure::building)?;
        let routed = builder().build().map_err(failure::building)?;
        Ok(Pair { direct, routed })
    }
}

impl Client {
    /// Sets the client up. Opens nothing and reads no certificates: the trust store is read
    /// at the first TLS handshake. Fails with `BadSettings` when the user agent cannot be a
    /// header.
    pub fn new(settings: ClientSettings) -> Result<Client, UpstreamError> {
        let usual = Pair::new(&settings, &Connection::default())?;
        Ok(Client { settings, usual, addresses: Addresses::default(), others: Mutex::default() })
    }

    async fn run(&self, request: Request) -> Result<Incoming, UpstreamError> {
        let (mut hop, mut connection) = self.first_hop(request)?;
        let mut trail = Trail::default();
        loop {
            let failed = |error: UpstreamError| match error.fate() {
                // The request that was redirected has been carried out, whatever befalls the next hop.
                Fate::Unsent if !trail.is_empty() => error.with_fate(Fate::Unknown),
                _ => error,
            };
            let response = self.exchange(&hop, &connection).await.map_err(failed)?;
            let (head, headers) = ((response.status(), response.version()), response.headers());
            match trail.next(&hop, head, headers, self.settings.redirects_max)? {
                Some(next) => {
                    if next.url.origin() != hop.url.origin() {
                        // Another origin is not told who the client is.
                        connection.tls = None;
                    }
                    hop = next;
                }
                None => return Ok(incoming(response, hop.url, trail.into_redirects())),
            }
        }
    }

    fn first_hop(&self, request: Request) -> Result<(Hop, Connection), UpstreamError> {
        let unusable = || UpstreamError::new(Code::BadSettings, "the URL of the request cannot be used");
        let url = self.addresses.parse(&request.url).map_err(|cause| unusable().caused_by(cause))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(unusable().caused_by(format!("`{}:` is neither http nor https", url.scheme())));
        }
        let mut headers = HeaderMap::with_capacity(request.headers.len());
        for (name, value) in request.headers {
            headers.append(name, value);
        }
        // The client would put it together for each request anew.
        headers.entry(ACCEPT_ENCODING).or_insert(ENCODINGS);
        let Request { method, body, mut connection, .. } = request;
        // It says nothing of the connection itself, which private exchanges share with the others.
        let is_private = std::mem::take(&mut connection.is_private);
        Ok((Hop { method, url, headers, body, is_private }, connection))
    }

    async fn exchange(&self, hop: &Hop, connection: &Connection) -> Result<reqwest::Response, UpstreamError> {
        let mut request = reqwest::Request::new(hop.method.clone(), hop.url.clone());
        *request.headers_mut() = hop.headers.clone();
        *request.body_mut() = hop.body.as_ref().map(outgoing::body);
        let connect_timeout = connection.timeout.unwrap_or(self.settings.connect_timeout);
        let failed = |error| failure::sending(error, &hop.url, connect_timeout);
        self.through(&hop.url, connection)?.execute(request).await.map_err(failed)
    }

    /// The client for a connection.
    fn through(&self, url: &Url, connection: &Connection) -> Result<reqwest::Client, UpstreamError> {
        let pair = match *connection == Connection::default() {
            true => self.usual.clone(),
            false => self.other(connection)?,
        };
        Ok(if is_loopback(url) { pair.direct } else { pair.routed })
    }

    fn other(&self, connection: &Connection) -> Result<Pair, UpstreamError> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pair) = others.get(connection) {
            return Ok(pair.clone());
        }
        let pair = Pair::new(&self.settings, connection)?;
        others.insert(connection.clone(), pair.clone());
        Ok(pair)
    }
}

/// The body of an answer of the network.
struct FromNetwork {
    response: reqwest::Response,
    url: Url,
}

impl Chunks for FromNetwork {
    fn next(&mut self) -> NextChunk<'_> {
        Box::pin(async { self.response.chunk().await.map_err(|e| failure::reading(e, &self.url)) })
    }
}

fn incoming(mut response: reqwest::Response, url: Url, redirects: Vec<Redirected>) -> Incoming {
    let (status, version) = (response.status(), response.version());
    let headers = std::mem::take(response.headers_mut());
    let length = response.content_length();
    let text = url.as_str().to_owned();
    let body = Body::chunks(length, Box::new(FromNetwork { response, url }));
    Incoming { status, version, headers, url: text, redirects, body }
}

impl Upstream for Client {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.run(request))
    }
}

fn common(settings: &ClientSettings) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .referer(false)
        // What is sent again is for the exchange to decide, which counts it and tells of it.
        .retry(reqwest::retry::never())
        .tcp_nodelay(true)
        .pool_max_idle_per_host(limits::IDLE_CONNECTIONS_MAX)
        .gzip(true)
        .brotli(true)
        .zstd(true);
    match settings.user_agent.as_str() {
        "" => builder,
        agent => builder.user_agent(agent),
    }
}

/// Whether a URL leads to this machine whatever the name service says (RFC 6761, 6.3).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => Ipv4Addr::is_loopback(&address),
        Some(Host::Ipv6(address)) => Ipv6Addr::is_loopback(&address),
        None => false,
    }
}

/// Leads every name to this machine: the name service may know another `localhost`, and a call
/// in plain http relies on not leaving.
struct ThisMachine;

impl Resolve for ThisMachine {
    fn resolve(&self, _name: Name) -> Resolving {
        // Port 0 stands for that of the URL. A machine without IPv6 fails at once and goes on
        // with IPv4, whose error is then the one to tell.
        let addresses = [IpAddr::from(Ipv6Addr::LOCALHOST), IpAddr::from(Ipv4Addr::LOCALHOST)];
        let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
        Box::pin(ready(Ok(addresses)))
    }
}

#[cfg(test)]
mod tests;

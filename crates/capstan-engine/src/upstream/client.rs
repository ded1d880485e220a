//! The real network: reqwest, pooled, under one deadline and one size limit.

use std::future::ready;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::{Bytes, BytesMut};
use capstan_spec::diagnostic::Code;
use http::HeaderMap;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use url::{Host, Url};

use super::redirect::{Hop, Trail};
use super::{ClientSettings, Request, Response, Sending, Upstream, UpstreamError, failure, tls};
use crate::limits;

/// The HTTP client: HTTP/1.1 and 2, TLS by the system's trust store, gzip, br and zstd,
/// connections kept for the next call.
///
/// Honours `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, but never sends a call to
/// a loopback address through a proxy. Redirects are followed here, not by reqwest: see
/// [`ClientSettings::redirects_max`]. Sending needs a Tokio runtime with I/O and time enabled.
pub struct Client {
    settings: ClientSettings,
    /// For loopback addresses and the names that stand for them.
    direct: reqwest::Client,
    /// For everything else, through the proxy that the environment names, if it names one.
    routed: reqwest::Client,
}

impl Client {
    /// Sets the client up. Opens nothing and reads no certificates: the trust store is read
    /// at the first TLS handshake. Fails with `BadSettings` when the user agent cannot be a
    /// header.
    pub fn new(settings: ClientSettings) -> Result<Client, UpstreamError> {
        let tls = tls::config().map_err(failure::building)?;
        let builder = || common(&settings).tls_backend_preconfigured(tls.clone());
        let direct = builder().no_proxy().dns_resolver(ThisMachine).build().map_err(failure::building)?;
        let routed = builder().build().map_err(failure::building)?;
        Ok(Client { settings, direct, routed })
    }

    async fn run(&self, request: Request) -> Result<Response, UpstreamError> {
        let mut hop = first_hop(request)?;
        let first = hop.url.clone();
        // The whole journey shares one deadline: no hop can stretch it.
        match tokio::time::timeout(self.settings.timeout, self.travel(&mut hop)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(failure::timed_out(&first, self.settings.timeout)),
        }
    }

    async fn travel(&self, hop: &mut Hop) -> Result<Response, UpstreamError> {
        let mut trail = Trail::default();
        loop {
            let response = self.exchange(hop).await?;
            let (status, headers) = (response.status(), response.headers());
            match trail.next(hop, status, headers, self.settings.redirects_max)? {
                Some(next) => *hop = next,
                None => return self.read(response, &hop.url).await,
            }
        }
    }

    async fn exchange(&self, hop: &Hop) -> Result<reqwest::Response, UpstreamError> {
        let mut request = reqwest::Request::new(hop.method.clone(), hop.url.clone());
        *request.headers_mut() = hop.headers.clone();
        *request.body_mut() = hop.body.clone().map(reqwest::Body::from);
        let client = if is_loopback(&hop.url) { &self.direct } else { &self.routed };
        let failed = |error| failure::sending(error, &hop.url, &self.settings);
        client.execute(request).await.map_err(failed)
    }

    async fn read(&self, mut response: reqwest::Response, url: &Url) -> Result<Response, UpstreamError> {
        let status = response.status();
        let version = response.version();
        let headers = std::mem::take(response.headers_mut());
        let body = self.body(response, url).await?;
        Ok(Response { status, version, headers, body, url: url.to_string() })
    }

    async fn body(&self, mut response: reqwest::Response, url: &Url) -> Result<Bytes, UpstreamError> {
        let bytes_max = self.settings.response_bytes_max;
        let advertised = response.content_length().unwrap_or(0);
        if advertised > bytes_max {
            return Err(failure::too_large(url, bytes_max));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| failure::reading(e, url))? {
            if body.len() as u64 + chunk.len() as u64 > bytes_max {
                return Err(failure::too_large(url, bytes_max));
            }
            if body.is_empty() {
                // A body of one chunk, the usual case, is handed on without a copy.
                body = BytesMut::from(chunk);
                body.reserve((advertised as usize).saturating_sub(body.len()));
            } else {
                body.extend_from_slice(&chunk);
            }
        }
        Ok(body.freeze())
    }
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
        .tcp_nodelay(true)
        .connect_timeout(settings.connect_timeout)
        .pool_max_idle_per_host(limits::IDLE_CONNECTIONS_MAX)
        .gzip(true)
        .brotli(true)
        .zstd(true);
    match settings.user_agent.as_str() {
        "" => builder,
        agent => builder.user_agent(agent),
    }
}

fn first_hop(request: Request) -> Result<Hop, UpstreamError> {
    let unusable = || UpstreamError::new(Code::BadSettings, "the URL of the request cannot be used");
    let url = Url::parse(&request.url).map_err(|cause| unusable().caused_by(cause))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unusable().caused_by(format!("`{}:` is neither http nor https", url.scheme())));
    }
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for (name, value) in request.headers {
        headers.append(name, value);
    }
    Ok(Hop { method: request.method, url, headers, body: request.body })
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

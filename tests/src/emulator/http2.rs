//! A server of HTTP/2 behind TLS, with the certificate of `fixtures/tls`.
//!
//! | path | |
//! |---|---|
//! | `/refuses` | refuses the first two requests without looking at them (RFC 9113, section 8.7) |
//! | `/breaks` | breaks every request off |
//! | others | `{"version":"HTTP/2.0"}` |

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use hyper::{Request, Response};
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{Journal, Received, Server, mtls};

/// Starts the server.
pub(crate) fn start() -> Server {
    let (tls, seen) = (TlsAcceptor::from(config()), Arc::new(AtomicU32::new(0)));
    Server::start_connections("https", move |stream, journal| serve(stream, tls.clone(), seen.clone(), journal))
}

fn config() -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (chain, key) = mtls::identity();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions")
        .with_no_client_auth()
        .with_single_cert(chain, key);
    let mut config = config.expect("certificate and key belong together");
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

async fn serve(stream: TcpStream, tls: TlsAcceptor, seen: Arc<AtomicU32>, journal: Journal) {
    let Ok(stream) = tls.accept(stream).await else { return };
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        journal.push(received(&request));
        let number = seen.fetch_add(1, Ordering::Relaxed);
        answer(request.uri().path(), number, respond);
    }
}

fn answer(path: &str, number: u32, mut respond: SendResponse<Bytes>) {
    match path {
        "/refuses" if number < 2 => respond.send_reset(Reason::REFUSED_STREAM),
        "/breaks" => respond.send_reset(Reason::INTERNAL_ERROR),
        _ => {
            let response = Response::builder().header("content-type", "application/json").body(());
            let sent = respond.send_response(response.expect("a header is no mistake"), false);
            // Who no longer waits for the answer does not get it.
            let _ = sent.and_then(|mut body| body.send_data(Bytes::from(r#"{"version":"HTTP/2.0"}"#), true));
        }
    }
}

fn received<T>(request: &Request<T>) -> Received {
    let headers = request.headers().iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    Received {
        method: request.method().to_string(),
        target: request.uri().path().to_owned(),
        headers: headers.collect(),
        body: Bytes::new(),
    }
}

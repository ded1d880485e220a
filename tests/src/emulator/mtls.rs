//! A server behind TLS that asks for a client certificate: it tells who has come, and lets nobody
//! else in. Its certificates lie in `fixtures/tls`.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::{Reply, Server};

/// Starts the server.
pub(crate) fn start() -> Server {
    Server::start_tls(config(), |_| Reply::json(200, &serde_json::json!({"welcome": true})))
}

fn config() -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut authorities = RootCertStore::empty();
    authorities.add(certificate("ca.pem")).expect("the fixture is an authority");
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider.clone());
    let (chain, key) = identity();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions")
        .with_client_cert_verifier(verifier.build().expect("there is an authority"))
        .with_single_cert(chain, key);
    Arc::new(config.expect("certificate and key belong together"))
}

/// The certificate of these servers, and its key.
pub(super) fn identity() -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    (vec![certificate("server.pem")], key())
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(fixtures().join(name)).expect("the fixture is a certificate")
}

fn key() -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_file(fixtures().join("server.key")).expect("the fixture is a key")
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls")
}

//! Who a client is to a server's TLS, and whom it trusts in return.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, RootCertStore};

use crate::auth::{BadKey, key_der};
use crate::pem;

/// A client's certificate and the authorities that it trusts; either may be missing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TlsIdentity {
    /// The certificate, its chain behind it; empty where the client has none.
    chain: Vec<Vec<u8>>,
    /// The key as it was given, which was read once already.
    key: Vec<u8>,
    /// The only ones that are trusted; empty where the system's are.
    authorities: Vec<Vec<u8>>,
}

/// Why an identity cannot be used, and what to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BadIdentity {
    pub(crate) what: &'static str,
    pub(crate) bad: BadKey,
}

const NO_CERTIFICATE: BadKey =
    BadKey { why: "holds no certificate", help: "it begins with `-----BEGIN CERTIFICATE-----`" };

impl TlsIdentity {
    /// Reads PEM texts: the certificate with its key, and the authorities.
    pub(crate) fn read(own: Option<(&[u8], &[u8])>, authorities: Option<&[u8]>) -> Result<Self, BadIdentity> {
        let bad = |what| move |bad| BadIdentity { what, bad };
        let (chain, key) = match own {
            Some((certificate, key)) => {
                key_der(key).map_err(bad("the key of the client's certificate"))?;
                (certificates(certificate).map_err(bad("the client's certificate"))?, key.to_vec())
            }
            None => (Vec::new(), Vec::new()),
        };
        let authorities = authorities.map_or(Ok(Vec::new()), certificates).map_err(bad("the authority"))?;
        Ok(TlsIdentity { chain, key, authorities })
    }

    /// The chain and its key.
    pub(super) fn own(&self) -> Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let key = key_der(&self.key).ok()?;
        let chain: Vec<_> = self.chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
        (!chain.is_empty()).then_some((chain, key))
    }

    /// What verifies a server by the authorities; `None` where the system's count.
    pub(super) fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ServerCertVerifier>>, Error> {
        if self.authorities.is_empty() {
            return Ok(None);
        }
        let mut roots = RootCertStore::empty();
        for der in &self.authorities {
            roots.add(CertificateDer::from(der.clone()))?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
        let verifier = verifier.map_err(|error| Error::General(error.to_string()))?;
        Ok(Some(verifier))
    }
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = (self.chain.len(), self.authorities.len());
        f.debug_struct("TlsIdentity").field("certificates_and_authorities", &counts).finish_non_exhaustive()
    }
}

fn certificates(bytes: &[u8]) -> Result<Vec<Vec<u8>>, BadKey> {
    let text = std::str::from_utf8(bytes).map_err(|_| NO_CERTIFICATE)?;
    let blocks = pem::blocks(text).into_iter().filter(|block| block.label.ends_with("CERTIFICATE"));
    let found: Vec<Vec<u8>> = blocks.map(|block| block.der).collect();
    if found.is_empty() { Err(NO_CERTIFICATE) } else { Ok(found) }
}

//! TLS for the client: rustls on ring, the system's trust store, loaded at the first handshake.
//!
//! The provider is passed along explicitly, never installed for the process, so two engines
//! never meet. Reading the trust store takes milliseconds and memory that a call over plain
//! http must not pay for, hence a verifier that reads it when the first certificate arrives.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::TlsIdentity;

/// The configuration of every TLS connection: TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1.
pub(super) fn config(identity: Option<&TlsIdentity>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let own_authorities = identity.map(|identity| identity.verifier(&provider)).transpose()?.flatten();
    let system = || Arc::new(LazyVerifier { provider: provider.clone(), system: OnceLock::new() }) as _;
    let verifier: Arc<dyn ServerCertVerifier> = own_authorities.unwrap_or_else(system);
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .dangerous() // The name rustls gives to every verifier that is not its own; ours only defers.
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity.and_then(TlsIdentity::own) {
        Some((chain, key)) => config.with_client_auth_cert(chain, key)?,
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Verifies by the system's trust store, which it reads once, at the first certificate.
#[derive(Debug)]
struct LazyVerifier {
    provider: Arc<CryptoProvider>,
    system: OnceLock<Result<Verifier, Error>>,
}

impl LazyVerifier {
    fn system(&self) -> Result<&Verifier, Error> {
        let load = || Verifier::new(self.provider.clone());
        self.system.get_or_init(load).as_ref().map_err(Clone::clone)
    }
}

impl ServerCertVerifier for LazyVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let system = self.system()?;
        system.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use rustls::CertificateError;

    use super::*;

    /// A certificate for `localhost`, valid until 2126, by an authority that nobody trusts.
    const STRAY: &str = "MIIBjTCCATOgAwIBAgIUcJ2NEzj7H/HucqFO2V98zvvm774wCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHdGVzdCBj\
        YTAgFw0yNjExMjQwNjQwMDdaGA8yMTI2MTAzMTA2NDAwN1owFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZI\
        zj0CAQYIKoZIzj0DAQcDQgAEw5Mmiw995MBKWjZige06ja7m0fs30Po0xThZhgmLhRtFAd53wRbnB0TSoSLAp66Z\
        4nwNBvnQ+1bX5WpqJdhSyKNjMGEwFAYDVR0RBA0wC4IJbG9jYWxob3N0MAkGA1UdEwQCMAAwHQYDVR0OBBYEFCfW\
        GMSjOeC3A0SkSV9nv6/KnJmxMB8GA1UdIwQYMBaAFPcPy0z/OWTuxXekCdDLQgypYFpEMAoGCCqGSM49BAMCA0gA\
        MEUCIGY3AMUDasDFNthe8DTOt19Dn8dD/BGVIy5s6feQqv9GAiEAvmEdWcerF0koOr4DkpLKvo/Hu+aeJv+euGEd\
        rGWwGFk=";

    #[test]
    fn a_certificate_of_an_unknown_authority_is_refused() {
        let provider = Arc::new(ring::default_provider());
        let verifier = LazyVerifier { provider, system: OnceLock::new() };
        let certificate = CertificateDer::from(STANDARD.decode(STRAY).expect("it is base64"));
        let name = ServerName::try_from("localhost").expect("it is a name");
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        let error = verifier.verify_server_cert(&certificate, &[], &name, &[], now);
        let error = error.expect_err("nobody trusts it");
        let unknown = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        // A machine without any trust store refuses as well, in other words.
        assert!(error == unknown || matches!(error, Error::General(_)), "{error}");
    }

    #[test]
    fn a_configuration_reads_no_certificates_and_installs_no_provider() {
        let config = config(None).expect("ring supports the default versions");
        assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert!(CryptoProvider::get_default().is_none());
    }
}

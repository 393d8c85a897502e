//! Mutual TLS 1.3 for all peers alike: rustls with AWS-LC, X25519, AES-256-GCM, Ed25519 certificates of one authority.
//!
//! Like the identities of our own columns, keys come from constants: server and load make the same certificates without a word
//! or a file between them.

use std::sync::Arc;

use dsoftbus_bench::Result;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ED25519,
};
use rustls::{
    CipherSuite, ClientConfig, NamedGroup, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{PrivatePkcs8KeyDer, ServerName},
    server::WebPkiClientVerifier,
    version::TLS13,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// What the certificate of the server is for.
pub(super) const SERVER_NAME: &str = "localhost";

/// What comes before the seed in an Ed25519 key of PKCS #8 (RFC 8410, section 7).
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// One who takes part: the authority it trusts, its certificate and key.
pub(super) struct Party {
    pub(super) authority: rcgen::Certificate,
    pub(super) certificate: rcgen::Certificate,
    pub(super) key: KeyPair,
}

impl Party {
    pub(super) fn server() -> Result<Self> {
        Self::new(b'S', ExtendedKeyUsagePurpose::ServerAuth)
    }

    pub(super) fn client() -> Result<Self> {
        Self::new(b'C', ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn new(who: u8, purpose: ExtendedKeyUsagePurpose) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority_key = key(b'A')?;
        let authority = params.self_signed(&authority_key)?;
        let issuer = Issuer::new(params, authority_key);

        let key = key(who)?;
        let mut params = CertificateParams::new([SERVER_NAME.to_owned()])?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![purpose];
        Ok(Self {
            authority,
            certificate: params.signed_by(&key, &issuer)?,
            key,
        })
    }

    fn roots(&self) -> Result<Arc<RootCertStore>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone())?;
        Ok(Arc::new(roots))
    }
}

/// The one cipher suite and key exchange, no post-quantum hybrid: as in our own sessions.
pub(super) fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider
        .kx_groups
        .retain(|group| group.name() == NamedGroup::X25519);
    provider
        .cipher_suites
        .retain(|suite| suite.suite() == CipherSuite::TLS13_AES_256_GCM_SHA384);
    Arc::new(provider)
}

pub(super) fn acceptor() -> Result<TlsAcceptor> {
    let server = Party::server()?;
    let clients =
        WebPkiClientVerifier::builder_with_provider(server.roots()?, provider()).build()?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![server.certificate.der().clone()], server.key.into())?;
    // Nothing is resumed: every handshake is a full one.
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config).into())
}

pub(super) fn connector() -> Result<TlsConnector> {
    let client = Party::client()?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(client.roots()?)
        .with_client_auth_cert(vec![client.certificate.der().clone()], client.key.into())?;
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config).into())
}

pub(super) fn server_name() -> Result<ServerName<'static>> {
    Ok(ServerName::try_from(SERVER_NAME)?)
}

fn key(who: u8) -> Result<KeyPair> {
    let mut pkcs8 = PKCS8.to_vec();
    pkcs8.extend([who; 32]);
    let der = PrivatePkcs8KeyDer::from(pkcs8);
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519)?)
}

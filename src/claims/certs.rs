//! TLS for what is compared. The keys are fixed, so that each run shows the same certificate, and Ed25519, so that each
//! signature has the same length: sizes on the wire repeat.
//!
//! The chain is one short certificate. That favours TLS: those of the public web are commonly 2 to 4 KB longer.

use std::fmt::Display;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::transport::Tls;

/// The names that the certificate covers: the simulated server, and this machine.
const NAMES: [&str; 3] = [super::SERVER, "localhost", "127.0.0.1"];
/// An Ed25519 key in PKCS#8 is this and its 32 bytes.
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const H2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// A CA and a server under it.
#[derive(Clone)]
pub struct Trust {
    ca: CertificateDer<'static>,
    leaf: CertificateDer<'static>,
    key: Vec<u8>,
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trust")
    }
}

fn fail(what: &'static str) -> impl Fn(&dyn Display) -> String {
    move |why| format!("{what}: {why}")
}

fn pkcs8(seed: u8) -> Vec<u8> {
    [&PKCS8[..], &[seed; 32]].concat()
}

impl Trust {
    /// The CA and the server of every run.
    ///
    /// # Errors
    /// The library refuses them.
    pub fn fixed() -> Result<Self, String> {
        let fail = fail("make certificates");
        let (ca_key, key) = (pkcs8(1), pkcs8(2));
        let signs = KeyPair::try_from(&ca_key[..]).map_err(|e| fail(&e))?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "locospec claims CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = params.self_signed(&signs).map_err(|e| fail(&e))?.der().clone();
        let issuer = Issuer::from_params(&params, &signs);
        let own = KeyPair::try_from(&key[..]).map_err(|e| fail(&e))?;
        let leaf = CertificateParams::new(NAMES.map(str::to_owned).to_vec()).map_err(|e| fail(&e))?;
        let leaf = leaf.signed_by(&own, &issuer).map_err(|e| fail(&e))?.der().clone();
        Ok(Self { ca, leaf, key })
    }

    /// Bytes of the certificate that a server shows.
    #[must_use]
    pub fn chain_len(&self) -> usize {
        self.leaf.len()
    }

    /// The server's side.
    ///
    /// # Errors
    /// The library refuses it.
    pub fn acceptor(&self) -> Result<TlsAcceptor, String> {
        let fail = fail("set up TLS");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()));
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .and_then(|b| b.with_no_client_auth().with_single_cert(vec![self.leaf.clone()], key))
            .map_err(|e| fail(&e))?;
        config.alpn_protocols = vec![H2.to_vec(), HTTP1.to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// One device's side, with a memory of sessions of its own. `h2` is what it wants to speak.
    ///
    /// # Errors
    /// The library refuses it.
    pub fn connector(&self, tls: Tls, h2: bool) -> Result<TlsConnector, String> {
        let fail = fail("set up TLS");
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.clone()).map_err(|e| fail(&e))?;
        let version = if tls == Tls::V13 { &TLS13 } else { &TLS12 };
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .map_err(|e| fail(&e))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![if h2 { H2 } else { HTTP1 }.to_vec()];
        if tls == Tls::V12 {
            config.resumption = Resumption::disabled();
        }
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Whether the peer has agreed to speak HTTP/2.
#[must_use]
pub fn speaks_h2(alpn: Option<&[u8]>) -> bool {
    alpn == Some(H2)
}

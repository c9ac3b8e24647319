//! Our own CA, made at first start and kept, and both ends of the TLS of booking. The certificate covers `localhost`
//! and `127.0.0.1`, and nothing that anybody else would trust.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The names that the server's certificate covers.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// What can go wrong with certificates: a sentence that names the file.
#[derive(Debug)]
pub struct TlsError(String);

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

fn fail(what: impl fmt::Display) -> impl FnOnce(String) -> TlsError {
    let what = what.to_string();
    move |why| TlsError(format!("{what}: {why}"))
}

/// A CA and what it takes to sign with it.
#[derive(Debug)]
pub struct Authority {
    cert_pem: String,
    key: KeyPair,
}

impl Authority {
    /// A new CA.
    ///
    /// # Errors
    /// The generator failed.
    pub fn generate() -> Result<Self, TlsError> {
        let text = |e: rcgen::Error| fail("make a CA")(e.to_string());
        let key = KeyPair::generate().map_err(text)?;
        let cert_pem = Self::params().self_signed(&key).map_err(text)?.pem();
        Ok(Self { cert_pem, key })
    }

    /// The CA of `dir` (`ca.pem`, `ca.key.pem`), made there if there is none.
    ///
    /// # Errors
    /// A file that cannot be read, written or understood; one of the two missing.
    pub fn load_or_make(dir: &Path) -> Result<Self, TlsError> {
        let (cert, key) = (dir.join("ca.pem"), dir.join("ca.key.pem"));
        let io = |path: &Path| {
            let path = path.display().to_string();
            move |e: io::Error| TlsError(format!("{path}: {e}"))
        };
        match (cert.exists(), key.exists()) {
            (true, true) => {
                let cert_pem = fs::read_to_string(&cert).map_err(io(&cert))?;
                let key_pem = fs::read_to_string(&key).map_err(io(&key))?;
                let key = KeyPair::from_pem(&key_pem).map_err(|e| fail(key.display())(e.to_string()))?;
                Ok(Self { cert_pem, key })
            }
            (false, false) => {
                let made = Self::generate()?;
                fs::create_dir_all(dir).map_err(io(dir))?;
                fs::write(&key, made.key.serialize_pem()).map_err(io(&key))?;
                fs::write(&cert, &made.cert_pem).map_err(io(&cert))?;
                Ok(made)
            }
            (true, false) => Err(TlsError(format!("{} is there but {} is not", cert.display(), key.display()))),
            (false, true) => Err(TlsError(format!("{} is there but {} is not", key.display(), cert.display()))),
        }
    }

    /// The certificate that clients must trust.
    #[must_use]
    pub fn cert_pem(&self) -> &str {
        &self.cert_pem
    }

    fn params() -> CertificateParams {
        let mut p = CertificateParams::default();
        p.distinguished_name.push(DnType::CommonName, "locospec test CA");
        p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        p.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        p
    }

    /// The server's side, with a fresh certificate.
    ///
    /// # Errors
    /// The certificate could not be made, or the library refuses it.
    pub fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let text = |e: rcgen::Error| fail("make the server's certificate")(e.to_string());
        let params = Self::params();
        let issuer = Issuer::from_params(&params, &self.key);
        let key = KeyPair::generate().map_err(text)?;
        let leaf = CertificateParams::new(NAMES.map(str::to_owned).to_vec()).map_err(text)?;
        let cert = leaf.signed_by(&key, &issuer).map_err(text)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .and_then(|b| b.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key))
            .map_err(|e| fail("set up TLS")(e.to_string()))?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The client's side, trusting the CA of this PEM text and nobody else.
///
/// # Errors
/// Text without a certificate, or one that cannot be used.
pub fn connector(ca_pem: &str) -> Result<TlsConnector, TlsError> {
    let mut roots = RootCertStore::empty();
    for cert in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
        let cert = cert.map_err(|e| fail("CA")(e.to_string()))?;
        roots.add(cert).map_err(|e| fail("CA")(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(TlsError("CA: no certificate in it".to_owned()));
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| fail("set up TLS")(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The name that a connection to `host` is checked against.
///
/// # Errors
/// Neither a DNS name nor an address.
pub fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    ServerName::try_from(host.to_owned()).map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e.to_string()))
}

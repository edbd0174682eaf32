//! Which certificates to accept from a mirror, or from a proxy in between.

use ureq::tls::{Certificate, RootCerts};

/// The certificates to trust, and problems with those of the system.
///
/// The system's certificates (or those named by `SSL_CERT_FILE` and `SSL_CERT_DIR` instead) include
/// the one that a company's proxy signs with. Mozilla's, which are built in, serve systems without
/// certificates, such as slim containers, or with old ones. Trusting both is safe here: downloads
/// are verified by SHA-256 anyway.
pub(super) fn trusted() -> (RootCerts, Vec<String>) {
    let system = rustls_native_certs::load_native_certs();
    let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let certificates = system.certs.iter().chain(built_in);
    let roots = certificates.map(|der| Certificate::from_der(der).to_owned());
    let faults = system.errors.iter().map(ToString::to_string).collect();
    (RootCerts::from(roots.collect::<Vec<_>>()), faults)
}

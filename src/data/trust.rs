//! Which certificates a mirror, or a proxy in between, may show.

use ureq::tls::{Certificate, RootCerts};

/// The certificates to trust, and what was wrong with those of the system.
///
/// The system's (or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name in their place) hold the
/// one that a company's proxy signs with. Mozilla's, which are built in, serve where the system
/// has none, as slim containers, or old ones. Trusting both is safe here: a download counts by
/// its SHA-256 alone.
pub(super) fn trusted() -> (RootCerts, Vec<String>) {
    let system = rustls_native_certs::load_native_certs();
    let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let certificates = system.certs.iter().chain(built_in);
    let roots = certificates.map(|der| Certificate::from_der(der).to_owned());
    let faults = system.errors.iter().map(ToString::to_string).collect();
    (RootCerts::from(roots.collect::<Vec<_>>()), faults)
}

//! Why a download failed, and what to do about it.

use super::archive::Patience;
use rustls::CertificateError;
use std::fmt;
use std::io::{self, ErrorKind};
use std::time::SystemTime;

/// Why a mirror did not yield a file, worded to follow the address, and what to do.
pub(super) struct Failure {
    pub(super) reason: String,
    pub(super) remedy: Remedy,
}

/// The kind of remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The mirror cannot be reached.
    Connect,
    /// Its certificate has an unknown issuer.
    Certificates,
    /// Its certificate is expired or not yet valid.
    Clock,
    /// The proxy requires authentication.
    Password,
    /// The proxy refuses.
    Proxy,
    /// The mirror may be at fault.
    Retry,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, proxy_variable()) {
            (Self::Connect, None) => write!(
                f,
                "Connect to the network and run again; behind a proxy, set HTTPS_PROXY to its address"
            ),
            (Self::Connect, Some(name)) => write!(
                f,
                "Run again with a network connection; {name} names a proxy: check its address"
            ),
            (Self::Certificates, _) => write!(
                f,
                "A proxy or a firewall seems to read the connection and to sign with a \
                 certificate of its own: get that certificate (PEM), and name the file in \
                 SSL_CERT_FILE"
            ),
            (Self::Clock, _) => write!(
                f,
                "Check the clock of this machine, which says {}",
                humantime::format_rfc3339_seconds(SystemTime::now())
            ),
            (Self::Password, name) => write!(
                f,
                "Put user and password into {}, as in http://USER:PASSWORD@HOST:PORT",
                name.unwrap_or("HTTPS_PROXY")
            ),
            (Self::Proxy, name) => write!(
                f,
                "Ask the administrator of the proxy in {} to allow this address, or add it to NO_PROXY",
                name.unwrap_or("HTTPS_PROXY")
            ),
            (Self::Retry, _) => write!(f, "Run again later"),
        }
    }
}

/// The proxy variable in effect, in ureq's order of precedence.
fn proxy_variable() -> Option<&'static str> {
    let names = [
        "ALL_PROXY",
        "all_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
    ];
    let valid = |name: &&str| std::env::var(name).is_ok_and(|url| ureq::Proxy::new(&url).is_ok());
    names.into_iter().find(valid)
}

/// Why an address on an unknown host failed.
const NO_HOST: &str = "is on a host whose name cannot be found (offline?)";

impl Failure {
    pub(super) fn new(error: &ureq::Error, patience: Patience) -> Self {
        use ureq::{Error, Timeout};
        let (reason, remedy) = match error {
            Error::StatusCode(404) => (
                "is not there (the server answers 404)".to_owned(),
                Remedy::Retry,
            ),
            Error::StatusCode(code) => (
                format!("was refused (the server answers {code})"),
                match code {
                    407 => Remedy::Password,
                    _ => Remedy::Retry,
                },
            ),
            Error::HostNotFound => (NO_HOST.to_owned(), Remedy::Connect),
            // The resolver's own error has no kind.
            Error::Io(error) if error.to_string().contains("lookup address") => {
                (NO_HOST.to_owned(), Remedy::Connect)
            }
            Error::ConnectProxyFailed(why) => (
                format!("was refused by the proxy ({why})"),
                match why.contains("407") {
                    true => Remedy::Password,
                    false => Remedy::Proxy,
                },
            ),
            Error::Timeout(Timeout::Resolve | Timeout::Connect) => (
                format!("did not connect within {:?}", patience.connect),
                Remedy::Connect,
            ),
            Error::Timeout(Timeout::Global) => (
                format!("was not done in {:?}", patience.whole),
                Remedy::Retry,
            ),
            Error::Timeout(_) => (
                format!("sent nothing for {:?}", patience.stall),
                Remedy::Retry,
            ),
            Error::Io(error) => (format!("failed ({error})"), of_io(error)),
            other => (format!("failed ({other})"), Remedy::Retry),
        };
        Self { reason, remedy }
    }
}

fn of_io(error: &io::Error) -> Remedy {
    let inner = error.get_ref();
    let tls = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (tls, error.kind()) {
        (Some(rustls::Error::InvalidCertificate(certificate)), _) => match certificate {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Remedy::Clock,
            _ => Remedy::Certificates,
        },
        (
            None,
            ErrorKind::ConnectionRefused
            | ErrorKind::NetworkUnreachable
            | ErrorKind::HostUnreachable,
        ) => Remedy::Connect,
        _ => Remedy::Retry,
    }
}

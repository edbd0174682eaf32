//! The server's encrypted side: as a mirror of its own, or as a proxy that reads along.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file beside `make.sh`, which says what it is.
pub(crate) fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/server/certificates")
        .join(name)
}

/// How a server shows this certificate.
pub(crate) fn config(name: &str) -> Arc<ServerConfig> {
    let chain = CertificateDer::from_pem_file(certificate(name)).unwrap();
    let key = PrivateKeyDer::from_pem_file(certificate("server.key")).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    Arc::new(config)
}

/// Encrypts a connection; where the client takes this server for its proxy, grants the tunnel and
/// plays the server at its end.
pub(crate) fn accept(mut stream: TcpStream, config: Arc<ServerConfig>) -> impl Read + Write {
    let mut first = [0];
    let _ = stream.peek(&mut first);
    if first == *b"C" {
        super::request(&mut stream);
        let _ = super::head(&mut stream, 200, None);
    }
    StreamOwned::new(ServerConnection::new(config).unwrap(), stream)
}

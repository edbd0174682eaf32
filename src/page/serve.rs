//! A small server for a site, on this machine alone: a thread and one answer for each connection.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use super::Site;
use crate::error::{Error, Result};

/// How often to look for a connection, or a signal.
const PAUSE: Duration = Duration::from_millis(5);
/// How long a browser may keep a connection silent.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of a request at the most.
const LARGEST: usize = 16 << 10;
/// Headers of a request at the most.
const HEADERS: usize = 64;

/// A server on 127.0.0.1.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    port: u16,
}

impl Server {
    /// Takes a port; 0 is any that is free.
    ///
    /// # Errors
    /// `Usage` if it is taken, or not to be had.
    pub fn bind(port: u16) -> Result<Self> {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok((listener.local_addr()?.port(), listener))
        });
        let (port, listener) = bound.map_err(|e| {
            let why = match e.kind() {
                ErrorKind::AddrInUse => "another program has it".to_owned(),
                _ => e.to_string(),
            };
            let other = port.saturating_add(1);
            Error::Usage(format!(
                "cannot serve on port {port} of 127.0.0.1: {why}. Choose another one: --serve {other}"
            ))
        })?;
        Ok(Self { listener, port })
    }

    /// Where to look.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Serves a site until `stopped` says so.
    pub fn serve(&self, site: &Site, stopped: &dyn Fn() -> bool) {
        std::thread::scope(|scope| {
            while !stopped() {
                match self.listener.accept() {
                    // A reader that leaves early is none of our business.
                    Ok((stream, _)) => drop(scope.spawn(|| answer(site, stream))),
                    Err(_) => std::thread::sleep(PAUSE),
                }
            }
        });
    }
}

/// Reads a request, and answers it.
fn answer(site: &Site, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let Some((method, path)) = request(&mut stream)? else {
        return respond(&mut stream, "400 Bad Request", "text/plain", b"", true);
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = match path.trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let readable = ["GET", "HEAD"].contains(&method.as_str());
    let body = method != "HEAD";
    match site.get(path).filter(|_| readable) {
        Some(bytes) => respond(&mut stream, "200 OK", kind(path), bytes, body),
        None => respond(&mut stream, "404 Not Found", "text/plain", b"", body),
    }
}

/// The method and the path of a request; none where it is none.
fn request(stream: &mut TcpStream) -> io::Result<Option<(String, String)>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 2048];
    while bytes.len() < LARGEST {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&chunk[..count]);
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&bytes) {
            Ok(httparse::Status::Partial) => {}
            Ok(httparse::Status::Complete(_)) => {
                let named = request.method.zip(request.path);
                return Ok(named.map(|(method, path)| (method.to_owned(), path.to_owned())));
            }
            Err(_) => return Ok(None),
        }
    }
    Ok(None)
}

fn respond(
    stream: &mut TcpStream,
    status: &str,
    kind: &str,
    bytes: &[u8],
    body: bool,
) -> io::Result<()> {
    let length = bytes.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(if body { bytes } else { b"" })
}

/// A file's media type.
fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("wgsl") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

//! A web server on this machine that can misbehave in the ways that mirrors do.

#[allow(dead_code, reason = "not every test crate needs it")]
pub(crate) mod tls;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// How the server answers one request.
#[allow(dead_code, reason = "not every test crate needs all of them")]
pub(crate) enum Reply {
    /// Properly.
    Body(Vec<u8>),
    /// With this status and no body.
    Status(u16),
    /// With a body that ends after so many bytes, in spite of its announced length.
    Short(Vec<u8>, usize),
    /// With a body that ends after so many bytes, its length not announced.
    ShortUnannounced(Vec<u8>, usize),
    /// With the first so many bytes, and then nothing more.
    Stall(Vec<u8>, usize),
    /// Not at all.
    Silence,
    /// A byte every 100 milliseconds.
    Drip(Vec<u8>),
    /// Zeros for ever.
    Flood,
}

/// A running server. It stops with the test process.
pub(crate) struct Server {
    /// What files' names are appended to.
    pub(crate) url: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server that answers a request for the file `name` with `reply(name)`.
    pub(crate) fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(reply, None)
    }

    /// The same, encrypted, with this certificate.
    #[allow(dead_code, reason = "not every test crate needs it")]
    pub(crate) fn start_encrypted(
        certificate: &str,
        reply: impl Fn(&str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(reply, Some(tls::config(certificate)))
    }

    fn listen(
        reply: impl Fn(&str) -> Reply + Send + Sync + 'static,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}/mnist/", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let (reply, requests) = (Arc::new(reply), Arc::clone(&log));
        spawn(move || {
            for stream in listener.incoming().flatten() {
                let (reply, requests) = (Arc::clone(&reply), Arc::clone(&requests));
                let tls = tls.clone();
                spawn(move || match tls {
                    None => serve(stream, &*reply, &requests),
                    Some(tls) => serve(tls::accept(stream, tls), &*reply, &requests),
                });
            }
        });
        Self { url, log }
    }

    /// Where it listens.
    #[allow(dead_code, reason = "not every test crate needs it")]
    pub(crate) fn address(&self) -> &str {
        self.url.split('/').nth(2).unwrap()
    }

    /// The names asked for since the last call.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

fn serve(
    mut stream: impl Read + Write,
    reply: &(impl Fn(&str) -> Reply + ?Sized),
    requests: &Mutex<Vec<String>>,
) {
    let name = request(&mut stream);
    requests.lock().unwrap().push(name.clone());
    // A client that hangs up is part of the game.
    let _ = answer(stream, reply(&name));
}

/// Reads a request; the last part of its path.
fn request(stream: &mut impl Read) -> String {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let path = first.split(' ').nth(1).unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

fn answer(mut stream: impl Write, reply: Reply) -> std::io::Result<()> {
    let hour = Duration::from_secs(3600);
    match reply {
        Reply::Body(body) => {
            head(&mut stream, 200, Some(body.len()))?;
            stream.write_all(&body)?;
            stream.flush()
        }
        Reply::Status(status) => head(&mut stream, status, Some(0)),
        Reply::Short(body, sent) => {
            head(&mut stream, 200, Some(body.len()))?;
            stream.write_all(&body[..sent])
        }
        Reply::ShortUnannounced(body, sent) => {
            head(&mut stream, 200, None)?;
            stream.write_all(&body[..sent])
        }
        Reply::Stall(body, sent) => {
            head(&mut stream, 200, Some(body.len()))?;
            stream.write_all(&body[..sent])?;
            sleep(hour);
            Ok(())
        }
        Reply::Silence => {
            sleep(hour);
            Ok(())
        }
        Reply::Drip(body) => {
            head(&mut stream, 200, Some(body.len()))?;
            for byte in body {
                stream.write_all(&[byte])?;
                sleep(Duration::from_millis(100));
            }
            Ok(())
        }
        Reply::Flood => {
            head(&mut stream, 200, None)?;
            loop {
                stream.write_all(&[0; 4096])?;
            }
        }
    }
}

fn head(stream: &mut impl Write, status: u16, length: Option<usize>) -> std::io::Result<()> {
    let length = length.map_or(String::new(), |n| format!("Content-Length: {n}\r\n"));
    write!(
        stream,
        "HTTP/1.1 {status} -\r\n{length}Connection: close\r\n\r\n"
    )
}

//! A small server for a site, on this machine alone.

use std::net::{Ipv4Addr, TcpListener};

use tiny_http::{Header, Method, Request, Response, Server};

use super::Site;
use crate::error::{Error, Result};

/// Serves a site on 127.0.0.1, port `port` (0: any that is free), until `stopped` says so; `ready` is told the
/// address first.
///
/// # Errors
/// `Usage` if the port is taken.
pub fn serve(
    site: &Site,
    port: u16,
    ready: &dyn Fn(&str),
    stopped: &dyn Fn() -> bool,
) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| {
        Error::Usage(format!(
            "cannot serve on port {port} of 127.0.0.1: {e}. Choose another one: --serve 8001"
        ))
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|e| failed(&e))?;
    let port = listener.local_addr().map_err(|e| failed(&e))?.port();
    let server = Server::from_listener(listener, None).map_err(|e| failed(&e))?;
    ready(&format!("http://127.0.0.1:{port}/"));
    while !stopped() {
        if let Ok(Some(request)) = server.recv_timeout(PATIENCE) {
            answer(site, request);
        }
    }
    Ok(())
}

/// How long a signal may wait.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(200);

/// Answers with a file of the site.
fn answer(site: &Site, request: Request) {
    let path = request.url().split(['?', '#']).next().unwrap_or_default();
    let path = match path.trim_start_matches('/') {
        "" => "index.html".to_owned(),
        path => path.to_owned(),
    };
    let readable = [Method::Get, Method::Head].contains(request.method());
    // A reader that leaves early is none of our business.
    let _ = match site.get(&path).filter(|_| readable) {
        Some(bytes) => {
            let response = Response::from_data(&bytes[..]);
            let headers = [("Content-Type", kind(&path)), ("Cache-Control", "no-store")];
            let headers = headers.iter().filter_map(|(name, value)| {
                Header::from_bytes(name.as_bytes(), value.as_bytes()).ok()
            });
            request.respond(headers.fold(response, Response::with_header))
        }
        None => {
            let text = format!("there is no {path} here\n");
            request.respond(Response::from_string(text).with_status_code(404))
        }
    };
}

/// A file's media type.
fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("wgsl") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

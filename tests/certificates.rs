//! Downloads through HTTPS: whose certificates count, and what is said where none does.

mod idx_files;
mod server;

use idx_files::{NAMES, gzip, mentions, sha256, small};
use server::{Reply, Server, tls::certificate};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use unlearn::data::{Archive, Cache, MNIST, Patience, Sha256Of};

/// The small set's files from an encrypted server with this certificate.
fn mirror(certificate: &str) -> Server {
    let packed = small().map(|plain| gzip(&plain));
    Server::start_encrypted(certificate, move |name| {
        let index = NAMES.iter().position(|plain| name.starts_with(plain));
        Reply::Body(packed[index.unwrap()].clone())
    })
}

/// What the test `child_downloads` prints in a process of its own, which trusts what these
/// variables say.
fn download(mirror: &Server, variables: &[(&str, &Path)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_downloads", "--ignored", "--nocapture"])
        .env_remove("SSL_CERT_FILE")
        .env_remove("SSL_CERT_DIR")
        .env("MIRROR", &mirror.url)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "not a test: the other half of the tests that set environment variables"]
fn child_downloads() {
    let folder = TempDir::new().unwrap();
    let mut files = small().into_iter();
    let cache = Cache {
        set: &MNIST,
        folder: Some(folder.path().to_path_buf()),
        archives: NAMES.map(|name| Archive {
            name: format!("{name}.gz").leak(),
            size: 1 << 20,
            sha256: Sha256Of::Content(sha256(&files.next().unwrap()).leak()),
        }),
        mirrors: vec![std::env::var("MIRROR").unwrap()],
        patience: Patience::default(),
    };
    match cache.load(&|line| println!("told {line}")) {
        Ok(dataset) => println!("loaded {}", dataset.record.name),
        Err(error) => println!("refused {error}"),
    }
}

#[test]
fn a_certificate_that_the_system_is_told_to_trust_counts() {
    let mirror = mirror("server.pem");
    let authority = certificate("ca.pem");
    let text = download(&mirror, &[("SSL_CERT_FILE", &authority)]);
    mentions(&text, &["loaded MNIST"]);

    let folder = TempDir::new().unwrap();
    std::fs::copy(&authority, folder.path().join("any name")).unwrap();
    let text = download(&mirror, &[("SSL_CERT_DIR", folder.path())]);
    mentions(&text, &["loaded MNIST"]);
}

#[test]
fn an_unknown_certificate_names_the_variable() {
    let mirror = mirror("server.pem");
    let text = download(&mirror, &[]);
    mentions(&text, &["refused", "UnknownIssuer", "SSL_CERT_FILE", "PEM"]);
    assert!(!text.contains("Connect to the network"), "{text}");
    // A file that is not there is named, but not in the error, which reports may hold.
    let text = download(&mirror, &[("SSL_CERT_FILE", Path::new("/no/such.pem"))]);
    mentions(&text, &["told certificates:", "/no/such.pem", "refused"]);
    let (_, error) = text.split_once("refused").unwrap();
    assert!(!error.contains("/no/such.pem"), "{text}");
}

#[test]
fn an_expired_certificate_sends_to_the_clock() {
    let mirror = mirror("expired.pem");
    let authority = certificate("ca.pem");
    let text = download(&mirror, &[("SSL_CERT_FILE", &authority)]);
    mentions(&text, &["refused", "certificate expired", "clock"]);
    assert!(!text.contains("SSL_CERT_FILE"), "{text}");
}

/// What the program says when it looks for MNIST through this proxy, before a short run on other digits.
fn through(proxy: &Server, trusted: Option<&Path>) -> String {
    let caches = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_unlearn"));
    for name in ["ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
    for name in ["UNLEARN_DATA", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.env_remove(name);
    }
    command
        .args(["run", "--device", "cpu", "--learners", "2", "--hidden", "4"])
        .args(["--epochs", "0.01", "--unlearn-epochs", "0.01"])
        .args(["--relearn-epochs", "0.01", "--out"])
        .arg(caches.path().join("out"))
        .env("HTTPS_PROXY", format!("http://{}", proxy.address()))
        .env("XDG_CACHE_HOME", caches.path())
        .env("LOCALAPPDATA", caches.path());
    if let Some(file) = trusted {
        command.env("SSL_CERT_FILE", file);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let lines = String::from_utf8(output.stderr).unwrap();
    lines.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_proxy_that_signs_itself_is_trusted_by_its_certificate() {
    let proxy = Server::start_encrypted("server.pem", |_| Reply::Status(404));
    let text = through(&proxy, None);
    mentions(&text, &["UnknownIssuer", "name the file in SSL_CERT_FILE"]);
    assert!(proxy.requests().iter().all(String::is_empty));
    let text = through(&proxy, Some(&certificate("ca.pem")));
    mentions(&text, &["the server answers 404", "Run again later"]);
    assert!(!text.contains("UnknownIssuer"), "{text}");
    // It was asked for the smallest file, in the name of both mirrors.
    let name = "t10k-labels-idx1-ubyte.gz";
    assert_eq!(proxy.requests(), [name, name]);
}

#[test]
fn a_proxy_that_refuses_is_to_be_told_who_asks() {
    let text = through(&Server::start(|_| Reply::Status(407)), None);
    mentions(&text, &["refused by the proxy", "407"]);
    mentions(&text, &["HTTPS_PROXY, as in http://USER:PASSWORD@"]);
    let text = through(&Server::start(|_| Reply::Status(403)), None);
    mentions(&text, &["refused by the proxy", "403", "NO_PROXY"]);
}

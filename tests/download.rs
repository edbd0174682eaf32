//! The cache and the download, against a server on this machine that misbehaves on request.

mod idx_files;
mod server;

use idx_files::{NAMES, gzip, mentions, sha256, small};
use server::{Reply, Server};
use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use unlearn::data::{Archive, Cache, Dataset, KMNIST, MNIST, Patience, Sha256Of, builtin};
use unlearn::error::{Error, Result};

/// The small set, plain and gzipped. Made once and before any server starts: the generator shares
/// its threads with all tests, and a server that waits for it would look like a stalled one.
static SMALL: LazyLock<[(Vec<u8>, Vec<u8>); 4]> =
    LazyLock::new(|| small().map(|plain| (plain.clone(), gzip(&plain))));

/// The gzipped file `name` of the small set.
fn packed(name: &str) -> Vec<u8> {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let index = NAMES.iter().position(|&n| n == plain).unwrap();
    SMALL[index].1.clone()
}

/// A server that does everything right.
fn good() -> Server {
    LazyLock::force(&SMALL);
    Server::start(|name| Reply::Body(packed(name)))
}

/// A server that answers everything in the same bad way.
fn bad(reply: impl Fn(Vec<u8>) -> Reply + Send + Sync + 'static) -> Server {
    LazyLock::force(&SMALL);
    Server::start(move |name| reply(packed(name)))
}

/// A cache for the small set, with little patience.
fn cache(folder: &Path, mirrors: &[&Server]) -> Cache {
    let mut archives = NAMES.map(|name| Archive {
        name: format!("{name}.gz").leak(),
        size: 0,
        sha256: Sha256Of::Content(""),
    });
    for (archive, (plain, gzipped)) in archives.iter_mut().zip(SMALL.iter()) {
        archive.size = gzipped.len() as u64;
        archive.sha256 = Sha256Of::Content(sha256(plain).leak());
    }
    Cache {
        set: &MNIST,
        folder: Some(folder.to_path_buf()),
        archives,
        mirrors: mirrors.iter().map(|server| server.url.clone()).collect(),
        patience: Patience {
            connect: Duration::from_secs(2),
            stall: Duration::from_millis(700),
            whole: Duration::from_secs(2),
        },
    }
}

/// Loads, and returns what was told meanwhile as well.
fn load(cache: &Cache) -> (Result<Dataset>, String) {
    let told = RefCell::new(String::new());
    let result = cache.load(&|line| *told.borrow_mut() += &format!("{line}\n"));
    (result, told.into_inner())
}

#[track_caller]
fn assert_small(dataset: &Dataset) {
    assert_eq!(dataset.train, builtin::train(5).into());
    assert_eq!(dataset.test, builtin::test(3).into());
    assert_eq!(dataset.record.name, "MNIST");
    assert_eq!(dataset.record.warning, None);
}

fn listing(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What the first mirror's fault is called, after checking that the second helped out.
#[track_caller]
fn fault(first: &Server) -> String {
    let (folder, second) = (TempDir::new().unwrap(), good());
    let start = Instant::now();
    let (result, told) = load(&cache(folder.path(), &[first, &second]));
    assert_small(&result.unwrap());
    // Generous, since another test may keep all cores busy; a mirror that hangs does for an hour.
    assert!(start.elapsed() < Duration::from_secs(60), "took too long");
    assert_eq!(listing(folder.path()).len(), 4);
    // Having failed once, the first mirror is not asked again while the second delivers.
    assert_eq!(first.requests().len(), 1);
    assert_eq!(second.requests().len(), 4);
    let mut lines = told.lines().filter(|line| line.contains("download failed"));
    let line = lines.next().unwrap().to_owned();
    mentions(&line, &[&first.url, "t10k-labels-idx1-ubyte.gz"]);
    assert_eq!(lines.next(), None);
    line
}

#[test]
fn a_download_is_kept() {
    let (folder, server) = (TempDir::new().unwrap(), good());
    let deep = folder.path().join("not/yet/there");
    let cache = cache(&deep, &[&server]);
    let (result, told) = load(&cache);
    assert_small(&result.unwrap());
    mentions(&told, &NAMES);
    assert_eq!(told.lines().count(), 4, "{told}");
    let mut names = NAMES.map(|name| format!("{name}.gz"));
    names.sort();
    assert_eq!(listing(&deep), names);
    assert_eq!(server.requests().len(), 4);

    let (result, told) = load(&cache);
    let dataset = result.unwrap();
    assert_small(&dataset);
    assert_eq!(dataset.folder(), Some(deep.as_path()));
    assert_eq!(told, "");
    assert!(server.requests().is_empty());
}

#[test]
fn a_mirror_with_another_packing_of_the_same_content_will_do() {
    LazyLock::force(&SMALL);
    let server = Server::start(|name| {
        // Two gzip members one after the other are a gzip file too.
        Reply::Body([packed(name), gzip(&[])].concat())
    });
    let folder = TempDir::new().unwrap();
    assert_small(&load(&cache(folder.path(), &[&server])).0.unwrap());
}

#[test]
fn wrong_content_sends_to_the_next_mirror() {
    let other = bad(|_| Reply::Body(gzip(b"a file of that name, but another one")));
    mentions(&fault(&other), &["another content", "SHA-256"]);
    let portal = bad(|_| Reply::Body(b"<html>Please log in".to_vec()));
    mentions(&fault(&portal), &["not sound gzip data"]);
    let flipped = bad(|mut body| {
        body[20] ^= 1;
        Reply::Body(body)
    });
    fault(&flipped);
    mentions(&fault(&bad(|_| Reply::Flood)), &["far too long"]);
}

#[test]
fn a_body_cut_short_sends_to_the_next_mirror() {
    let short = bad(|body| Reply::Short(body, 20));
    mentions(&fault(&short), &["after 20 bytes"]);
    let unannounced = bad(|body| Reply::ShortUnannounced(body, 20));
    mentions(&fault(&unannounced), &["cut off"]);
    let empty = bad(|_| Reply::Body(Vec::new()));
    mentions(&fault(&empty), &["cut off"]);
}

#[test]
fn a_server_that_hangs_sends_to_the_next_mirror() {
    let stalled = bad(|body| Reply::Stall(body, 10));
    mentions(&fault(&stalled), &["nothing for 700ms", "after 10 bytes"]);
    mentions(&fault(&bad(|_| Reply::Silence)), &["nothing for 700ms"]);
    // Never silent for long, but never done either.
    mentions(&fault(&bad(Reply::Drip)), &["not done in 2s"]);
}

#[test]
fn a_refusal_sends_to_the_next_mirror() {
    mentions(&fault(&bad(|_| Reply::Status(404))), &["not there", "404"]);
    mentions(&fault(&bad(|_| Reply::Status(503))), &["refused", "503"]);
}

#[test]
fn without_any_mirror_the_error_gives_every_reason() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (bad(|_| Reply::Status(404)), bad(|_| Reply::Status(500)));
    let mut cache = cache(folder.path(), &[&first, &second]);
    // Nothing listens on a port that was just given up.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", closed.local_addr().unwrap());
    cache.mirrors.push(closed.clone());
    let Error::Data(text) = load(&cache).0.unwrap_err() else {
        panic!("not a data error");
    };
    let [one, other] = [&first, &second].map(|server| server.url.trim_end_matches('/'));
    mentions(&text, &[one, "404", other, "500", &closed]);
    // A reason that they have in common is given once.
    cache.mirrors = vec![first.url.clone(), first.url.clone()];
    let text = load(&cache).0.unwrap_err().to_string();
    assert_eq!(text.matches("404").count(), 1, "{text}");
    assert_eq!(text.matches(one).count(), 2, "{text}");
    assert_eq!(listing(folder.path()), [""; 0]);
    assert_eq!(first.requests().len() + second.requests().len(), 4);
}

#[test]
fn without_any_mirror_the_built_in_digits_stand_in_loudly() {
    let (folder, server) = (TempDir::new().unwrap(), bad(|_| Reply::Status(404)));
    let told = RefCell::new(String::new());
    let notify = |line: &str| *told.borrow_mut() += &format!("{line}\n");
    let cache = cache(folder.path(), &[&server]);
    let dataset = cache.load_or_builtin(&notify).unwrap();
    assert_eq!(dataset.record.name, "built-in digits");
    assert_eq!(dataset.source, Path::new("builtin"));
    assert_eq!((dataset.train.len(), dataset.test.len()), (60_000, 10_000));
    let warning = dataset.record.warning.unwrap();
    mentions(&warning, &["built-in digits", "not results on MNIST"]);
    // The reason is told once, at the start, and not in reports.
    assert!(!warning.contains(&server.url), "{warning}");
    let told = told.borrow();
    mentions(&told, &[&format!("WARNING: {warning}")]);
    mentions(&told, &["--data", "UNLEARN_DATA"]);
    assert_eq!(told.matches("404").count(), 1, "{told}");
}

/// Loads with this cache, which can keep nothing, and expects one line that gives this reason.
#[track_caller]
fn used_all_the_same(cache: &Cache, server: &Server, parts: &[&str]) {
    let (result, told) = load(cache);
    let dataset = result.unwrap();
    assert_small(&dataset);
    assert_eq!(dataset.source, Path::new("auto"));
    assert_eq!(server.requests().len(), 4);
    let mut lines = told.lines().filter(|line| line.contains("not kept"));
    mentions(lines.next().unwrap(), parts);
    assert_eq!(lines.next(), None, "{told}");
    assert_eq!(told.lines().count(), 5, "{told}");
}

#[test]
fn what_cannot_be_kept_is_used_all_the_same() {
    let (folder, server) = (TempDir::new().unwrap(), good());
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for place in [file.clone(), file.join("below")] {
        let parts = [&*place.display().to_string(), "cannot create"];
        used_all_the_same(&cache(&place, &[&server]), &server, &parts);
    }
    let mut homeless = cache(folder.path(), &[&server]);
    homeless.folder = None;
    used_all_the_same(&homeless, &server, &["no home folder"]);
}

/// A folder that takes no file. Root may write everywhere, but not into the kernel's folders.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_cache_is_no_hindrance() {
    let server = good();
    let cache = cache(Path::new("/proc/self"), &[&server]);
    used_all_the_same(&cache, &server, &["cannot write /proc/self/"]);
}

/// A folder in a file's place cannot be read, nor be replaced by the file.
#[test]
fn a_file_that_cannot_be_replaced_is_used_all_the_same() {
    let (folder, server) = (TempDir::new().unwrap(), good());
    let cache = cache(folder.path(), &[&server]);
    load(&cache).0.unwrap();
    server.requests();
    let path = folder.path().join("train-images-idx3-ubyte.gz");
    fs::remove_file(&path).unwrap();
    fs::create_dir_all(path.join("full")).unwrap();
    let (result, told) = load(&cache);
    assert_small(&result.unwrap());
    mentions(&told, &["cannot be read", "not kept", "cannot write"]);
    assert_eq!(server.requests(), ["train-images-idx3-ubyte.gz"]);
}

#[test]
fn damaged_files_and_no_others_are_fetched_again() {
    let (folder, server) = (TempDir::new().unwrap(), good());
    let cache = cache(folder.path(), &[&server]);
    load(&cache).0.unwrap();
    server.requests();

    let name = "train-images-idx3-ubyte.gz";
    let path = folder.path().join(name);
    let sound = fs::read(&path).unwrap();
    let mut flipped = sound.clone();
    flipped[100] ^= 4;
    // Sound gzip, sound idx, but not the file that was downloaded.
    let mut swapped = SMALL[0].0.clone();
    swapped[500] ^= 4;
    let spoiled = [
        flipped,
        gzip(&swapped),
        sound[..sound.len() - 1].to_vec(),
        vec![],
    ];
    for bytes in spoiled {
        fs::write(&path, bytes).unwrap();
        let (result, told) = load(&cache);
        assert_small(&result.unwrap());
        mentions(&told, &[&path.display().to_string(), "fetching it again"]);
        assert_eq!(server.requests(), [name]);
        assert_eq!(fs::read(&path).unwrap(), sound);
    }
}

#[test]
fn an_interrupted_download_goes_on_where_it_stopped() {
    let folder = TempDir::new().unwrap();
    LazyLock::force(&SMALL);
    let flaky = Server::start(|name| {
        if name.starts_with("train") {
            Reply::Short(packed(name), 9)
        } else {
            Reply::Body(packed(name))
        }
    });
    // What a killed process may leave behind.
    let leftover = format!("{}.gzAbC123.part", NAMES[0]);
    fs::write(folder.path().join(leftover), "half").unwrap();
    load(&cache(folder.path(), &[&flaky])).0.unwrap_err();

    let server = good();
    let (result, told) = load(&cache(folder.path(), &[&server]));
    assert_small(&result.unwrap());
    assert!(!told.contains("again"), "{told}");
    // The labels of the tests are the smallest file and came first, then those that broke off.
    let asked = server.requests();
    assert!(!asked.iter().any(|name| name == "t10k-labels-idx1-ubyte.gz"));
    assert!(
        asked
            .iter()
            .any(|name| name == "train-images-idx3-ubyte.gz")
    );
}

#[test]
fn two_at_once_do_not_disturb_each_other() {
    let (folder, server) = (TempDir::new().unwrap(), good());
    std::thread::scope(|scope| {
        let runs = [(); 4].map(|()| scope.spawn(|| load(&cache(folder.path(), &[&server])).0));
        for run in runs {
            assert_small(&run.join().unwrap().unwrap());
        }
    });
    assert_eq!(listing(folder.path()).len(), 4);
}

/// A set of which only the gzipped files' SHA-256 is known, with class names of its own.
#[test]
fn a_set_by_name_is_downloaded_verified_and_kept() {
    let (folder, server) = (TempDir::new().unwrap(), good());
    let mut cache = Cache {
        set: &KMNIST,
        ..cache(folder.path(), &[&server])
    };
    for (archive, (_, gzipped)) in cache.archives.iter_mut().zip(SMALL.iter()) {
        archive.sha256 = Sha256Of::File(sha256(gzipped).leak());
    }
    for asked in [4, 0] {
        let dataset = load(&cache).0.unwrap();
        assert_eq!(dataset.train, builtin::train(5).into());
        assert_eq!(dataset.record.name, "KMNIST");
        assert_eq!(dataset.record.classes.words(&[2, 9]), "classes su and wo");
        // By its name, the set is found and verified again.
        assert_eq!(dataset.source, Path::new("kmnist"));
        assert_eq!(server.requests().len(), asked);
    }
    // The same content in another packing is another file here; so is a damaged one.
    let labels = folder.path().join("t10k-labels-idx1-ubyte.gz");
    let other = [fs::read(&labels).unwrap(), gzip(&[])].concat();
    fs::write(&labels, other).unwrap();
    let (result, told) = load(&cache);
    result.unwrap();
    mentions(
        &told,
        &["t10k-labels", "another content", "fetching it again"],
    );
    assert_eq!(server.requests().len(), 1);
    let wrong = bad(|mut body| {
        body[20] ^= 1;
        Reply::Body(body)
    });
    let elsewhere = TempDir::new().unwrap();
    cache.folder = Some(elsewhere.path().to_path_buf());
    cache.mirrors = vec![wrong.url.clone()];
    assert!(load(&cache).0.is_err());
}

//! The real binary where threads or memory are scarce, or nobody has a desktop session.

mod common;
mod idx_files;

use std::path::Path;
use std::process::{Command, Output};

use common::{stderr, unlearn};
use idx_files::{files, mentions, write};
use tempfile::TempDir;
use unlearn::data::builtin;

const BINARY: &str = env!("CARGO_BIN_EXE_unlearn");

/// A folder with 400 + 100 digits that everybody can read, and where everybody can write.
fn data() -> TempDir {
    let folder = TempDir::new().unwrap();
    write(
        folder.path(),
        &files(&builtin::train(400), &builtin::test(100)),
        "",
    );
    open(folder.path());
    folder
}

#[cfg(unix)]
fn open(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o777)).unwrap();
}

#[cfg(not(unix))]
fn open(_: &Path) {}

/// `run` on the CPU in a few steps.
fn arguments<'a>(data: &'a Path, out: &'a Path) -> Vec<&'a str> {
    let short = "run --device cpu --learners 2 --hidden 16 --batch 20 --evaluations 1 --epochs 1";
    let mut arguments: Vec<&str> = short.split(' ').collect();
    arguments.extend(["--data", data.to_str().unwrap()]);
    arguments.extend(["--out", out.to_str().unwrap()]);
    arguments
}

/// Runs the binary behind `ulimit`, by a shell, which every Unix has.
#[cfg(unix)]
fn limited(limit: &str, arguments: &[&str]) -> Output {
    let script = format!("{limit} && exec \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, "sh", BINARY]).args(arguments);
    shell.env_remove("UNLEARN_DATA").output().unwrap()
}

/// The same as a user to whom limits on processes apply; none where that cannot be done.
#[cfg(target_os = "linux")]
fn as_nobody(limit: &str, command: &[&str]) -> Option<Output> {
    let script = format!("{limit} && exec \"$@\"");
    let shell = ["sh", "-c", &script, "sh"];
    let root = std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .contains("\nUid:\t0\t");
    let nobody = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ];
    let line: Vec<&str> = if root { nobody.to_vec() } else { Vec::new() };
    let line = [&line, &shell[..], command].concat();
    Command::new(line[0]).args(&line[1..]).output().ok()
}

#[cfg(target_os = "linux")]
#[test]
fn without_threads_a_run_does_its_work_on_one() {
    let limit = "ulimit -u 1 2>/dev/null || ulimit -p 1";
    // A shell that starts another process shows whether the limit holds; the binary must be within reach.
    let holds = as_nobody(limit, &["sh", "-c", "true & wait"]);
    let reach = as_nobody("true", &[BINARY, "--version"]);
    let (Some(holds), Some(reach)) = (holds, reach) else {
        return println!("skipped: there is no setpriv to become an ordinary user with");
    };
    if holds.status.success() || !reach.status.success() {
        return println!("skipped: no limit on threads here, or no way to the binary for nobody");
    }
    let (data, out) = (data(), TempDir::new().unwrap());
    open(out.path());
    let made = out.path().join("made");
    let scarce = arguments(data.path(), &made);
    let output = as_nobody(limit, &[&[BINARY], &scarce[..]].concat()).unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    let summary = std::fs::read_to_string(made.join("summary.json")).unwrap();
    assert!(summary.contains("1 thread\""), "{summary}");
    // What comes out is the same to the bit.
    let plenty = out.path().join("plenty");
    assert!(unlearn(&arguments(data.path(), &plenty)).status.success());
    let weights =
        |run: &Path| std::fs::read(run.join("checkpoints/relearn-relearned.safetensors")).unwrap();
    assert!(weights(&made) == weights(&plenty));
}

/// The number after `--learners` in what a refusal advises.
fn advised(text: &str) -> &str {
    let (_, after) = text
        .split_once("the most that fit are --learners ")
        .unwrap();
    let end = after.find(|c: char| !c.is_ascii_digit());
    &after[..end.unwrap_or(after.len())]
}

#[cfg(target_os = "linux")]
#[test]
fn a_population_that_memory_does_not_hold_is_refused_with_the_most_that_fit() {
    let (data, out) = (data(), TempDir::new().unwrap());
    let run = |learners: &str| {
        let made = out.path().join(learners);
        let mut arguments = arguments(data.path(), &made);
        arguments[4] = learners;
        // Large networks and a few steps: memory is what counts.
        arguments[6] = "512";
        arguments.extend(["--unlearn-epochs", "0.1", "--relearn-epochs", "0.1"]);
        let epochs = arguments
            .iter()
            .position(|flag| *flag == "--epochs")
            .unwrap();
        arguments[epochs + 1] = "0.1";
        // Threads have addresses too.
        limited("export RAYON_NUM_THREADS=1; ulimit -v 400000", &arguments)
    };
    let output = run("1000");
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    mentions(
        &text,
        &["error: --learners 1000 need about", "of memory", "are left"],
    );
    assert!(!out.path().join("1000").exists());
    let most = advised(&text).to_owned();
    assert!((1..1000).contains(&most.parse::<u32>().unwrap()), "{most}");
    let output = run(&most);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn images_that_memory_does_not_hold_are_refused() {
    let folder = data();
    let path = folder.path().join("train-images-idx3-ubyte");
    // A file that holds nothing on the disk.
    let count = 2_000_000u32;
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(16 + 784 * u64::from(count)).unwrap();
    let head = [
        &[0, 0, 8, 3][..],
        &count.to_be_bytes(),
        &[0, 0, 0, 28, 0, 0, 0, 28],
    ]
    .concat();
    std::io::Write::write_all(&mut &file, &head).unwrap();
    let out = folder.path().join("made");
    let output = limited("ulimit -v 1000000", &arguments(folder.path(), &out));
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    mentions(
        &text,
        &["train-images-idx3-ubyte", "2000000 images", "of memory"],
    );
}

#[test]
fn a_machine_without_a_desktop_session_sees_no_error_where_there_is_none() {
    for arguments in [&["devices"][..], &["devices", "--json"]] {
        let mut command = Command::new(BINARY);
        command.args(arguments).env_remove("XDG_RUNTIME_DIR");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let text = stderr(&output);
        let failed = text.lines().find(|line| line.starts_with("error"));
        assert_eq!(failed, None, "{text}");
    }
}

#[test]
fn the_cpu_goes_by_its_name_in_any_letters_and_says_what_it_is() {
    let (data, out) = (data(), TempDir::new().unwrap());
    let made = out.path().join("made");
    let mut flags = arguments(data.path(), &made);
    flags[2] = " CPU ";
    let output = unlearn(&flags);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let read = |file: &str| std::fs::read_to_string(made.join(file)).unwrap();
    mentions(&read("config.toml"), &["device = \"cpu\""]);
    let summary: serde_json::Value = serde_json::from_str(&read("summary.json")).unwrap();
    assert_eq!(summary["device"]["name"], "CPU");
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name\t: "));
    if let Some(word) = model.and_then(|model| model.split_whitespace().next()) {
        let driver = summary["device"]["driver"].as_str().unwrap();
        mentions(driver, &[word, "thread"]);
    }
}

#[test]
fn an_adapter_goes_by_a_number_in_its_name() {
    let adapters = unlearn::device::list();
    // A number that stands in a name, and is no adapter's own.
    let digits = |c: char| !c.is_ascii_digit();
    let mut numbers = adapters.iter().flat_map(|a| a.record.name.split(digits));
    let number = numbers.find(|n| n.parse().is_ok_and(|n: usize| n >= adapters.len()));
    let Some(number) = number else {
        return println!("skipped: no adapter here has a number in its name");
    };
    let device = unlearn::device::open(number).unwrap();
    assert!(device.record().name.contains(number));
    let (device, lasting) = unlearn::device::open_lasting("0").unwrap();
    let (again, same) = unlearn::device::open_lasting(&lasting).unwrap();
    assert_eq!(device.record().name, again.record().name);
    assert_eq!(lasting, same);
}

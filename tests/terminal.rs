//! The real binary, on terminals and off them: every line fits 80 columns, and long work always shows
//! how far it is.

mod common;
mod idx_files;

use std::path::Path;
use std::process::Output;

use common::{stderr, unlearn};
use idx_files::mentions;
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr;
use unlearn::data::builtin;

const COLUMNS: usize = 80;

/// A folder with `images` and `out` in it, of which `out` does not exist.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let images = folder.path().join("images");
        std::fs::create_dir(&images).unwrap();
        let files = idx_files::files(&builtin::train(300), &builtin::test(100));
        idx_files::write(&images, &files, "");
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    /// The words of a command, with its paths.
    fn words(&self, command: &str) -> Vec<String> {
        let word = |word: &str| match word.strip_prefix('@') {
            Some(name) => self.path(name),
            None => word.to_owned(),
        };
        command.split(' ').map(word).collect()
    }

    fn run(&self, command: &str) -> Output {
        let words = self.words(command);
        unlearn(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

const RUN: &str = "run --device cpu --data @images --out @out --learners 2 --hidden 16 --batch 20 \
                   --evaluations 1 --epochs 1 --unlearn-epochs 1 --relearn-epochs 1";
const COMPARE: &str = "compare --device cpu --data @images --out @out --hidden 16 --learners 2 \
                       --retrained 8 --epochs 30 --budget 9 --methods retrain,zero-logit,neggrad-plus";

/// Fails where a line is wider than this and could have been folded: commands and paths stay whole.
#[track_caller]
fn fits(text: &str, columns: usize) {
    for line in text.lines() {
        let whole = line.contains("unlearn check --") || !line.trim().contains(' ');
        let width = line.width();
        assert!(whole || width <= columns, "{width} columns: {line}\n{text}");
    }
}

/// Runs a command off terminals: it must succeed, or find the fault that is planted.
#[track_caller]
fn fits_off_terminals(place: &Place, command: &str) -> (String, String) {
    let output = place.run(command);
    let planted = i32::from(command.contains("--plant"));
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(planted), "{command}: {said}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.trim().is_empty(), "{command}");
    fits(&text, COLUMNS);
    fits(&said, COLUMNS);
    (text, said)
}

#[test]
fn help_fits() {
    let place = Place::new();
    fits_off_terminals(&place, "--help");
    for command in [
        "run",
        "check",
        "bench",
        "compare",
        "predict",
        "methods",
        "devices",
        "completions",
    ] {
        fits_off_terminals(&place, &format!("{command} --help"));
        fits_off_terminals(&place, &format!("help {command}"));
    }
}

#[test]
fn lists_fit() {
    let place = Place::new();
    fits_off_terminals(&place, "devices");
    let (text, _) = fits_off_terminals(&place, "methods");
    for method in unlearn::methods::METHODS.iter() {
        mentions(&text, &[method.name()]);
    }
    mentions(&text, &["zero-logit (a control)", "  source", "KLoM"]);
}

#[test]
fn runs_fit_and_say_how_far_they_are() {
    let place = Place::new();
    let (text, said) = fits_off_terminals(&place, &format!("{RUN} --forget 3,5"));
    mentions(&text, &["forget", "confidence", "±"]);
    mentions(&said, &["device   CPU ("]);
    assert!(!said.contains("(CPU, CPU)"), "{said}");
    for phase in ["learn ", "unlearn ", "relearn "] {
        let lines = said.lines().filter(|line| line.starts_with(phase));
        assert!(lines.count() > 3, "a line for each evaluation: {said}");
    }
}

#[test]
fn comparisons_fit() {
    for more in ["", " --seeds 1,2", " --forget-samples 30"] {
        let place = Place::new();
        let command = COMPARE.replace(
            ",zero-logit",
            if more.contains("sam") {
                ""
            } else {
                ",zero-logit"
            },
        );
        let (text, said) = fits_off_terminals(&place, &(command + more));
        mentions(&said, &["retrained networks …", "metrics …"]);
        mentions(
            &text,
            &["control  ", "retrain-longer", "residual", "damage"],
        );
        let report = std::fs::read_to_string(Path::new(&place.path("out")).join("report.txt"));
        let report = report.unwrap();
        fits(&report, COLUMNS);
        mentions(
            &report,
            &["KLoM", "MIA-efficacy", "higher strength", "time"],
        );
    }
}

#[test]
fn checks_and_benchmarks_fit() {
    let place = Place::new();
    let adapter = &unlearn::device::list()[0].spec;
    fits_off_terminals(&place, "check --kernel score");
    let planted = format!("check --kernel score --plant 7 --device {adapter}");
    fits_off_terminals(&place, &planted);
    fits_off_terminals(
        &place,
        &format!("check --kernel score --mutants --device {adapter}"),
    );
    let bench = "bench --seconds 0.01 --kernel score";
    let whole = format!("{bench} --device cpu --learners 2 --data @images --json @old");
    fits_off_terminals(&place, &whole);
    let wrong = format!("{bench} --device {adapter} --plant 7 --compare @old");
    let (text, _) = fits_off_terminals(&place, &wrong);
    mentions(&text, &["compared with", "device differs", "WRONG"]);
    let again = format!("{bench} --device cpu --compare @old --fail-on never");
    let (text, _) = fits_off_terminals(&place, &again);
    mentions(&text, &["old/new", "verdict"]);
}

/// Where a program reads it, an error is one line, to be searched.
#[test]
fn errors_off_terminals_are_a_line() {
    let place = Place::new();
    let output = place.run("run --device cpu --data @nowhere --out @out");
    let said = stderr(&output);
    let mut errors = said.lines().filter(|line| line.starts_with("error: "));
    let error = errors.next_back().unwrap_or_else(|| panic!("{said}"));
    assert!(
        error.contains("nowhere") && error.width() > COLUMNS,
        "{said}"
    );
}

#[cfg(unix)]
mod on_terminals {
    use super::*;
    use std::fs::File;
    use std::io::Read;
    use std::process::{Command, Stdio};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};

    /// What a command shows on a terminal, and its exit code.
    fn shown(place: &Place, columns: u16, kind: [&str; 3], command: &str) -> (i32, String) {
        let main = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&main).unwrap();
        unlockpt(&main).unwrap();
        let name = ptsname(&main, Vec::new()).unwrap().into_string().unwrap();
        let terminal = File::options().read(true).write(true).open(name).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal, size).unwrap();
        let [term, ci, no_color] = kind;
        let mut process = Command::new(env!("CARGO_BIN_EXE_unlearn"));
        process.args(place.words(command)).env("TERM", term);
        // A layer of Mesa's complains where there is none.
        process.env("XDG_RUNTIME_DIR", place.folder.path());
        for name in ["CI", "TF_BUILD", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            process.env_remove(name);
        }
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            process.env_remove(name);
        }
        for (name, value) in [("CI", ci), ("NO_COLOR", no_color)] {
            if !value.is_empty() {
                process.env(name, value);
            }
        }
        process.stdin(Stdio::null());
        process
            .stdout(terminal.try_clone().unwrap())
            .stderr(terminal);
        let mut child = process.spawn().unwrap();
        // It holds the terminal's other end, which must close for the text to end.
        drop(process);
        let (mut text, mut main) = (Vec::new(), File::from(main));
        let mut piece = [0; 4096];
        // At the end Linux answers with an error, others with nothing.
        while let Ok(count @ 1..) = main.read(&mut piece) {
            text.extend_from_slice(&piece[..count]);
        }
        let code = child.wait().unwrap().code().unwrap();
        (code, String::from_utf8(text).unwrap())
    }

    const DUMB: [&str; 3] = ["dumb", "", ""];
    const COLOURS: [&str; 3] = ["xterm", "", ""];

    #[test]
    fn where_no_bar_is_drawn_lines_say_how_far_a_run_is() {
        for kind in [DUMB, ["xterm", "true", ""]] {
            let place = Place::new();
            let (code, text) = shown(&place, 80, kind, RUN);
            assert_eq!(code, 0, "{text}");
            let lines = text.lines().filter(|line| line.starts_with("unlearn "));
            assert!(lines.count() > 3, "a line for each evaluation: {text}");
            assert!(!text.contains('\x1b'), "{text:?}");
            fits(&text, COLUMNS);
            let place = Place::new();
            let (code, text) = shown(&place, 80, kind, COMPARE);
            assert_eq!(code, 0, "{text}");
            mentions(&text, &["metrics …"]);
            assert!(!text.contains('\x1b'), "{text:?}");
        }
    }

    #[test]
    fn bars_have_colours_unless_told_otherwise() {
        for (kind, coloured) in [(COLOURS, true), (["xterm", "", "1"], false)] {
            let place = Place::new();
            let (code, text) = shown(&place, 80, kind, RUN);
            assert_eq!(code, 0, "{text}");
            mentions(&text, &["─", "100 %", "inside "]);
            assert_eq!(text.contains("\x1b[36m"), coloured, "{text:?}");
        }
    }

    #[test]
    fn terminals_show_what_networks_see() {
        let place = Place::new();
        assert!(place.run(RUN).status.success());
        let file = File::create(place.path("digit.png")).unwrap();
        let mut encoder = png::Encoder::new(file, 28, 28);
        encoder.set_color(png::ColorType::Grayscale);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&builtin::test(1).images).unwrap();
        writer.finish().unwrap();
        let blocks = ['▀', '▄', '█'];
        for (kind, drawn) in [(COLOURS, true), (DUMB, false)] {
            let (code, text) = shown(&place, 80, kind, "predict @out @digit.png");
            assert_eq!(code, 0, "{text}");
            assert_eq!(text.contains(blocks), drawn, "{text}");
            mentions(&text, &["original ", "retrained ", "* The run forgets"]);
            fits(&text, COLUMNS);
        }
    }

    #[test]
    fn errors_are_folded_at_words() {
        let place = Place::new();
        let long = "run --device cpu --out @out --data @nowhere";
        let many = "run --device cpu --out @out --data @images --learners 100000";
        let unknown = "run --device there-is-no-such-device-anywhere --data @images --out @out";
        let usage = "check --kernel score --shape a-shape-that-has-no-sizes";
        let setting = "run --method a-method-that-nobody-knows";
        for command in [long, many, unknown, usage, setting, "run --no-such-flag"] {
            for columns in [80, 50, 200] {
                let (code, text) = shown(&place, columns, DUMB, command);
                assert_eq!(code, 2, "{text}");
                mentions(&text, &["error: "]);
                fits(&text, usize::from(columns).min(COLUMNS));
            }
        }
    }

    #[test]
    fn narrow_and_wide_terminals_break_nothing() {
        for columns in [1, 20, 40, 300] {
            let place = Place::new();
            let (code, text) = shown(&place, columns, COLOURS, RUN);
            assert_eq!(code, 0, "{columns}: {text}");
            let (code, text) = shown(&place, columns, DUMB, "compare --help");
            assert_eq!(code, 0, "{columns}: {text}");
            if columns >= 40 {
                fits(&text, usize::from(columns).min(COLUMNS));
            }
        }
    }
}

//! `unlearn predict`.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use unlearn::data::SIDE;
use unlearn::device;
use unlearn::error::Result;
use unlearn::photo::{self, Photo};
use unlearn::predict::{self, Answers};
use unlearn::record::Spread;
use unlearn::run_record::RunRecord;
use unlearn::verdict::fixed;

use super::table::columns;
use super::text::{self, fold};
use super::{Output, runs};

/// Which pictures, and whom to ask.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// A run's folder
    #[arg(value_name = "RUN", value_parser = super::path())]
    run: PathBuf,
    /// PNG files of any size: drawings, scans or photos, each of one digit
    #[arg(required = true, value_name = "IMAGE", value_parser = super::path())]
    images: Vec<PathBuf>,
    /// Device to compute on: auto, cpu, or an adapter's index or name (see `unlearn devices`). A few
    /// images take the CPU less time than starting an adapter
    #[arg(long, value_name = "auto|cpu|INDEX|NAME", default_value = "cpu")]
    device: String,
    /// Write every learner's probabilities to a file, or to stdout with -
    #[arg(long, value_name = "FILE", value_parser = super::path())]
    json: Option<PathBuf>,
}

/// Prints the answers of every arm to every image that can be read; the first that cannot is the error.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let record = runs::finished(&arguments.run)?;
    let output = arguments.json.as_deref().map(Output::new).transpose()?;
    let (mut paths, mut photos, mut failed) = (Vec::new(), Vec::new(), None);
    for path in &arguments.images {
        match photo::read(path) {
            Ok(photo) => {
                paths.push(path);
                photos.push(photo);
            }
            Err(e) if failed.is_none() => failed = Some(e),
            Err(e) => text::error(&format!("error: {e}")),
        }
    }
    if !photos.is_empty() {
        answer(arguments, &record, output, (&paths, &photos))?;
    }
    failed.map_or(Ok(()), Err)
}

/// Prints what is answered to these images.
fn answer(
    arguments: &Arguments,
    record: &RunRecord,
    output: Option<Output>,
    (paths, photos): (&[&PathBuf], &[Photo]),
) -> Result<()> {
    let groups = predict::groups(&arguments.run)?;
    let device = device::open(&arguments.device)?;
    let answers = predict::answers(&*device, &groups, photos)?;
    let seen = || paths.iter().zip(photos).zip(&answers);
    // If the report goes to stdout, nothing else does.
    if !matches!(output, Some(Output::Stdout)) {
        let shown = seen().map(|((path, photo), answers)| {
            let mut name = path.display().to_string();
            if !photo.notes.is_empty() {
                name += &format!(" ({})", photo.notes.join("; "));
            }
            let picture = shows_pictures().then(|| picture(&photo.pixels));
            let blocks = [Some(fold(&name, 2)), picture, Some(table(record, answers))];
            blocks.into_iter().flatten().collect::<Vec<_>>().join("\n")
        });
        super::print(&shown.collect::<Vec<_>>().join("\n\n"))?;
        legend(record)?;
    }
    let Some(output) = output else { return Ok(()) };
    let pictures = seen().map(|((path, photo), answers)| {
        json!({
            "file": path.display().to_string(),
            "notes": photo.notes,
            "pixels": photo.pixels,
            "arms": answers.iter().map(arm).collect::<Vec<_>>(),
        })
    });
    output.write(&json!({
        "run": arguments.run.display().to_string(),
        "device": device.record(),
        "classes": record.data.classes,
        "forget": record.config.forget,
        "pictures": pictures.collect::<Vec<_>>(),
    }))
}

/// An arm's answers for `--json`.
fn arm(answers: &Answers) -> Value {
    let answer = answers.ranking()[0];
    json!({
        "arm": answers.arm,
        "phase": answers.phase,
        "answer": answer,
        "confidence": answers.probability(answer).mean,
        "learners": answers.learners,
    })
}

/// A row for each arm.
fn table(record: &RunRecord, answers: &[Answers]) -> String {
    let head = ["arm", "answer", "confidence", "learners", "second"];
    let row = |answers: &Answers| {
        let [first, second, ..] = answers.ranking();
        let all = answers.learners.len();
        vec![
            answers.arm.name().to_owned(),
            named(record, first),
            plus_minus(&answers.probability(first)),
            format!("{} of {all}", answers.learners_for(first)),
            format!(
                "{} ({})",
                named(record, second),
                fixed(answers.probability(second).mean, 2)
            ),
        ]
    };
    columns(
        &head.map(str::to_owned),
        &answers.iter().map(row).collect::<Vec<_>>(),
    )
}

/// A class's name, with a star if it is to be forgotten.
fn named(record: &RunRecord, class: usize) -> String {
    let forgotten = record
        .config
        .forget
        .iter()
        .any(|&f| usize::from(f) == class);
    record.data.classes.name(class) + if forgotten { "*" } else { "" }
}

fn legend(record: &RunRecord) -> Result<()> {
    let forgotten = record.data.classes.words(&record.config.forget);
    super::print(&fold(
        &format!(
            "\n* The run forgets {forgotten}. Confidence is the softmax output of the answer, ± its \
             standard deviation over learners."
        ),
        2,
    ))
}

fn plus_minus(spread: &Spread) -> String {
    let mean = fixed(spread.mean, 2);
    match spread.learners.len() {
        1 => mean,
        _ => format!("{mean} ± {}", fixed(spread.std, 2)),
    }
}

/// Whether stdout is a terminal that has block characters.
fn shows_pictures() -> bool {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL")
        .or_else(|| set("LC_CTYPE"))
        .or_else(|| set("LANG"));
    let unicode = locale.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    let dumb = set("TERM").is_some_and(|term| term == "dumb");
    std::io::stdout().is_terminal() && unicode && !dumb
}

/// Pixels that count as ink in a picture of two shades.
const INK: u8 = 96;

/// What networks see, two pixels a character.
fn picture(pixels: &[u8]) -> String {
    let line = |rows: &[u8]| -> String {
        let (upper, lower) = rows.split_at(SIDE);
        let cell = |(&upper, &lower): (&u8, &u8)| match (upper >= INK, lower >= INK) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        let cells: String = upper.iter().zip(lower).map(cell).collect();
        format!("  {}", cells.trim_end())
    };
    let lines: Vec<String> = pixels.chunks_exact(2 * SIDE).map(line).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_two_pixels_a_character() {
        let mut pixels = vec![0; SIDE * SIDE];
        pixels[0] = 255;
        pixels[SIDE + 1] = 255;
        pixels[2] = 255;
        pixels[SIDE + 2] = 255;
        let picture = picture(&pixels);
        assert_eq!(picture.lines().count(), SIDE / 2);
        assert!(picture.starts_with("  ▀▄█\n"), "{picture}");
    }
}

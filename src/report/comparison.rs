//! A comparison of methods: what it found, and as one self-contained page.

mod answer;
mod case;
mod files;
mod inside;
mod overview;
mod panels;
mod plane;
mod plots;
mod tried;
mod verdicts;

use maud::{Markup, html};

use super::sheet::page::{document, section, warnings};
use super::sheet::{Part, Row, Section, Sheet};
use crate::compare::{Comparison, Forget, Judged, Role, Settings};
use crate::engine::Pick;
use crate::methods::named as method;
use crate::metrics;
use crate::record::Classes;

pub use files::{FOLDERS, files};
pub use inside::{Page, pages};

const STYLE: &str = include_str!("html/comparison.css");

/// The section that the page shows a picture in.
const RANKING: &str = "Ranking";

/// What crosses are in the picture of a case.
const INTERVALS: &str = "95 % confidence intervals";

/// What stands above the controls.
const CONTROLS: &str = "Controls";

/// How reports came to be.
#[derive(Clone, Debug)]
pub struct Made {
    /// The day, UTC. Nothing else in reports depends on when they are made.
    pub day: String,
    /// The command that makes the same comparison again.
    pub command: String,
}

/// What a comparison found.
pub fn sheet(c: &Comparison, made: &Made) -> Sheet {
    let meanings = meanings(c);
    let mut sections = match c.cases.as_slice() {
        [only] => case::sections(only, &meanings)
            .into_iter()
            .chain(inside::section(c))
            .collect(),
        _ => overview::sections(c, &meanings),
    };
    sections.extend([limits(c), again(made)]);
    let several = c.cases.len() > 1;
    let cases = c.cases.iter().filter(|_| several).map(|case| Sheet {
        title: c.settings.name(&case.case),
        sections: case::sections(case, &meanings),
        ..Sheet::default()
    });
    let answer = answer::answer(c).into_iter();
    Sheet {
        title: format!("Which method forgets {}?", forgotten(&c.settings)),
        warnings: c.never_learned.clone(),
        lead: answer.chain(lead(c, made)).collect(),
        sections,
        cases: cases.collect(),
    }
}

/// The page.
pub fn page(c: &Comparison, made: &Made) -> String {
    let sheet = sheet(c, made);
    let answered = usize::from(answer::answer(c).is_some());
    let (answer, lead) = sheet.lead.split_at(answered.min(sheet.lead.len()));
    let body = html! {
        header {
            h1 { (sheet.title) }
            (warnings(&sheet))
            @for text in answer { div.verdict { p { (text) } } }
            @for text in lead { p.lead { (text) } }
        }
        @if let [only] = c.cases.as_slice() {
            (sections(&sheet, &of_case(only), &plots::pictures(only, &c.settings.classes), &inside::links(c)))
        } @else {
            (sections(&sheet, &plane::shown(&overview::points(c), "standard deviations over cases"), &html! {}, &html! {}))
            @for (sheet, case) in sheet.cases.iter().zip(&c.cases) { details {
                summary { (sheet.title) }
                (sections(sheet, &of_case(case), &plots::pictures(case, &c.settings.classes), &html! {}))
            } }
        }
    };
    document(&sheet.title, STYLE, None, &body)
}

/// The ranking of a case as a picture.
fn of_case(case: &Judged) -> Markup {
    plane::shown(&case::points(case), INTERVALS)
}

/// What is said in short, with the ranking as a picture; other pictures; and the rest.
fn sections(sheet: &Sheet, ranking: &Markup, pictures: &Markup, links: &Markup) -> Markup {
    let with = |brief| sheet.sections.iter().filter(move |s| s.brief == brief);
    let shown = |s: &Section, picture| section(&cut(s), picture);
    html! {
        @for s in with(true) { (shown(s, (s.title == RANKING).then(|| ranking.clone()))) }
        (pictures)
        @for s in with(false) { (shown(s, (s.title == crate::report::inside::TITLE).then(|| links.clone()))) }
    }
}

/// The page's width in pixels, as its style sheet has it.
const PAGE: usize = 1164;
/// Pixels between columns, and of a character: more than most have.
const BETWEEN: usize = 17;
const CHARACTER: f64 = 7.4;

/// A section whose tables fit the page: wide ones continue below.
fn cut(section: &Section) -> Section {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few hundred"
    )]
    let width = |text: &str| BETWEEN + (CHARACTER * text.chars().count() as f64) as usize;
    let parts = section.parts.iter().flat_map(|part| match part {
        Part::Table(table) => {
            let parts = table.parts(PAGE, width);
            parts.into_iter().map(Part::Table).collect()
        }
        other => vec![other.clone()],
    });
    Section {
        parts: parts.collect(),
        ..*section
    }
}

fn forgotten(settings: &Settings) -> String {
    match &settings.forget {
        Forget::Digits(all) => settings.classes.words(all),
        Forget::Each => each(&settings.classes),
        Forget::Samples(count) => format!("{count} {}training images", settings.pick.adjective()),
    }
}

/// "each of the ten digits", "each of the 4 classes".
fn each(classes: &Classes) -> String {
    match classes.noun() {
        "digit" => "each of the ten digits".to_owned(),
        _ => format!("each of the {} classes", classes.count()),
    }
}

fn lead(c: &Comparison, made: &Made) -> Vec<String> {
    let s = &c.settings;
    let [methods, controls] = apart(&c.methods, |m| m.role).map(|all| all.len());
    let counted = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    };
    let methods = counted(methods, "method");
    let controls = counted(controls, "control");
    let seeds: Vec<String> = s.seeds.iter().map(u64::to_string).collect();
    let plural = if seeds.len() == 1 { "" } else { "s" };
    let mut lead = vec![
        format!(
            "{methods} and {controls} were applied to {} original networks to forget {}, with up to {} steps each. \
             The reference is {} networks retrained without that data.",
            s.learners,
            forgotten(s),
            s.budget,
            s.retrained,
        ),
        format!(
            "{} · {} · {} · seed{plural} {} · unlearn {} · {}",
            s.data,
            s.device,
            passes(s.epochs),
            seeds.join(", "),
            env!("CARGO_PKG_VERSION"),
            made.day,
        ),
    ];
    if let Forget::Samples(_) = s.forget {
        let how = match s.pick {
            Pick::Random => "drawn at random",
            _ => "picked by their scores in networks trained on random parts of the images",
        };
        lead.push(format!(
            "The images to forget were {how}, from all {}, so no {} is forgotten: TA kept equals TA all, and \
             answers and relearning are measured on the forgotten training images.",
            s.classes.nouns(),
            s.classes.noun()
        ));
    }
    lead
}

/// "1 epoch".
fn passes(epochs: f64) -> String {
    let plural = if epochs == 1.0 { "" } else { "s" };
    format!("{epochs} epoch{plural}")
}

/// What the ranking's figures are.
const FIGURES: &str = "residual knowledge: of what was to be forgotten (0: as retrained, 1: as the originals). damage: to \
     what was to be kept, plus what is beyond or beside retraining. distance: from retraining, by both.";

/// What else the ranking of a case shows.
const PLACES: &str = "place: range that the errors allow. differs on: metrics that distinguish it from retraining, of those \
     that distinguish the originals. ±: half of the 95 % interval.";

/// What controls are there for.
fn controls<'a>(names: impl Iterator<Item = &'a str>) -> Part {
    let term = |name: &str| (name.to_owned(), control(name));
    Part::Terms(names.map(term).collect())
}

/// What a control shows.
fn control(name: &str) -> String {
    let known = match name {
        "retrain" => "exact retraining, in another order: what there is to reach",
        "retrain-longer" => "retraining with a method's steps on top: what more training does",
        "retrain-shorter" => "retraining with a method's steps only: what too little training does",
        "zero-logit" => "hides the answer in the last layer, and forgets nothing below it",
        "do-nothing" => "the originals themselves: what there is to forget",
        other => method(other).map_or("", |m| m.source()),
    };
    known.to_owned()
}

/// Methods, and controls.
fn apart<T>(all: &[T], role: impl Fn(&T) -> Role) -> [Vec<&T>; 2] {
    let (controls, methods) = all.iter().partition(|one| role(one) == Role::Control);
    [methods, controls]
}

/// A row for each method, and below a heading for each control.
fn grouped<'a, T>(
    all: &'a [T],
    role: impl Fn(&T) -> Role,
    row: impl Fn(&'a T) -> Option<Row>,
) -> Vec<Row> {
    let rows = |all: Vec<&'a T>| all.into_iter().filter_map(&row).collect::<Vec<_>>();
    let [mut rows, controls] = apart(all, role).map(rows);
    if !controls.is_empty() {
        rows.push(Row::new(CONTROLS, []));
        rows.extend(controls);
    }
    rows
}

/// How reports were made, and how they are made again.
fn again(made: &Made) -> Section {
    let mut text = format!(
        "unlearn {} made this report on {} (UTC). The command for the same comparison",
        env!("CARGO_PKG_VERSION"),
        made.day
    );
    text += match made.command.contains(" FOLDER") {
        true => ", where FOLDER is a folder of one's own:",
        false => ":",
    };
    let command = Part::Command(made.command.clone());
    Section::new("Again", vec![Part::Text(text), command])
}

/// What effects are.
fn effects() -> String {
    format!(
        "0: like retraining. 1: like the originals or, for metrics of what is to be kept (RA, TA kept …), like \
         untrained networks. Negative: beyond retraining. * differs from retraining (p < .05, adjusted by Holm \
         for all metrics). Green: equivalent to retraining, the 90 % interval lies within {}. Unshaded: undecided. \
         –: the metric does not distinguish the end of its scale from retraining here.",
        crate::compare::MARGIN
    )
}

/// A method's name where controls are not apart.
fn label(name: &str, role: Role) -> String {
    match role {
        Role::Control => format!("{name} (control)"),
        _ => named(name, role),
    }
}

/// A method's name where controls are apart.
fn named(name: &str, role: Role) -> String {
    match role {
        Role::Model => format!("{name} (model)"),
        _ => name.to_owned(),
    }
}

/// What each metric means, by its name.
fn meanings(c: &Comparison) -> Vec<(String, String)> {
    let metrics = metrics::all(c.settings.hidden.len());
    let terms = metrics.iter().map(|m| (m.name().to_owned(), m.meaning()));
    terms.collect()
}

fn limits(c: &Comparison) -> Section {
    let text = format!(
        "This is not a certificate: it says which methods these metrics distinguish from {} retrained \
         networks on this task, and nothing about other attacks. Output that looks forgotten is not \
         erased: the zero-logit control changes only the last layer. Metrics overlap: on MNIST, the 26 with a \
         value per network are about ten independent looks.",
        c.settings.retrained
    );
    Section::brief("What this does not say", vec![Part::Text(text)])
}

//! A comparison of methods: what it found, and as one self-contained page.

mod case;
mod inside;
mod overview;
mod plane;
mod plots;

use maud::{Markup, html};

use super::sheet::page::{document, section, warnings};
use super::sheet::{Part, Section, Sheet};
use crate::compare::{Comparison, Forget, Role, Settings};
use crate::engine::Pick;
use crate::metrics;
use crate::record::Classes;

pub use inside::{FOLDER, Page, pages};

const STYLE: &str = include_str!("html/comparison.css");

/// The section that the page shows a picture in.
const RANKING: &str = "Ranking";

/// What crosses are in the picture of a case.
const INTERVALS: &str = "95 % confidence intervals";

/// What a comparison found.
pub fn sheet(c: &Comparison) -> Sheet {
    let mut sections = match c.cases.as_slice() {
        [only] => case::sections(only)
            .into_iter()
            .chain(inside::section(c))
            .collect(),
        _ => overview::sections(c),
    };
    sections.extend([meanings(c), limits(c)]);
    let several = c.cases.len() > 1;
    let cases = c.cases.iter().filter(|_| several).map(|case| Sheet {
        title: c.settings.name(&case.case),
        sections: case::sections(case),
        ..Sheet::default()
    });
    Sheet {
        title: format!("Which method forgets {}?", forgotten(&c.settings)),
        warnings: c.never_learned.clone(),
        lead: lead(c),
        sections,
        cases: cases.collect(),
    }
}

/// The page.
pub fn page(c: &Comparison) -> String {
    let sheet = sheet(c);
    let body = html! {
        header {
            h1 { (sheet.title) }
            (warnings(&sheet))
            @for text in &sheet.lead { p.lead { (text) } }
        }
        @if let [only] = c.cases.as_slice() {
            (sections(&sheet, &plane::picture(&case::points(only), INTERVALS), &plots::pictures(only, &c.settings.classes), &inside::links(c)))
        } @else {
            (sections(&sheet, &plane::picture(&overview::points(c), "standard deviations over cases"), &html! {}, &html! {}))
            @for (sheet, case) in sheet.cases.iter().zip(&c.cases) { details {
                summary { (sheet.title) }
                (sections(sheet, &plane::picture(&case::points(case), INTERVALS), &plots::pictures(case, &c.settings.classes), &html! {}))
            } }
        }
    };
    document(&sheet.title, STYLE, None, &body)
}

/// What is said in short, with the ranking as a picture; other pictures; and the rest.
fn sections(sheet: &Sheet, ranking: &Markup, pictures: &Markup, links: &Markup) -> Markup {
    let with = |brief| sheet.sections.iter().filter(move |s| s.brief == brief);
    html! {
        @for s in with(true) { (section(s, (s.title == RANKING).then(|| ranking.clone()))) }
        (pictures)
        @for s in with(false) { (section(s, (s.title == crate::report::inside::TITLE).then(|| links.clone()))) }
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

fn lead(c: &Comparison) -> Vec<String> {
    let s = &c.settings;
    let methods = match c.methods.len() {
        1 => "1 method was".to_owned(),
        count => format!("{count} methods were"),
    };
    let seeds: Vec<String> = s.seeds.iter().map(u64::to_string).collect();
    let plural = if seeds.len() == 1 { "" } else { "s" };
    let mut lead = vec![
        format!(
            "{methods} applied to {} original networks to forget {}, with up to {} steps each. The \
             reference is {} networks retrained without that data.",
            s.learners,
            forgotten(s),
            s.budget,
            s.retrained,
        ),
        format!(
            "{} · {} · seed{plural} {}",
            s.data,
            s.device,
            seeds.join(", ")
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

/// What the ranking's figures are.
fn figures() -> &'static str {
    "residual knowledge: how much of what was to be forgotten is still there, 0 as in retrained networks, 1 \
     as in the originals; the mean over four kinds of metric. damage: what is lost of what was to be kept (1: \
     all of it), plus how far beyond or beside retraining the networks are."
}

/// What else the ranking of a case shows.
const PLACES: &str = "± half of the 95 % confidence interval over networks. place: by the distance from retraining \
     in the plane of the two; a range counts all methods whose distance does not differ at 5 %, each pair by \
     itself.";

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

/// A method's name, with a note where it is not an unlearning method.
fn label(name: &str, role: Role) -> String {
    match role {
        Role::Method => name.to_owned(),
        Role::Control => format!("{name} (control)"),
        Role::Model => format!("{name} (model)"),
    }
}

fn meanings(c: &Comparison) -> Section {
    let metrics = metrics::all(c.settings.hidden.len());
    let terms = metrics
        .iter()
        .map(|m| (m.name().to_owned(), m.meaning().to_owned()));
    Section::new("Metrics", vec![Part::Terms(terms.collect())])
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

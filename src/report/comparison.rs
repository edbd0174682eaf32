//! A comparison of methods: what it found, and as one self-contained page.

mod case;
mod overview;
mod plots;

use maud::{Markup, html};

use super::sheet::page::{document, section, warnings};
use super::sheet::{Part, Section, Sheet};
use crate::compare::{Comparison, Forget, Settings};
use crate::metrics::{self, floor::SPLITS};
use crate::record::Classes;

const STYLE: &str = include_str!("html/comparison.css");

/// The section that the page shows a picture in.
const RANKING: &str = "Ranking";

/// What a comparison found.
pub fn sheet(c: &Comparison) -> Sheet {
    let mut sections = match c.cases.as_slice() {
        [only] => case::sections(only),
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
            (sections(&sheet, &plots::ranking(&case::ranked(only)), &plots::pictures(only, &c.settings.classes)))
        } @else {
            (sections(&sheet, &plots::ranking(&overview::ranked(c)), &html! {}))
            @for (sheet, case) in sheet.cases.iter().zip(&c.cases) { details {
                summary { (sheet.title) }
                (sections(sheet, &plots::ranking(&case::ranked(case)), &plots::pictures(case, &c.settings.classes)))
            } }
        }
    };
    document(&sheet.title, STYLE, &body)
}

/// What is said in short, with the ranking as a picture; other pictures; and the rest.
fn sections(sheet: &Sheet, ranking: &Markup, pictures: &Markup) -> Markup {
    let with = |brief| sheet.sections.iter().filter(move |s| s.brief == brief);
    html! {
        @for s in with(true) { (section(s, (s.title == RANKING).then(|| ranking.clone()))) }
        (pictures)
        @for s in with(false) { (section(s, None)) }
    }
}

fn forgotten(settings: &Settings) -> String {
    match &settings.forget {
        Forget::Digits(all) => settings.classes.words(all),
        Forget::Each => each(&settings.classes),
        Forget::Samples(count) => format!("{count} training images"),
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
        lead.push(format!(
            "The images were drawn at random from all {}, so no {} is forgotten: TA kept equals \
                 TA all, and answers and relearning are measured on the forgotten training images.",
            s.classes.nouns(),
            s.classes.noun()
        ));
    }
    lead
}

/// What distances are measured in.
fn noise_floor() -> String {
    format!(
        "A metric's noise floor is how much groups of retrained networks differ among themselves (95th \
         percentile of {SPLITS} random splits). Up to 1, a method is not distinguishable from retraining \
         on that metric; * marks larger distances."
    )
}

/// What the ranking's figures are.
fn figures<'a>(mut methods: impl Iterator<Item = &'a str>) -> String {
    let retrains = methods.any(|name| crate::methods::named(name).is_some_and(|m| m.retrains()));
    let retrain = match retrains {
        true => " retrain is a second set of retrained networks, scored like a method.",
        false => "",
    };
    format!(
        "The score is the mean distance from retraining over four kinds of metric, in units of the noise \
         floor. {}{retrain}",
        noise_floor()
    )
}

/// A method's name, with a note where it is not an unlearning method.
fn label(method: &str) -> String {
    match crate::methods::named(method) {
        Some(m) if m.retrains() => format!("{method} (2nd set)"),
        Some(m) if m.is_control() => format!("{method} (control)"),
        _ => method.to_owned(),
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
         erased: the zero-logit control changes only the last layer.",
        c.settings.retrained
    );
    Section::brief("What this does not say", vec![Part::Text(text)])
}

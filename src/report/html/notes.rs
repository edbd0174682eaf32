//! The parts in words: how to read the page, what it does not show, and what was run.

use maud::{Markup, html};

use super::format::{count, duration};
use super::mark::key;
use crate::data;
use crate::record::{Arm, CLASSES, Classes, Phase};
use crate::run_record::RunRecord;

/// The arms and the figures, in plain words.
pub(crate) fn how_to_read(record: &RunRecord) -> Markup {
    let classes = &record.data.classes;
    let (forgotten, nouns) = (classes.words(&record.config.forget), classes.nouns());
    html! {
        section {
            h2 { "How to read this" }
            dl.notes {
                dt { (key(Arm::Original, false)) "original" }
                dd {
                    @if record.config.from.is_some() {
                        "Your own networks, never unlearned: as they came until the end of the learn phase, then \
                         trained on all " (nouns) " for as many steps as the others."
                    } @else {
                        "Never unlearned: trained on all " (nouns) " in every phase, for as many steps as \
                         the others. What would have happened anyway."
                    }
                }
                dt { (key(Arm::Retrained, false)) "retrained" }
                dd {
                    "Never saw " (forgotten) " before the relearn phase. What not knowing looks \
                     like, and how fast it is learned for the first time."
                }
                dt { (key(Arm::Unlearned, true)) "unlearned" }
                dd { "The original networks after they were made to forget " (forgotten) "." }
                dt { (key(Arm::Relearned, false)) "relearned" }
                dd { "The unlearned networks, trained on all " (nouns) " again." }
                dt { "±" }
                dd { (plus_minus(record.config.learners)) }
                dt { "confidence" }
                dd {
                    "The mean of the largest softmax output: how sure the network is of its answer, \
                     right or wrong. With " (CLASSES) " outputs it cannot be below 0.10."
                }
            }
        }
    }
}

fn plus_minus(learners: usize) -> String {
    if learners > 1 {
        format!(
            "The standard deviation over the {learners} learners of an arm: how much networks differ \
             that started from different random weights. It is not the error of the mean."
        )
    } else {
        "This run has a single learner per arm, so there is no spread to show. Run several to see \
         which differences are more than luck."
            .to_owned()
    }
}

/// What must not be concluded.
pub(crate) fn limits(classes: &Classes) -> Markup {
    let noun = classes.noun();
    html! {
        section.limits {
            h2 { "What this does not show" }
            ul {
                li {
                    b { "What a network outputs is not all it knows. " }
                    "Low accuracy on a " (noun) " is no proof that it was erased: it may still be there, \
                     inside, one step away. Compare how fast the relearned and the retrained arm \
                     come back."
                }
                li {
                    b { "Forgetting leaves a trace. " }
                    "A network that answers every forgotten " (noun) " with an even shrug differs from one \
                     that never saw the " (noun) " and confidently takes it for another. The verdict above says \
                     whether groups of networks are distinguishable by that, and whether single ones are."
                }
                li {
                    b { "No certificate. " }
                    "Nothing here guarantees that the training images cannot be recovered, and small \
                     networks on small pictures say little about large ones."
                }
            }
        }
    }
}

/// Settings, device, data and timing.
pub(crate) fn facts(record: &RunRecord) -> Markup {
    html! {
        section {
            h2 { "What was run" }
            div.facts {
                (fact_card("Training", &training(record)))
                (fact_card("Unlearning and relearning", &unlearning(record)))
                (fact_card("Data", &data(record)))
                (fact_card("Device", &device(record)))
                (fact_card("Time", &timing(record)))
                (fact_card("Run", &run(record)))
            }
            (again(record))
        }
    }
}

/// The command that repeats the run.
fn again(record: &RunRecord) -> Markup {
    let mut config = record.config.clone();
    let known = data::argument(&record.data.name).unwrap_or(&config.data);
    // Of another folder the record knows what it is, not where.
    let elsewhere = known == record.data.label();
    config.data = if elsewhere { "FOLDER" } else { known }.to_owned();
    html! {
        h3.again { "To repeat it" }
        pre.card { code { (config.command()) } }
        p.under {
            "These are the settings that are not at their defaults. "
            @if elsewhere { "FOLDER is where the images are. " }
            @if config.method_file.is_some() { "The method's file is in config.toml. " }
            "With " code { "unlearn run --config runs/…" } ", the folder of this run, its " code { "config.toml" }
            " repeats it bit for bit on the same adapter."
        }
    }
}

type Facts = Vec<(&'static str, String)>;

fn fact_card(title: &str, facts: &Facts) -> Markup {
    html! {
        div.card {
            h3 { (title) }
            dl {
                @for (name, value) in facts { dt { (name) } dd { (value) } }
            }
        }
    }
}

fn training(record: &RunRecord) -> Facts {
    let config = &record.config;
    let hidden: Vec<String> = config.hidden.iter().map(usize::to_string).collect();
    let hidden = if hidden.is_empty() {
        "none".to_owned()
    } else {
        hidden.join(" – ")
    };
    let from = config
        .from
        .iter()
        .map(|file| ("originals from", file.clone()));
    let facts = vec![
        ("hidden layers", hidden),
        ("learners per arm", config.learners.to_string()),
        ("epochs", config.epochs.to_string()),
        ("batch", config.batch.to_string()),
        ("learning rate", config.lr.to_string()),
        ("momentum", config.momentum.to_string()),
        ("weight decay", config.weight_decay.to_string()),
        ("seed", config.seed.to_string()),
    ];
    from.chain(facts).collect()
}

fn unlearning(record: &RunRecord) -> Facts {
    let config = &record.config;
    let method = match config.setting().strength {
        0.0 => config.method.clone(),
        strength => format!("{}, strength {strength}", config.method),
    };
    vec![
        ("forget", record.data.classes.list(&config.forget)),
        ("method", method),
        ("unlearn epochs", config.unlearn_epochs.to_string()),
        ("unlearn rate", config.unlearn_rate().to_string()),
        ("relearn epochs", config.relearn_epochs.to_string()),
        ("evaluations", format!("{} per epoch", config.evaluations)),
        ("evaluated on", evaluated(record)),
    ]
}

/// On how many test images.
fn evaluated(record: &RunRecord) -> String {
    let all = count(record.data.test);
    match record.part() {
        None => format!("all {all} test images"),
        Some(part) => format!(
            "all {all} test images at the ends of phases, {} of them in between",
            count(part)
        ),
    }
}

fn data(record: &RunRecord) -> Facts {
    let data = &record.data;
    let mut facts = vec![("name", data.name.clone())];
    facts.extend(data.hash().map(|hash| ("SHA-256", hash.to_owned())));
    facts.push(("training images", count(data.train)));
    facts.push(("test images", count(data.test)));
    facts
}

fn device(record: &RunRecord) -> Facts {
    let device = &record.device;
    let facts = vec![
        ("name", device.name.clone()),
        ("backend", device.backend.clone()),
        ("kind", device.kind.to_string()),
        ("driver", device.driver.clone()),
        ("chosen because", device.reason.clone()),
    ];
    facts.into_iter().filter(|(_, v)| !v.is_empty()).collect()
}

fn timing(record: &RunRecord) -> Facts {
    let phases = [Phase::Learn, Phase::Unlearn, Phase::Relearn];
    let names = phases
        .map(Phase::name)
        .into_iter()
        .chain(["inside", "total"]);
    let learned = Phase::Learn.name();
    let known = names.filter_map(|name| match (&record.reused, record.seconds.get(name)) {
        (Some(run), None) if name == learned => Some((name, format!("reused from {run}"))),
        (_, seconds) => Some((name, duration(*seconds?))),
    });
    known.collect()
}

fn run(record: &RunRecord) -> Facts {
    vec![
        ("name", record.config.name.clone()),
        ("started", format!("{} UTC", record.started)),
        ("version", format!("unlearn {}", record.version)),
    ]
}

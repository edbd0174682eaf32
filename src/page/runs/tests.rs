use super::*;
use crate::data;
use crate::device::cpu::Cpu;
use crate::device::replay::replay;
use crate::methods::METHODS;
use crate::record::Score;

/// Keeps what a run finds.
#[derive(Default)]
struct Kept(Vec<Vec<Score>>, usize);

impl Progress for Kept {}

impl Observer for Kept {
    fn phase(&mut self, _: Phase, _: u32, _: u32) {}

    fn evaluated(&mut self, _: &[Point]) -> Result<()> {
        self.1 += 1;
        Ok(())
    }

    fn end(&mut self, outcomes: &[Outcome], _: &[Vec<f32>]) -> Result<()> {
        self.0
            .push(outcomes.iter().flat_map(|o| o.scores.clone()).collect());
        Ok(())
    }

    fn keep(&mut self, _: &State) -> Result<()> {
        Ok(())
    }
}

fn settings(method: &str) -> Config {
    Config {
        method: method.to_owned(),
        learners: 2,
        hidden: vec![24, 16],
        epochs: 1.0,
        evaluations: 1,
        ..Config::default()
    }
}

/// The images that a learner's confusion matrix counts right, of each of its reads.
fn right(counts: &[u32]) -> Vec<u32> {
    let learners = counts.chunks_exact(120);
    learners
        .map(|own| (0..10).map(|digit| own[11 * digit]).sum())
        .collect()
}

#[test]
fn a_script_does_what_the_run_does() {
    let data = data::small(600, 300);
    let mut written = Vec::new();
    for method in METHODS.iter().map(|method| method.name()) {
        let config = settings(method);
        let blobs = Blobs::default();
        let Ok(script) = script(&config, &data, &blobs) else {
            continue;
        };
        written.push(method);
        let cpu = Cpu::new("");
        let found = replay(&script, &blobs.packed(), &cpu);
        let mut kept = Kept::default();
        let store = Store::nowhere();
        let run = Run::new(&config, &data, &cpu, &store).unwrap();
        run.run(run.start(None).unwrap(), &mut kept).unwrap();
        // The last reads of a script are the relearned networks' and their controls'.
        let counts = found.iter().filter(|(what, _)| *what == "counts");
        let counts: Vec<u32> = counts.flat_map(|(_, counts)| right(counts)).collect();
        let score = |score: &Score| (0..10).map(|digit| score.confusion[digit][digit]).sum();
        let expected: Vec<u32> = kept.0[2].iter().map(score).collect();
        assert!(counts.ends_with(&expected), "{method}: {expected:?}");
    }
    let known = [
        "task-negation",
        "boundary-expand",
        "fine-tune",
        "uniform",
        "gradient-ascent",
        "zero-logit",
    ];
    assert!(
        known.iter().all(|name| written.contains(name)),
        "{written:?}"
    );
}

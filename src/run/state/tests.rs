use super::*;
use crate::config::Config;
use crate::data;
use crate::device::cpu::Cpu;
use crate::engine::Store;
use crate::progress::Progress;
use crate::record::Point;
use crate::run::Observer;

/// Stops at its patience's end, and keeps the last state and all weights.
#[derive(Default)]
struct Keeper {
    patience: Option<u64>,
    state: Option<State>,
    weights: Vec<Vec<f32>>,
}

impl Progress for Keeper {
    fn advance(&mut self, steps: u64) {
        self.patience = self.patience.map(|left| left.saturating_sub(steps));
    }

    fn stopped(&self) -> bool {
        self.patience == Some(0)
    }
}

impl Observer for Keeper {
    fn phase(&mut self, _: Phase, _: u32, _: u32) {}

    fn evaluated(&mut self, _: &[Point]) -> Result<()> {
        Ok(())
    }

    fn end(&mut self, _: &[Outcome], weights: &[Vec<f32>]) -> Result<()> {
        self.weights.extend_from_slice(weights);
        Ok(())
    }

    fn keep(&mut self, state: &State) -> Result<()> {
        self.state = Some(state.clone());
        Ok(())
    }
}

fn go(run: &Run<'_>, from: Option<State>, patience: Option<u64>) -> Keeper {
    let mut keeper = Keeper {
        patience,
        ..Keeper::default()
    };
    let ended = run.run(run.start(from).unwrap(), &mut keeper);
    assert_eq!(ended.is_ok(), patience.is_none());
    keeper
}

/// Runs a test on a small run.
fn with_run(test: impl FnOnce(&Run<'_>)) {
    let config = Config {
        learners: 2,
        hidden: vec![16],
        momentum: 0.5,
        epochs: 0.05,
        unlearn_epochs: 0.0,
        relearn_epochs: 0.0,
        evaluations: 20,
        ..Config::default()
    };
    let digits = data::load("builtin", &|_| {}).unwrap();
    let (device, store) = (Cpu::new("test"), Store::nowhere());
    test(&Run::new(&config, &digits, &device, &store).unwrap());
}

/// Whatever is left out of a state, or changed in it, changes the result.
#[test]
fn every_part_of_a_state_counts() {
    with_run(|run| {
        let whole = go(run, None, None).weights;
        let state = go(run, None, Some(17)).state.unwrap();
        assert!(go(run, Some(state.clone()), None).weights == whole);
        let mutants: [fn(&mut CrewState); 3] = [
            |crew| crew.clocks[1].step += 1,
            |crew| crew.velocity.fill(0.0),
            |crew| crew.weights[1][0] += 0.01,
        ];
        for (number, mutant) in mutants.into_iter().enumerate() {
            let mut wrong = state.clone();
            mutant(&mut wrong.crews[0]);
            assert!(go(run, Some(wrong), None).weights != whole, "{number}");
        }
    });
}

#[test]
fn a_state_that_fits_no_run_is_refused() {
    with_run(|run| {
        let state = go(run, None, Some(17)).state.unwrap();
        let mutants: [fn(&mut State); 6] = [
            |s| s.crews.clear(),
            |s| s.header.phase = Phase::Unlearn,
            |s| s.crews[0].clocks.truncate(1),
            |s| s.crews[0].velocity.push(0.0),
            |s| s.crews[0].weights[0].push(0.0),
            |s| s.crews.push(CrewState::default()),
        ];
        for (number, mutant) in mutants.into_iter().enumerate() {
            let mut wrong = state.clone();
            mutant(&mut wrong);
            let error = run.start(Some(wrong)).err();
            assert!(matches!(error, Some(Error::Data(_))), "{number}");
        }
    });
}

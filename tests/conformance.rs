//! Every kernel on every adapter, and on the CPU, held against its reference: the cases of
//! `unlearn check`. A test for each kernel and adapter, another under wgpu's strict compliance with
//! WebGPU and its default limits, one that plants every sixth mutant, and one with some rewrites. SwiftShader
//! gets a few shapes of every kernel and variant, and no more: all of them take it minutes.

mod common;

use common::{all_adapters, gpu, is_slow};
use libtest_mimic::{Arguments, Failed, Trial};
use unlearn::check::report::Report;
use unlearn::check::{Options, Subject, check, control, power};
use unlearn::device::cpu::Cpu;
use unlearn::device::gpu::{Adapter, Gpu, Opening, strict_adapters};
use unlearn::device::{Device, list};
use unlearn::kernels::Fill;
use unlearn::kernels::KERNELS;
use unlearn::progress::Silent;

/// One mutant in so many is planted here; `unlearn check --mutants` plants all.
const MUTANTS: usize = 6;
/// One rewritten shader in so many runs here; `unlearn check --rewrites` runs all.
const REWRITES: usize = 12;

fn main() {
    let arguments = Arguments::from_args();
    assert_eq!(list().len(), all_adapters().len() + 1);
    let mut trials = Vec::new();
    for kernel in KERNELS.iter().map(|spec| spec.kernel.name) {
        let (slow, others): (Vec<_>, Vec<_>) = all_adapters().into_iter().partition(is_slow);
        for adapter in slow {
            let name = format!("{kernel}::on {} [{}]", adapter.name(), adapter.index);
            trials.push(Trial::test(name + "::a part", move || {
                agrees_in_part(kernel, &adapter)
            }));
        }
        for adapter in others {
            let name = format!("{kernel}::on {} [{}]", adapter.name(), adapter.index);
            let mutants = format!("{name}::mutants are caught");
            let again = adapter.clone();
            let rewrites = format!("{name}::rewrites pass");
            let third = adapter.clone();
            trials.push(Trial::test(name, move || {
                agrees(kernel, None, Box::new(gpu(&adapter)))
            }));
            trials.push(Trial::test(mutants, move || {
                mutants_are_caught(kernel, &again)
            }));
            trials.push(Trial::test(rewrites, move || rewrites_pass(kernel, &third)));
        }
        for adapter in strict_adapters().into_iter().filter(|a| !is_slow(a)) {
            let name = format!("{kernel}::on {} [{}]", adapter.name(), adapter.index);
            trials.push(Trial::test(name + "::strictly WebGPU", move || {
                agrees(kernel, Some(Fill::Exact), Box::new(portable(&adapter)))
            }));
        }
        let name = format!("{kernel}::on the CPU");
        trials.push(Trial::test(name, move || {
            agrees(kernel, None, Box::new(Cpu::new("test")))
        }));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn portable(adapter: &Adapter) -> Gpu {
    let opening = Opening {
        portable: true,
        ..Opening::default()
    };
    Gpu::open_with(adapter, "test", opening).unwrap()
}

fn options(kernel: &str, fill: Option<Fill>) -> Options {
    Options {
        kernel: Some(kernel.to_owned()),
        variant: None,
        shape: None,
        fill,
        seed: 1,
        plant: None,
    }
}

fn agrees(kernel: &str, fill: Option<Fill>, device: Box<dyn Device>) -> Result<(), Failed> {
    let subject = Subject {
        spec: "test".to_owned(),
        device,
    };
    let report: Report = check(&[subject], &options(kernel, fill), &mut Silent)?;
    for row in report.devices.iter().flat_map(|device| &device.rows) {
        if let Some(failure) = &row.failure {
            return Err(format!("{}/{}: {failure:?}", row.kernel, row.variant).into());
        }
        // Where nothing but skipping is done, nothing is shown.
        if row.cases < 50 && fill.is_none() {
            return Err(format!("only {} cases", row.cases).into());
        }
    }
    Ok(())
}

/// Under, at and over the tiles of most variants, ragged, with one learner and several.
const PART: [&str; 5] = [
    "1x1x1x1",
    "7x20x10x3",
    "64x68x33x1",
    "65x144x64x2",
    "130x16x68x5",
];

/// Every variant, with a few shapes and all fills.
fn agrees_in_part(kernel: &str, adapter: &Adapter) -> Result<(), Failed> {
    let mut subject = Subject {
        spec: "test".to_owned(),
        device: Box::new(gpu(adapter)),
    };
    for shape in PART {
        let mut options = options(kernel, None);
        options.shape = Some(shape.parse()?);
        let subjects = [subject];
        let report = check(&subjects, &options, &mut Silent)?;
        for row in report.devices.iter().flat_map(|device| &device.rows) {
            if row.failure.is_some() || row.cases < 4 {
                return Err(format!("{}/{} {shape}: {row:?}", row.kernel, row.variant).into());
            }
        }
        [subject] = subjects;
    }
    Ok(())
}

fn mutants_are_caught(kernel: &str, adapter: &Adapter) -> Result<(), Failed> {
    let opening = Opening {
        checked: true,
        ..Opening::default()
    };
    let device = Gpu::open_with(adapter, "test", opening)?;
    let mut options = options(kernel, None);
    let row = KERNELS
        .iter()
        .map(|spec| &spec.kernel)
        .find(|k| k.name == kernel)
        .unwrap();
    options.variant = Some(row.variants[0].name.to_owned());
    let mut scores = power(&device, &options, MUTANTS, &mut Silent)?;
    // Of a small shader, all.
    if scores.iter().any(|score| score.caught < 3) {
        scores = power(&device, &options, 1, &mut Silent)?;
    }
    for score in scores {
        if score.caught < 3 || !score.survivors.is_empty() {
            return Err(format!("{score:?}").into());
        }
    }
    Ok(())
}

fn rewrites_pass(kernel: &str, adapter: &Adapter) -> Result<(), Failed> {
    let some = (REWRITES, None);
    let scores = control(&gpu(adapter), &options(kernel, None), some, &mut Silent)?;
    for score in scores {
        if score.passed < 2 || !score.failures.is_empty() {
            return Err(format!("{score:?}").into());
        }
    }
    Ok(())
}

//! Every kernel on every adapter, and on the CPU, held against its reference: the cases of
//! `unlearn check`. A test for each kernel and adapter, another under wgpu's strict compliance with
//! WebGPU and its default limits, and one that plants every sixth mutant.

mod common;

use common::{Silent, all_adapters, gpu};
use libtest_mimic::{Arguments, Failed, Trial};
use unlearn::check::report::Report;
use unlearn::check::{Fill, Options, Subject, check, power};
use unlearn::device::cpu::Cpu;
use unlearn::device::gpu::{Adapter, Gpu, Opening, strict_adapters};
use unlearn::device::{Device, list};
use unlearn::kernel::KERNELS;

/// One mutant in so many is planted here; `unlearn check --mutants` plants all.
const MUTANTS: usize = 6;

fn main() {
    let arguments = Arguments::from_args();
    assert_eq!(list().len(), all_adapters().len() + 1);
    let mut trials = Vec::new();
    for kernel in KERNELS.iter().map(|k| k.name) {
        for adapter in all_adapters() {
            let name = format!("{kernel}::on {} [{}]", adapter.name(), adapter.index);
            let mutants = format!("{name}::mutants are caught");
            let again = adapter.clone();
            trials.push(Trial::test(name, move || {
                agrees(kernel, None, Box::new(gpu(&adapter)))
            }));
            trials.push(Trial::test(mutants, move || {
                mutants_are_caught(kernel, &again)
            }));
        }
        for adapter in strict_adapters() {
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

fn mutants_are_caught(kernel: &str, adapter: &Adapter) -> Result<(), Failed> {
    let opening = Opening {
        checked: true,
        ..Opening::default()
    };
    let device = Gpu::open_with(adapter, "test", opening)?;
    let mut options = options(kernel, None);
    let row = KERNELS.iter().find(|k| k.name == kernel).unwrap();
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

//! The program's own shaders are clean, and right; mutants that are not are found.

use unlearn::check::mutants::{Mutant, Operator, mutants};
use unlearn::check::report::Report;
use unlearn::check::{Options, Subject, check};
use unlearn::device::interpreter::Interpreter;
use unlearn::device::probes::PROBES;
use unlearn::interpret::{BoundKind, Program};
use unlearn::kernels::{Fill, KERNELS, Kernel, Variant};
use unlearn::progress::Silent;

use super::full;

fn options(kernel: Option<&str>) -> Options {
    Options {
        kernel: kernel.map(str::to_owned),
        variant: None,
        shape: None,
        fill: None,
        seed: 1,
        plant: None,
    }
}

fn checked(options: &Options) -> Report {
    let subject = Subject {
        spec: "interpreter".to_owned(),
        device: Box::new(Interpreter::new("test")),
    };
    check(&[subject], options, &mut Silent).unwrap()
}

/// The texts of what failed.
fn failures(report: &Report) -> Vec<String> {
    let rows = report.devices.iter().flat_map(|d| &d.rows);
    let failed = rows.filter_map(|r| Some((r, r.failure.as_ref()?)));
    failed
        .map(|(r, f)| format!("{}/{}: {}", r.kernel, r.variant, f.mismatch.text))
        .collect()
}

#[test]
fn every_kernel_is_clean_and_right() {
    let report = checked(&options(None));
    assert_eq!(failures(&report), [""; 0]);
    let rows = report.devices[0].rows.iter();
    let rows: Vec<_> = rows.filter(|row| row.kernel != "probes").collect();
    let files = KERNELS.iter().map(|spec| {
        let own = |v: &&Variant| **v == Variant::PLAIN || v.shader.is_some();
        spec.kernel.variants.iter().filter(own).count()
    });
    assert_eq!(rows.len(), files.sum::<usize>());
    let few = rows.iter().filter(|row| row.cases < 10);
    assert_eq!(few.count(), 0, "{rows:?}");
}

/// The probes of `unlearn bench` have no cases, but are shaders all the same.
#[test]
fn every_probe_is_clean() {
    let params = vec![100, 2, 0.5f32.to_bits(), 1f32.to_bits()];
    for kernel in PROBES {
        let program = Program::new(kernel.shader.text, None).unwrap();
        let buffers = program.bindings().iter().map(|b| match b.kind {
            BoundKind::Uniform => full(params.clone()),
            BoundKind::Read | BoundKind::Write => full(vec![1; 800]),
        });
        let found = program
            .run(&mut buffers.collect::<Vec<_>>(), [2, 1, 1])
            .unwrap();
        assert_eq!(found, [], "{}", kernel.name);
    }
}

/// All mutants, in all files: kernel, variant, number, and the mutant.
fn planted() -> Vec<(&'static Kernel, &'static Variant, usize, Mutant)> {
    let mut found = Vec::new();
    for kernel in KERNELS.iter().map(|spec| &spec.kernel) {
        let own = |v: &&Variant| **v == Variant::PLAIN || v.shader.is_some();
        for variant in kernel.variants.iter().filter(own) {
            let all = mutants(kernel.shader_of(variant).text);
            let numbered = all.into_iter().enumerate();
            found.extend(numbered.map(|(number, mutant)| (kernel, variant, number, mutant)));
        }
    }
    found
}

fn planting(kernel: &Kernel, variant: &Variant, number: usize, fill: Fill) -> Options {
    Options {
        variant: Some(variant.name.to_owned()),
        plant: Some(number),
        fill: Some(fill),
        ..options(Some(kernel.name))
    }
}

#[test]
fn every_missing_barrier_is_found_as_a_race() {
    let all = planted().into_iter();
    let all = all.filter(|(.., mutant)| mutant.operator == Operator::DroppedBarrier);
    let all: Vec<_> = all.collect();
    assert!(all.len() >= 5, "{}", all.len());
    for (kernel, variant, number, mutant) in all {
        let report = checked(&planting(kernel, variant, number, Fill::Exact));
        let found = failures(&report);
        let race = found.iter().any(|f| f.contains("race on"));
        assert!(race, "{}/{} {mutant}: {found:?}", kernel.name, variant.name);
    }
}

/// No device shows a read past a buffer whose value is not used; its text does.
#[test]
fn harmless_reads_past_a_buffer_are_found() {
    // Behind the weights lie biases, of which there are enough.
    let stays = ["min(j, last_col)", "stride - 1u"].map(|from| ("dense_backward_input", from));
    let mut all = 0;
    let mut missed = Vec::new();
    for (kernel, variant, number, mutant) in planted() {
        let planting = planting(kernel, variant, number, Fill::Exact);
        let argument = planting.fault().and_then(|(_, argument)| argument);
        let harmless = argument.is_some_and(|why| why.contains("may leave the buffer"));
        if !harmless || stays.contains(&(kernel.name, &*mutant.from)) {
            continue;
        }
        all += 1;
        let found = failures(&checked(&planting));
        if !found.iter().any(|f| f.contains("out of bounds")) {
            missed.push(format!(
                "{}/{} {mutant}: {found:?}",
                kernel.name, variant.name
            ));
        }
    }
    println!("{} of {all} found", all - missed.len());
    assert_eq!(missed, [""; 0]);
}

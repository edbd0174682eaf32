//! Holds one kernel, in every variant, against its reference in f64, on every adapter and the CPU.
//!
//! ```sh
//! cargo run --release --example check_kernel                 # dense_forward
//! cargo run --release --example check_kernel -- score cpu    # another kernel, on one device
//! ```

use unlearn::check::report::Row;
use unlearn::check::{Observer, Options, Subject, check};
use unlearn::device::{self, gpu::Opening};
use unlearn::progress::Progress;

/// Prints a line for each variant on each device.
struct Lines;

impl Progress for Lines {
    fn begin(&mut self, kernel: &str, _: u64) {
        println!("{kernel}");
    }
}

impl Observer for Lines {
    fn row(&mut self, subject: &Subject, row: &Row) {
        let (device, variant, cases) = (&subject.device.record().name, &row.variant, row.cases);
        print!("  {variant:<9} on {device}: {cases} cases, ");
        match (&row.failure, row.worst) {
            (Some(failure), _) => println!("wrong: {}", failure.command),
            (None, Some(worst)) => println!("the worst error is {worst:.2} of its bound"),
            (None, None) => println!("all exact"),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let kernel = arguments.next().unwrap_or("dense_forward".to_owned());
    let spec = arguments.next().unwrap_or("all".to_owned());

    let mut subjects = Vec::new();
    for opened in device::open_all(&spec, Opening::default())? {
        subjects.push(Subject {
            spec: opened.spec,
            device: opened.device?,
        });
    }
    let options = Options {
        kernel: Some(kernel),
        variant: None,
        shape: None,
        fill: None,
        seed: 1,
        plant: None,
    };
    let report = check(&subjects, &options, &mut Lines)?;
    match report.passed {
        true => Ok(()),
        false => Err("a device is wrong".into()),
    }
}

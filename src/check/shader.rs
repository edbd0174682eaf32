//! A user's shader, as its contract has it, on one or more devices.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::mutants::mutants;
use super::power::{MutationObserver, power_of};
use super::report::{Failure, Report};
use super::score::MutationScore;
use super::subject::Subject;
use super::suite::{Checked, Observer, Planned};
use super::variant::{Family, VariantCheck};
use crate::contract::{Promise, Sizes};
use crate::error::{Error, Result};
use crate::kernels::case::Case;
use crate::kernels::{Expected, Fill};
use crate::shell::quoted;

/// How long the interpreter takes cases beside other devices.
const PATIENCE: Duration = Duration::from_secs(4);

/// Which cases of a contract to run.
#[derive(Clone, Debug, Default)]
pub struct ShaderOptions {
    /// Only these sizes; those that are missing have their smallest value.
    pub sizes: Option<Sizes>,
    /// Only this fill.
    pub fill: Option<Fill>,
}

/// A contract's cases, and how much its reference leaves open.
struct Promised<'a> {
    promise: &'a Promise,
    /// Words that may be anything, and words, of all that must come out.
    open: Cell<[u64; 2]>,
}

impl Family for Promised<'_> {
    type Sizes = Sizes;

    fn build(&self, sizes: &Sizes, fill: Fill, seed: u32) -> Result<Case> {
        let case = self.promise.build(sizes, fill, seed)?;
        let [mut open, mut all] = self.open.get();
        for expected in self.promise.judged_words(&case, sizes) {
            open += u64::from(expected == Expected::Any);
            all += 1;
        }
        self.open.set([open, all]);
        Ok(case)
    }

    fn smaller(&self, sizes: &Sizes) -> Vec<Sizes> {
        self.promise.smaller(sizes)
    }

    fn work(&self, sizes: &Sizes) -> u64 {
        u64::try_from(sizes.work()).map_or(u64::MAX >> 16, |work| work.min(u64::MAX >> 16))
            + 200_000
    }

    fn arguments(&self, _: &str, sizes: &Sizes) -> String {
        let [shader, contract] = self.promise.files().map(quoted);
        let sizes = match sizes.0.is_empty() {
            true => String::new(),
            false => format!(" --sizes {sizes}"),
        };
        format!("--shader {shader} --contract {contract}{sizes}")
    }

    fn enter(&self, sizes: &Sizes, failure: &mut Failure) {
        failure.sizes = Some(sizes.clone());
        if let Some(place) = failure.mismatch.cause.place() {
            failure.element = self.promise.element(place, sizes);
        }
    }
}

/// The share of results that a reference may leave open: beyond it, nothing much has been checked.
pub const OPEN: f64 = 0.1;

impl ShaderOptions {
    /// Whether a reference leaves so much open that nothing much has been checked. A few cases that were
    /// asked for may leave more: at the smallest sizes special numbers may be all there is.
    pub fn leaves_too_much(&self, open: f64) -> bool {
        let whole = self.sizes.is_none() && self.fill.is_none();
        open >= 1.0 || (whole && open > OPEN)
    }
}

/// Checks a user's shader.
///
/// ```
/// use unlearn::check::{ShaderOptions, Subject, shader};
/// use unlearn::contract::Contract;
/// use unlearn::progress::Silent;
///
/// const DOUBLE: &str = "
///     @group(0) @binding(0) var<storage, read> x: array<f32>;
///     @group(0) @binding(1) var<storage, read_write> y: array<f32>;
///     @compute @workgroup_size(64) fn double(@builtin(global_invocation_id) id: vec3<u32>) {
///         if id.x < arrayLength(&x) { y[id.x] = 2.0 * x[id.x]; }
///     }";
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path();
/// # std::fs::write(folder.join("double.wgsl"), DOUBLE).unwrap();
/// let contract = Contract::parse(
///     r#"
///     dispatch = ["ceil(n / 64)"]
///     sizes = { n = { tile = 64 } }
///     bindings.x = { shape = ["n"] }
///     bindings.y = { shape = ["n"], output = true }
///     reference = { shader = "double.wgsl" }
///     "#,
///     "double.toml",
///     folder,
/// )?;
/// let promise = contract.bind(DOUBLE, "double.wgsl", 1)?;
/// let subjects = [Subject::interpreter()]; // and adapters: device::open_all
/// let report = shader(&promise, &ShaderOptions::default(), &subjects, &mut Silent)?;
/// assert!(report.passed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `Usage` where the contract has no such sizes, or none of the devices runs shaders; `Usage`, `Data` or
/// `Shader` where the reference says nothing. What goes wrong on a device is a failure in the report, not
/// an error.
pub fn shader(
    promise: &Promise,
    options: &ShaderOptions,
    subjects: &[Subject],
    observer: &mut dyn Observer,
) -> Result<Report> {
    let start = Instant::now();
    let mut all = Checked::all(subjects);
    let kernel = promise.kernel;
    let mut checks = Vec::new();
    for (number, subject) in subjects.iter().enumerate() {
        let variants = subject.device.variants(kernel).iter();
        let new = |variant| VariantCheck::new((number, subject), (kernel, None), variant);
        checks.extend(variants.map(new));
    }
    if checks.is_empty() {
        return Err(Error::Usage(
            "the CPU's kernels are not made from shaders: give --shader an adapter, or interpreter"
                .to_owned(),
        ));
    }
    let plan = plan(promise, options)?;
    let alone = subjects.iter().all(Subject::interprets) || options.sizes.is_some();
    let planned = Planned {
        name: kernel.name,
        repeated: repeated(&plan),
        plan,
        seed: promise.seed,
        patience: (!alone).then_some(PATIENCE),
    };
    let family = Promised {
        promise,
        open: Cell::default(),
    };
    planned.run(&family, checks, &mut all, observer)?;
    let mut report = Checked::report(all, promise.seed, start);
    let [open, words] = family.open.get();
    let open = open as f64 / words.max(1) as f64;
    report.open = Some(open);
    report.passed &= !options.leaves_too_much(open);
    Ok(report)
}

/// How many faults in a user's shader its contract finds: every `step`-th of all that can be planted, until
/// `limit` has passed.
///
/// # Errors
/// `Device` where the device fails, or `Usage` if it is the CPU; those of [`shader`] where the reference says
/// nothing.
pub fn shader_power(
    promise: &Promise,
    options: &ShaderOptions,
    subject: &Subject,
    (step, limit): (usize, Option<Duration>),
    observer: &mut dyn MutationObserver,
) -> Result<MutationScore> {
    let family = Promised {
        promise,
        open: Cell::default(),
    };
    let planned = (plan(promise, options)?, promise.seed);
    let of = (&family, promise.kernel);
    power_of(&*subject.device, of, planned, (step, limit), observer)
}

/// How many faults can be planted in a shader.
pub fn faults(promise: &Promise) -> usize {
    mutants(promise.kernel.shader.text).len()
}

/// The cases that are asked for, small ones first.
fn plan(promise: &Promise, options: &ShaderOptions) -> Result<Vec<(Sizes, Fill)>> {
    match &options.sizes {
        None => Ok(promise.plan(options.fill)),
        Some(given) => {
            let sizes = promise.filled(given)?;
            let fills = match options.fill {
                Some(fill) => vec![fill],
                None => promise.fills(),
            };
            Ok(fills
                .into_iter()
                .map(|fill| (sizes.clone(), fill))
                .collect())
        }
    }
}

/// The case whose bits must repeat: the last one whose sums depend on their order.
fn repeated(plan: &[(Sizes, Fill)]) -> usize {
    let random = plan.iter().rposition(|(_, fill)| *fill == Fill::Random);
    random.unwrap_or(plan.len().saturating_sub(1))
}

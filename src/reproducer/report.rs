//! `report.md`: a failure in words, for whoever maintains the driver or the shader.

use std::fmt::Write as _;

use super::{Buffer, Description, Found, Guard, interpreted};
use crate::device::INTERPRETER;
use crate::kernels::{Cause, WINDOW};

/// Wrong words that are listed one by one.
const LISTED: usize = 8;

/// The report of a failure. `files` are those of its folder.
pub(super) fn text(found: &Found<'_>, about: &Description, files: &[(String, Vec<u8>)]) -> String {
    let parts = [
        head(about),
        wrong(found, about),
        whose(found, about),
        again(about),
        without(about),
        contents(about, files),
    ];
    parts.join("\n")
}

fn head(about: &Description) -> String {
    let (device, program) = (&about.device, &about.program);
    let title = match about.mismatch.cause {
        Cause::NoResult { .. } => "no result",
        Cause::NotRepeated { .. } => "results that change from run to run",
        Cause::Undefined { .. } => "undefined behaviour",
        Cause::GuardZone { .. } => "a write outside of a buffer",
        _ => "a wrong result",
    };
    format!(
        "# {title} of a WGSL compute shader on {name}\n\n\
         | | |\n|---|---|\n\
         | device | {name} ({kind}) |\n\
         | driver | {driver} |\n\
         | backend | {backend}, by wgpu 30 |\n\
         | system | {os}, {arch} |\n\
         | shader | `shader.wgsl`, entry point `{entry}`; {checks} |\n\
         | found by | unlearn {version}: `{command}` |\n",
        title = capital(title),
        name = device.name,
        kind = device.kind,
        driver = device.driver,
        backend = device.backend,
        os = program.os,
        arch = program.arch,
        entry = about.entry,
        checks = match about.checked {
            true => "kept within its buffers by checks in its code or by the driver's own",
            false => "compiled without checks of bounds and loops, which it does not need",
        },
        version = program.version,
        command = about.command,
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// What is wrong, how much of it, and whether it comes again.
fn wrong(found: &Found<'_>, about: &Description) -> String {
    let mut text = format!("## What is wrong\n\n{}.\n", about.mismatch.text);
    if let Some(number) = about.kernel.plant {
        let _ = write!(
            text,
            "\nThe shader has a fault that was planted in it (`--plant {number}`): this is no fault of the \
             device.\n"
        );
    }
    if found.got.is_empty() {
        return text;
    }
    text += &counts(found);
    if let Some(repeats) = about.repeats {
        let same = match repeats.results {
            1 => "all gave the same bits".to_owned(),
            n => format!("they gave {n} different results"),
        };
        let (runs, wrong) = (repeats.runs, repeats.wrong);
        let _ = write!(
            text,
            "\nOf {runs} more runs with the same inputs {wrong} were wrong; {same}.\n"
        );
    }
    if about.kernel.origin.is_some() {
        text += "\nIt is the smallest case of its kind that still fails.\n";
    }
    text
}

/// How many words are wrong, and the first of them.
fn counts(found: &Found<'_>) -> String {
    let (case, mut text, mut listed) = (found.case, String::new(), Vec::new());
    let inside = |binding: usize| {
        let got = &found.got[binding];
        &got[WINDOW..WINDOW + case.inputs[binding].len()]
    };
    for binding in 0..found.got.len() {
        let got = inside(binding);
        let wrong = case.wrong_words(binding, got).count();
        if wrong > 0 {
            let name = &case.kernel.bindings()[binding].name;
            let _ = write!(
                text,
                "\n{wrong} of {} words of `{name}` are wrong.",
                got.len()
            );
            let words = case.wrong_words(binding, got);
            listed.extend(words.take(LISTED).map(|word| (binding, word)));
        }
    }
    if listed.is_empty() {
        return text;
    }
    text += "\n\n| word | got | expected | bound |\n|---|---|---|---|\n";
    for (binding, (at, expected)) in listed.into_iter().take(LISTED) {
        let mismatch = case.mismatch(binding, at, inside(binding)[at], expected);
        let _ = writeln!(text, "| {} |", mismatch.cause.words().join(" | "));
    }
    text
}

/// Whose fault it may be.
fn whose(found: &Found<'_>, about: &Description) -> String {
    if about.device.backend == "CPU" {
        return "## The shader or the driver?\n\nNeither: the CPU runs its own form of the kernel, not \
                this shader.\n"
            .to_owned();
    }
    if about.device.backend == INTERPRETER {
        return "## The shader or the driver?\n\nThe shader: the interpreter, which has no driver, found it.\n"
            .to_owned();
    }
    let text = found.kernel.source_with_buffers(found.variant);
    let found = interpreted(&text, found.case, about.workgroups, &about.mismatch.cause);
    found.map_or(String::new(), |words| {
        format!("## The shader or the driver?\n\n{words}\n")
    })
}

/// How to repeat it with this program.
fn again(about: &Description) -> String {
    let texture = match about.kernel.mirrored.is_empty() {
        true => String::new(),
        false => format!(
            "\nThe shader reads {} through storage textures that hold the same words ({} texels in a \
             row). `buffers.wgsl` is the same shader with buffers in their place.\n",
            about.kernel.mirrored.join(", "),
            crate::kernels::TEXELS
        ),
    };
    format!(
        "## Repeat it with unlearn\n\n```sh\nunlearn check --replay THIS-FOLDER                    # on \
         every device\nunlearn check --replay THIS-FOLDER --device INDEX     # see `unlearn devices`\n\
         ```\n{texture}"
    )
}

/// How to repeat it without this program.
fn without(about: &Description) -> String {
    let [x, y, z] = about.workgroups;
    let [tx, ty, tz] = about.workgroup_size;
    let mut text = "## Repeat it without unlearn\n\n\
         1. Compile `shader.wgsl`, or one of its translations by naga 30: `shader.spv` (`spirv-dis` shows it), \
         `shader.hlsl`, `shader.metal`. They number bindings as wgpu does: in Vulkan within their group, \
         in Direct3D and Metal within their kind of register.\n\
         2. Bind these buffers, filled from `NAME.in.bin`. All files are 32-bit words, lowest byte \
         first.\n\n\
         | group | binding | name | address space | element | words |\n|---|---|---|---|---|---|\n"
    .to_owned();
    for buffer in &about.bindings {
        let Buffer {
            group,
            binding,
            name,
            element,
            words,
            ..
        } = buffer;
        let space = buffer.kind.wgsl();
        let _ = writeln!(
            text,
            "| {group} | {binding} | `{name}` | {space} | {element} | {words} |"
        );
    }
    let _ = write!(
        text,
        "\n3. Dispatch {x} × {y} × {z} workgroups (of {tx} × {ty} × {tz} threads).\n\
         4. Compare what is in the buffers with `NAME.expected.bin`; a buffer without that file must \
         not change. `python3 compare.py` does it for what this device left (`NAME.got.bin`), `python3 \
         compare.py NAME=FILE` for words of your own.\n"
    );
    text + &guards(about)
}

/// What lies around the buffers.
fn guards(about: &Description) -> String {
    let Some(Guard { words, bound, .. }) = about.bindings.iter().find_map(|b| b.guard) else {
        return String::new();
    };
    let reach = match bound {
        true => "the binding begins behind the first zone, and extends to the end of the second",
        false => "the binding is exactly what lies between them",
    };
    format!(
        "\nHere, every buffer lay between two zones of {words} words each, which must not change (`guard` in \
         `case.json` says what they hold); {reach}.\n"
    )
}

/// What each file is.
fn contents(about: &Description, files: &[(String, Vec<u8>)]) -> String {
    let mut text = "## Files\n\n".to_owned();
    let there = |name: &str| files.iter().any(|(file, _)| file == name);
    for (name, what) in [
        ("shader.wgsl", "the shader as it was compiled"),
        ("buffers.wgsl", "the same with buffers in place of textures"),
        ("shader.spv", "SPIR-V 1.3"),
        ("shader.hlsl", "HLSL, shader model 6.0"),
        ("shader.metal", "MSL 3.0"),
    ] {
        if there(name) {
            let _ = writeln!(text, "- `{name}`: {what}");
        }
    }
    let zones = match about.bindings.iter().any(|b| b.guards.is_some()) {
        true => {
            "- `NAME.guards.bin`: the zone before the buffer and the one behind it, after the run\n"
        }
        false => "",
    };
    text + "- `case.json`: entry point, workgroups, buffers, device, mismatch\n\
        - `NAME.in.bin`: the words of a buffer before the run\n\
        - `NAME.got.bin`: its words after the run, if it is one that the shader writes\n"
        + zones
        + "- `NAME.expected.bin`: four words for each of its words: which kind of expectation it is, \
        then two words `a` and `b`, or the bound as f32 and the value as f64: 0, the word is `a`; 1, an f32 \
        within the bound of the value; 2, as near, or zero; 3, `a` or `b`; 4, an integer from `a` to \
        `b`; 5, anything\n\
        - `compare.py`: reads them all\n"
}

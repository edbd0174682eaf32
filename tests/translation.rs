//! Every variant of every shader, translated as wgpu does for its devices: to SPIR-V for Vulkan,
//! MSL for Metal, HLSL for Direct3D 12 and GLSL ES for OpenGL, with runtime checks and without.
//! Khronos' tools judge the SPIR-V and the GLSL; where they are not installed, the tests say so
//! on stderr. No tool here judges MSL and HLSL: their texts must name the entry point and every
//! binding.

mod backends;
mod wgsl;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;

use backends::{CHECKS, Shader, shaders};
use naga::back::hlsl::ShaderModel;
use unlearn::kernels::translation::{self, Checks};

/// A program that says whether a file is right.
struct Judge {
    program: &'static str,
    arguments: &'static [&'static str],
    package: &'static str,
}

const SPIRV: Judge = Judge {
    program: "spirv-val",
    arguments: &["--target-env", "vulkan1.1"],
    package: "spirv-tools",
};

const GLSL: Judge = Judge {
    program: "glslangValidator",
    arguments: &["-S", "comp"],
    package: "glslang-tools",
};

impl Judge {
    /// Whether it is installed. If not, it says by name what goes without its judgement, past the
    /// test harness, which would swallow the words of a test that passes.
    fn sits(&self, what: &str) -> bool {
        if Command::new(self.program).arg("--version").output().is_ok() {
            return true;
        }
        let (program, package) = (self.program, self.package);
        let _ = writeln!(
            std::io::stderr(),
            "NOT JUDGED: {what}: {program} is not installed (Debian or Ubuntu: apt-get install \
             {package}; `bash tests/run.sh` does so)"
        );
        false
    }

    /// What it has against `content`.
    fn verdict(&self, content: &[u8]) -> Result<(), String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        let mut command = Command::new(self.program);
        let output = command.args(self.arguments).arg(file.path()).output();
        let output = output.unwrap();
        let words = [output.stdout, output.stderr].concat();
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&words).into_owned()),
        }
    }
}

/// Names a translation in the text of a failure.
fn label(shader: &Shader, target: &str, checks: Option<Checks>) -> String {
    let mut text = format!("{}/{} as {target}", shader.kernel.name, shader.variant.name);
    if let Some(Checks { bounds, loops }) = checks {
        let _ = write!(text, " (bounds checks: {bounds}, loop bounds: {loops})");
    }
    text
}

fn bytes(words: &[u32]) -> &[u8] {
    bytemuck::cast_slice(words)
}

#[test]
fn every_shader_becomes_valid_spirv() {
    let judged = SPIRV.sits("the SPIR-V of all shaders");
    let mut all = 0;
    for shader in shaders() {
        for checks in CHECKS {
            let name = label(&shader, "SPIR-V 1.3", Some(checks));
            let words = translation::spirv(&shader.source, checks);
            let words = words.unwrap_or_else(|e| panic!("{name}: {e}"));
            if judged {
                let verdict = SPIRV.verdict(bytes(&words));
                verdict.unwrap_or_else(|e| panic!("{name}: spirv-val: {e}"));
            }
            all += 1;
        }
    }
    println!("{all} modules of SPIR-V, judged: {judged}");
}

#[test]
fn every_shader_becomes_valid_glsl() {
    let judged = GLSL.sits("the GLSL of all shaders");
    let mut all = 0;
    for shader in shaders() {
        let name = label(&shader, "GLSL ES 3.10", None);
        let text = backends::glsl(&shader.source).unwrap_or_else(|e| panic!("{name}: {e}"));
        stands(&text, &["void main()".to_owned()]).unwrap_or_else(|e| panic!("{name}: {e}"));
        if judged {
            let verdict = GLSL.verdict(text.as_bytes());
            verdict.unwrap_or_else(|e| panic!("{name}: glslangValidator: {e}\n{text}"));
        }
        all += 1;
    }
    println!("{all} texts of GLSL, judged: {judged}");
}

#[test]
fn every_shader_becomes_msl() {
    for shader in shaders() {
        for checks in CHECKS {
            for version in [(2, 0), (4, 0)] {
                let target = format!("MSL {}.{}", version.0, version.1);
                let name = label(&shader, &target, Some(checks));
                let msl = translation::msl(&shader.source, version, checks);
                let (text, entry) = msl.unwrap_or_else(|e| panic!("{name}: {e}"));
                let verdict = stands(&text, &msl_landmarks(&shader, &entry));
                verdict.unwrap_or_else(|e| panic!("{name}: {e}\n{text}"));
            }
        }
    }
}

#[test]
fn every_shader_becomes_hlsl() {
    for shader in shaders() {
        for checks in CHECKS {
            for model in [ShaderModel::V5_1, ShaderModel::V6_0] {
                let target = format!("HLSL {}", model.to_str());
                let name = label(&shader, &target, Some(checks));
                let hlsl = translation::hlsl(&shader.source, model, checks);
                let (text, entry) = hlsl.unwrap_or_else(|e| panic!("{name}: {e}"));
                let verdict = stands(&text, &hlsl_landmarks(&shader, &entry));
                verdict.unwrap_or_else(|e| panic!("{name}: {e}\n{text}"));
            }
        }
    }
}

/// The entry point and the binding of every resource in MSL.
fn msl_landmarks(shader: &Shader, entry: &str) -> Vec<String> {
    let registers = shader.source.registers(translation::msl_class).into_iter();
    let bindings = registers.map(|(_, class, n)| format!("[[{class}({n})]]"));
    let entry = format!("kernel void {entry}(");
    std::iter::once(entry).chain(bindings).collect()
}

/// The entry point and the binding of every resource in HLSL.
fn hlsl_landmarks(shader: &Shader, entry: &str) -> Vec<String> {
    let registers = shader.source.registers(translation::hlsl_class).into_iter();
    let bindings = registers.map(|(_, class, n)| format!(": register({class}{n})"));
    let entry = format!("void {entry}(");
    std::iter::once(entry).chain(bindings).collect()
}

/// Whether each of the landmarks stands in a text, once.
fn stands(text: &str, landmarks: &[String]) -> Result<(), String> {
    let missed = landmarks
        .iter()
        .find(|mark| text.matches(*mark).count() != 1);
    match missed {
        None => Ok(()),
        Some(mark) => Err(format!(
            "{mark:?} stands there {} times",
            text.matches(mark).count()
        )),
    }
}

fn dense_forward(variant: &str) -> Shader {
    let mut all = shaders();
    let wanted = |s: &Shader| s.kernel.name == "dense_forward" && s.variant.name == variant;
    all.find(wanted).unwrap()
}

/// A text with `from` replaced by `to` where it stands first.
#[track_caller]
fn changed(text: &str, from: &str, to: &str) -> String {
    let mutant = text.replacen(from, to, 1);
    assert_ne!(mutant, text, "{from:?} finds nothing in\n{text}");
    mutant
}

/// A module whose first load has a type that is not what it loads.
fn with_wrong_type(words: &[u32]) -> Vec<u32> {
    const HEADER: usize = 5;
    const TYPE_BOOL: u32 = 20;
    const LOAD: u32 = 61;
    let mut mutant = words.to_vec();
    let (mut at, mut bool_type) = (HEADER, None);
    while at < words.len() {
        let (length, code) = (words[at] >> 16, words[at] & 0xffff);
        match (code, bool_type) {
            (TYPE_BOOL, _) => bool_type = Some(words[at + 1]),
            (LOAD, Some(id)) => {
                mutant[at + 1] = id;
                return mutant;
            }
            _ => {}
        }
        at += length as usize;
    }
    panic!("the module loads nothing");
}

#[test]
fn spirv_that_is_wrong_is_refused() {
    if !SPIRV.sits("the mutants of SPIR-V") {
        return;
    }
    let words = translation::spirv(&dense_forward("plain").source, CHECKS[0]).unwrap();
    let (whole, cut) = (words.clone(), words[..words.len() / 2].to_vec());
    let mut newer = words.clone();
    newer[1] = 0x0001_0400; // SPIR-V 1.4, which Vulkan 1.1 does not take
    SPIRV.verdict(bytes(&whole)).unwrap();
    for (name, mutant) in [
        ("a type swapped", with_wrong_type(&words)),
        ("cut in two", cut),
        ("a newer version", newer),
    ] {
        let verdict = SPIRV.verdict(bytes(&mutant));
        println!("{name}: {}", verdict.expect_err(name));
    }
}

#[test]
fn glsl_that_is_wrong_is_refused() {
    if !GLSL.sits("the mutants of GLSL") {
        return;
    }
    let text = backends::glsl(&dense_forward("mirrored").source).unwrap();
    GLSL.verdict(text.as_bytes()).unwrap();
    for (from, to) in [
        ("#version 310 es", "#version 300 es"),
        ("gl_GlobalInvocationID", "gl_GlobalInvocation"),
        ("uint ", "float "),
        (
            "void main() {",
            "void main() { float a = fma(1.0, 1.0, 1.0);",
        ),
    ] {
        let verdict = GLSL.verdict(changed(&text, from, to).as_bytes());
        println!("{to}: {}", verdict.expect_err(to));
    }
}

#[test]
fn msl_and_hlsl_without_a_landmark_are_refused() {
    let shader = dense_forward("mirrored");
    let (msl, entry) = translation::msl(&shader.source, (2, 0), CHECKS[3]).unwrap();
    let marks = msl_landmarks(&shader, &entry);
    assert_eq!(marks.len(), 5);
    for (from, to) in [
        ("[[texture(1)]]", "[[texture(0)]]"),
        ("[[buffer(1)]]", "[[user(fake0)]]"),
        ("kernel void dense", "kernel void sparse"),
    ] {
        stands(&changed(&msl, from, to), &marks).expect_err(to);
    }
    let (hlsl, entry) = translation::hlsl(&shader.source, ShaderModel::V6_0, CHECKS[3]).unwrap();
    let marks = hlsl_landmarks(&shader, &entry);
    assert_eq!(marks.len(), 5);
    for (from, to) in [
        (": register(u0)", ": register(t2)"),
        (": register(b0)", ""),
        ("void dense_forward(", "void other("),
    ] {
        stands(&changed(&hlsl, from, to), &marks).expect_err(to);
    }
}

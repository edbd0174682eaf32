use super::*;
use crate::device::cpu::Cpu;
use crate::device::replay::replay;

/// Weights that go to the host and come back elsewhere, twice, whole and in parts, after their own buffer has
/// changed and gone.
fn carried(device: &dyn Device) -> Vec<u32> {
    let [from, to, moved] = [("a", 256), (WEIGHTS, 256), (WEIGHTS, 768)]
        .map(|(label, words)| device.allocate(label, words).unwrap());
    let own: Vec<u32> = (0..256).map(|n| (1.5f32 + n as f32).to_bits()).collect();
    device.upload(from, 0, &own).unwrap();
    let mut recording = Recording::default();
    recording.copy((from, 0), (to, 0), 256);
    let program = device.compile(&recording).unwrap();
    device.run(&program, 1, &mut |_| {}).unwrap();
    let mut weights = device.download(to).unwrap();
    let zeros = vec![0; 256];
    device.upload(to, 0, &zeros).unwrap();
    device.free(&[from], &[&program]);
    let whole = device.download(to).unwrap();
    // What changed since comes back to where it was.
    device.upload(to, 0, &weights).unwrap();
    let back = device.download(to).unwrap();
    // Two halves change places, a few words are new, and all of it goes up behind the old.
    weights.rotate_left(128);
    weights[10..20].fill(7);
    let all = [whole, weights, back].concat();
    device.upload(moved, 0, &all).unwrap();
    device.download(moved).unwrap()
}

#[test]
fn what_goes_through_the_host_is_copied_on_the_device() {
    let blobs = Blobs::default();
    let scribe = Scribe::new(&blobs, Reads::Weights);
    carried(&scribe);
    let script = scribe.finish();
    let cpu = Cpu::new("");
    let found = replay(&script, &blobs.packed(), &cpu);
    let (what, last) = found.last().unwrap();
    assert_eq!(*what, "parameters");
    assert_eq!(*last, carried(&cpu));
    assert_eq!(last[..256], [0; 256]);
}

#[test]
fn a_host_that_computes_is_refused() {
    let blobs = Blobs::default();
    let scribe = Scribe::new(&blobs, Reads::Scores);
    let buffer = scribe.allocate("evaluation outputs", 8).unwrap();
    let said = scribe.download(buffer).unwrap_err().to_string();
    assert!(said.contains("evaluation outputs"), "{said}");
}

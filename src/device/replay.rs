//! A player of scripts on any device, to hold what a scribe wrote against what was done.

use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;

use super::probes::PROBES;
use super::script::{Op, Script, Step, Words};
use super::{Buffer, Device, Recording};
use crate::kernels::{KERNELS, Kernel};

/// What a script reads back: what it is, and the words.
pub(crate) type Found = Vec<(&'static str, Vec<u32>)>;

fn kernel(name: &str) -> &'static Kernel {
    let kernels = KERNELS.iter().map(|spec| &spec.kernel).chain(PROBES);
    kernels.into_iter().find(|k| k.name == name).unwrap()
}

fn unpacked(words: &Words, blobs: &BTreeMap<String, Vec<u8>>) -> Vec<u32> {
    let bytes = match words {
        Words::Data(text) => STANDARD.decode(text).unwrap(),
        Words::Blob(name) => {
            let mut bytes = Vec::new();
            GzDecoder::new(&blobs[name][..])
                .read_to_end(&mut bytes)
                .unwrap();
            bytes
        }
    };
    bytemuck::pod_collect_to_vec(&bytes)
}

/// Plays a script.
pub(crate) fn replay(
    script: &Script,
    blobs: &BTreeMap<String, Vec<u8>>,
    device: &dyn Device,
) -> Found {
    let mut buffers: Vec<Option<Buffer>> = vec![None; script.buffers.len()];
    let mut found = Vec::new();
    for op in &script.ops {
        match op {
            Op::Allocate { buffer } => {
                let room = &script.buffers[*buffer];
                buffers[*buffer] = Some(device.allocate(&room.label, room.words).unwrap());
            }
            Op::Free { buffers: freed } => {
                let all: Vec<Buffer> = freed.iter().map(|b| buffers[*b].take().unwrap()).collect();
                device.free(&all, &[]);
            }
            Op::Write { buffer, at, words } => {
                let words = unpacked(words, blobs);
                device
                    .upload(buffers[*buffer].unwrap(), *at, &words)
                    .unwrap();
            }
            Op::Run { recording, times } => {
                let recording = recorded(&script.recordings[*recording], &buffers);
                let program = device.compile(&recording).unwrap();
                device.run(&program, *times, &mut |_| {}).unwrap();
                device.free(&[], &[&program]);
            }
            Op::Read { buffer, what } => {
                found.push((*what, device.download(buffers[*buffer].unwrap()).unwrap()));
            }
            Op::Note(_) => {}
        }
    }
    found
}

fn recorded(steps: &[Step], buffers: &[Option<Buffer>]) -> Recording {
    let whole = |b: usize| buffers[b].unwrap();
    let mut recording = Recording::default();
    for step in steps {
        match step {
            Step::Dispatch {
                dispatch,
                params,
                extent,
                buffers,
            } => {
                let windows = buffers.iter().map(|&[b, first]| {
                    let buffer = whole(b);
                    buffer.window(first, buffer.words - first)
                });
                let windows: Vec<Buffer> = windows.collect();
                let params = STANDARD.decode(params).unwrap();
                recording.dispatch_bytes(kernel(dispatch), &params, *extent, &windows);
            }
            Step::Clear {
                clear: [b, first, words],
            } => {
                recording.clear(whole(*b).window(*first, *words));
            }
            Step::Copy {
                copy: [from, at, to, there, words],
            } => {
                recording.copy((whole(*from), *at), (whole(*to), *there), *words);
            }
        }
    }
    recording
}

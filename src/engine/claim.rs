//! Several processes fill one store: which part is whose, and who makes what now.
//!
//! A claim is a file beside the segment's. It is touched again and again while its process works; one
//! that nobody touches any more, or whose process ended on this machine, is taken over. Should two
//! processes make the same segment all the same, both write the same content.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, SystemTime};

use sysinfo::System;

use crate::error::{Error, Result};
use crate::files;

/// Time between two touches.
const BEAT: Duration = Duration::from_secs(10);
/// A claim untouched for this long is dead. Shared folders may show a touch a minute late.
const DEAD: Duration = Duration::from_secs(120);

/// One of several equal parts of some work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    number: usize,
    of: usize,
}

impl Part {
    /// All of the work.
    pub const WHOLE: Self = Self { number: 0, of: 1 };

    /// Part `number`, counted from 0, of `of`.
    ///
    /// # Errors
    /// `Usage` if there is no such part.
    pub fn new(number: usize, of: usize) -> Result<Self> {
        match number < of {
            true => Ok(Self { number, of }),
            false => Err(Error::Usage(format!(
                "--part {number}/{of}: parts are counted from 0, so the last of {of} is {}/{of}",
                of.saturating_sub(1)
            ))),
        }
    }

    /// The part's number, from 0.
    pub fn number(self) -> usize {
        self.number
    }

    /// The number of parts.
    pub fn of(self) -> usize {
        self.of
    }

    /// Whether this part is to make the segment at a place of a list, `block` of them at a time.
    pub(super) fn owns(self, place: usize, block: usize) -> bool {
        place / block % self.of == self.number
    }
}

/// Segments that this process makes now. They are free again when this is dropped.
#[derive(Default)]
pub(super) struct Claims {
    paths: Vec<PathBuf>,
    /// Ends the touches when dropped.
    end: Option<Sender<()>>,
    touches: Option<JoinHandle<()>>,
}

impl Claims {
    /// Claims a segment; false if another process has it.
    pub(super) fn add(&mut self, path: PathBuf) -> Result<bool> {
        let mut free = create(&path)?;
        if !free && is_dead(&path) {
            let _ = fs::remove_file(&path);
            free = create(&path)?;
        }
        if free {
            self.paths.push(path);
        }
        Ok(free)
    }

    /// Begins to touch what was claimed.
    pub(super) fn keep_alive(&mut self) {
        let (sender, receiver) = channel();
        let paths = self.paths.clone();
        // Without threads there are no touches: at worst another process makes the same.
        let thread = Builder::new().spawn(move || touch(&paths, BEAT, &receiver));
        (self.end, self.touches) = (Some(sender), thread.ok());
    }

    /// Frees the segment that was claimed last.
    pub(super) fn undo(&mut self) {
        if let Some(path) = self.paths.pop() {
            free(&path);
        }
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(touches) = self.touches.take() {
            let _ = touches.join();
        }
        self.paths.iter().for_each(|path| free(path));
    }
}

/// Removes a claim, unless another process took it over.
fn free(path: &Path) {
    if is_ours(path) {
        let _ = fs::remove_file(path);
    }
}

fn is_ours(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text == mark())
}

/// Creates a claim; false if there is one.
fn create(path: &Path) -> Result<bool> {
    // Known before there is a file: one that a killed process left empty counts as alive for long.
    let mark = mark();
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => {
            file.write_all(mark.as_bytes()).map_err(|e| {
                // Nobody would recognise it.
                let _ = fs::remove_file(path);
                Error::file("write", path)(e)
            })?;
            Ok(true)
        }
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(Error::file("create", path)(e)),
    }
}

/// Writes claims again until told to end. The file system's own clock says when.
fn touch(paths: &[PathBuf], beat: Duration, end: &Receiver<()>) {
    while end.recv_timeout(beat) == Err(RecvTimeoutError::Timeout) {
        for path in paths.iter().filter(|path| is_ours(path)) {
            let file = OpenOptions::new().write(true).open(path);
            let _ = file.and_then(|mut file| file.write_all(mark().as_bytes()));
        }
    }
}

/// What a claim of this process says: where process numbers hold, its number, and the machine's name
/// for people.
fn mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    MARK.get_or_init(|| {
        let host = System::host_name().unwrap_or_default();
        format!("{}\n{}\n{host}\n", world(), std::process::id())
    })
}

/// Identifies this start of this machine, and the process numbers seen here; empty where unknown.
fn world() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let numbers = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    match boot.trim() {
        "" => String::new(),
        boot => format!("{boot} {}", numbers.display()),
    }
}

/// Whether nobody works on this any more.
pub(super) fn is_dead(path: &Path) -> bool {
    let said = fs::read_to_string(path).unwrap_or_default();
    if let [theirs, process, ..] = said.lines().collect::<Vec<_>>()[..] {
        let exists = |process| Path::new("/proc").join(process).exists();
        // Where even the first process is hidden, so may be the claim's.
        if !theirs.is_empty() && theirs == world() && exists("1") && !exists(process) {
            return true;
        }
    }
    let touched = path.metadata().and_then(|there| there.modified());
    let age = |touched| now(path)?.duration_since(touched).ok();
    touched.ok().and_then(age).is_some_and(|age| age > DEAD)
}

/// The time by the clock of the file system that holds this file.
fn now(path: &Path) -> Option<SystemTime> {
    files::time_in(path.parent()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_segment_belongs_to_one_part() {
        for (of, block) in [(1, 1), (3, 1), (3, 4), (50, 2)] {
            let parts: Vec<Part> = (0..of).map(|n| Part::new(n, of).unwrap()).collect();
            let owners = |place| parts.iter().filter(|p| p.owns(place, block)).count();
            assert!((0..40).all(|place| owners(place) == 1), "{of} {block}");
        }
        let second = Part::new(1, 3).unwrap();
        let own: Vec<usize> = (0..12).filter(|&p| second.owns(p, 2)).collect();
        assert_eq!(own, [2, 3, 8, 9]);
        assert!(Part::new(3, 3).is_err() && Part::new(0, 0).is_err());
    }

    #[test]
    fn what_is_claimed_is_free_again_when_dropped_or_dead() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.claim");
        let claimed = |claims: &mut Claims| claims.add(path.clone()).unwrap();
        let mut first = Claims::default();
        assert!(claimed(&mut first) && !claimed(&mut Claims::default()));
        drop(first);
        assert!(!path.exists());

        // Another machine's is alive while it is touched, and nobody frees it.
        let theirs = "elsewhere\n1\nhost\n";
        fs::write(&path, theirs).unwrap();
        assert!(!claimed(&mut Claims::default()));
        free(&path);
        assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - DEAD - BEAT).unwrap();
        assert!(claimed(&mut Claims::default()));
        assert!(!path.exists());
    }

    #[test]
    fn own_claims_are_touched_until_told_to_end_and_others_never() {
        let folder = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - DEAD - BEAT;
        let paths = [mark(), "elsewhere\n1\nhost\n"].map(|said| {
            let path = folder.path().join(said.len().to_string());
            fs::write(&path, said).unwrap();
            let file = OpenOptions::new().write(true).open(&path).unwrap();
            file.set_modified(old).unwrap();
            path
        });
        let modified = |path: &PathBuf| path.metadata().unwrap().modified().unwrap();
        let (sender, receiver) = channel();
        let all = paths.clone();
        let thread = std::thread::spawn(move || touch(&all, Duration::from_millis(1), &receiver));
        let start = std::time::Instant::now();
        while modified(&paths[0]) == old {
            assert!(start.elapsed() < BEAT, "not touched");
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(sender);
        thread.join().unwrap();
        assert_eq!(modified(&paths[1]), old);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_that_ended_on_this_machine_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.claim");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        for (process, dead) in [(child.id(), true), (1, false)] {
            fs::write(&path, format!("{}\n{process}\nhost\n", world())).unwrap();
            assert_eq!(is_dead(&path), dead);
        }
    }
}

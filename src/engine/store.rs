//! A cache of computed weights, so that interrupted work can resume, and several processes can share
//! the work.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::claim::{Claims, Part, is_dead};
use crate::error::{Error, Result};
use crate::files::{self, Folders, hex};
use crate::progress::Progress;

/// Waits for other processes: the first one, and the longest.
const WAIT: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];
/// The length of a wait after which a person is told, in steps of a doubling.
const PATIENCE: Duration = Duration::from_secs(1);

/// A folder of weights, each file named by its id.
#[derive(Debug)]
pub struct Store {
    /// `None`: nothing is stored.
    folder: Option<PathBuf>,
    /// This process's part, where several fill the store.
    part: Option<Part>,
    /// Whether what is missing is an error, not made.
    complete: bool,
    /// Segments made by this process.
    made: Cell<usize>,
    _made: Folders,
}

/// Takes a result, by the place of its segment.
pub(crate) type Keep<'a> = dyn FnMut(usize, Vec<f32>) -> Result<()> + 'a;

/// Makes the segments at these places.
type Make<'a> = dyn FnMut(&[usize], &mut Keep<'_>, &mut dyn Progress) -> Result<()> + 'a;

/// A segment that some work needs.
pub(crate) struct Wanted {
    /// Its place among all of that work.
    pub(crate) place: usize,
    /// Everything that it depends on.
    pub(crate) id: String,
    /// Its length.
    pub(crate) numbers: usize,
}

/// How work is divided: segments that go to one part together, and the most to make at a time.
#[derive(Clone, Copy)]
pub(crate) struct Lots {
    pub(crate) block: usize,
    pub(crate) most: usize,
}

/// Segments for this process to make now.
pub(crate) struct Taken {
    pub(crate) segments: Vec<Wanted>,
    _claims: Claims,
}

impl Store {
    /// A store in this folder, which is created if missing.
    ///
    /// # Errors
    /// `File` if it cannot be made, or not be written.
    pub fn new(folder: &Path) -> Result<Self> {
        let made = Folders::make(folder)?;
        files::probe_folder(folder)?;
        Ok(Self {
            folder: Some(folder.to_path_buf()),
            _made: made,
            ..Self::nowhere()
        })
    }

    /// The same for a process that does a part of the work, beside others.
    pub fn shared(self, part: Part) -> Self {
        let part = Some(part);
        Self { part, ..self }
    }

    /// The same, in which nothing is made: what is missing is an error.
    pub(crate) fn complete(self) -> Self {
        let complete = true;
        Self { complete, ..self }
    }

    /// The files of a store in a folder.
    pub fn files(folder: &Path) -> Vec<PathBuf> {
        let is_own = |name: &str| {
            let stem = name.split_once('.');
            let is_id = |id: &str| id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit());
            stem.is_some_and(|(id, kind)| is_id(id) && ["f32", "claim"].contains(&kind))
        };
        let own = files::named(folder, is_own);
        own.into_iter().chain(files::drafts(folder)).collect()
    }

    /// Whether a process is making segments of a store in a folder.
    pub fn is_busy(folder: &Path) -> bool {
        let all = Self::files(folder);
        let mut claims = all
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e == "claim"));
        claims.any(|claim| !is_dead(claim))
    }

    /// The number of segments that this process has made.
    pub fn made(&self) -> usize {
        self.made.get()
    }

    /// This process's part.
    pub(crate) fn part(&self) -> Part {
        self.part.unwrap_or(Part::WHOLE)
    }

    /// A store that stores nothing.
    pub fn nowhere() -> Self {
        Self {
            folder: None,
            part: None,
            complete: false,
            made: Cell::new(0),
            _made: Folders::default(),
        }
    }

    /// Takes some of the missing segments, to be made now by this process; none once all are there.
    /// What is taken, and what others have made, is missing no more. While others make all the rest,
    /// this waits.
    ///
    /// # Errors
    /// `Missing` where nothing is to be made; `Interrupted` while waiting; `File` if nothing can be
    /// claimed.
    pub(crate) fn take(
        &self,
        missing: &mut Vec<Wanted>,
        lots: Lots,
        progress: &mut dyn Progress,
    ) -> Result<Option<Taken>> {
        let [mut wait, longest] = WAIT;
        loop {
            match (missing.first(), self.part) {
                (None, _) => return Ok(None),
                (Some(_), _) if self.complete => return Err(Error::Missing),
                (Some(_), None) => {
                    let some = missing.len().min(lots.most.max(1));
                    return Ok(Some(Taken {
                        segments: missing.drain(..some).collect(),
                        _claims: Claims::default(),
                    }));
                }
                (Some(_), Some(part)) => {
                    if let Some(taken) = self.claim(missing, lots, part)? {
                        return Ok(Some(taken));
                    }
                }
            }
            if progress.stopped() {
                return Err(Error::Interrupted);
            }
            if wait >= PATIENCE && wait < longest {
                progress.begin("waiting for other parts", 0);
            }
            std::thread::sleep(wait);
            wait = (2 * wait).min(longest);
            missing.retain(|wanted| self.find(&wanted.id, wanted.numbers).is_none());
        }
    }

    /// Claims some of the missing segments: of its own part, or else of what nobody is making.
    fn claim(&self, missing: &mut Vec<Wanted>, lots: Lots, part: Part) -> Result<Option<Taken>> {
        let mut claims = Claims::default();
        let mut segments: Vec<Wanted> = Vec::new();
        let owned = |wanted: &Wanted| part.owns(wanted.place, lots.block);
        let fair = missing.len().div_ceil(part.of()).max(lots.block);
        for own in [true, false] {
            let limit = if own { lots.most } else { fair.min(lots.most) };
            let mut at = 0;
            while at < missing.len() && segments.len() < limit.max(1) {
                let wanted = &missing[at];
                let claimed = owned(wanted) == own
                    && match self.path(&wanted.id) {
                        Some(path) => claims.add(path.with_extension("claim"))?,
                        None => true,
                    };
                if !claimed {
                    at += 1;
                    continue;
                }
                let wanted = missing.remove(at);
                // Another process may have made and freed it just now.
                match self.find(&wanted.id, wanted.numbers) {
                    Some(_) => claims.undo(),
                    None => segments.push(wanted),
                }
            }
            if !segments.is_empty() {
                claims.keep_alive();
                let _claims = claims;
                return Ok(Some(Taken { segments, _claims }));
            }
        }
        Ok(None)
    }

    /// Returns stored numbers for these ids and lengths. Those that are missing `make` makes, by their
    /// places, and they are stored one by one; those that other processes are making this waits for.
    ///
    /// # Errors
    /// Those of `make` and `take`; `File` if a result cannot be stored.
    pub(crate) fn get_all(
        &self,
        all: &[(String, usize)],
        lots: Lots,
        progress: &mut dyn Progress,
        make: &mut Make<'_>,
    ) -> Result<Vec<Vec<f32>>> {
        let kept = |(id, numbers): &(String, usize)| self.find(id, *numbers);
        let mut results: Vec<Option<Vec<f32>>> = all.iter().map(kept).collect();
        let wanted = |(place, (id, numbers)): (usize, &(String, usize))| Wanted {
            place,
            id: id.clone(),
            numbers: *numbers,
        };
        let missing = all.iter().enumerate().map(wanted);
        let mut missing: Vec<Wanted> = missing.filter(|w| results[w.place].is_none()).collect();
        while let Some(taken) = self.take(&mut missing, lots, progress)? {
            let places: Vec<usize> = taken.segments.iter().map(|s| s.place).collect();
            let keep = &mut |place: usize, made: Vec<f32>| {
                self.keep(&all[place].0, &made)?;
                results[place] = Some(made);
                Ok(())
            };
            make(&places, keep, progress)?;
        }
        let result = |((id, numbers), result): (&(String, usize), Option<Vec<f32>>)| match result {
            Some(result) => Ok(result),
            None => self.there(id, *numbers),
        };
        all.iter().zip(results).map(result).collect()
    }

    /// The same for a single segment.
    ///
    /// # Errors
    /// As `get_all`.
    pub(crate) fn get_once(
        &self,
        (id, numbers): (&str, usize),
        progress: &mut dyn Progress,
        mut make: impl FnMut(&mut dyn Progress) -> Result<Vec<f32>>,
    ) -> Result<Vec<f32>> {
        let (all, lots) = ([(id.to_owned(), numbers)], Lots { block: 1, most: 1 });
        let make = &mut |_: &[usize], keep: &mut Keep<'_>, progress: &mut dyn Progress| {
            keep(0, make(progress)?)
        };
        Ok(self.get_all(&all, lots, progress, make)?.concat())
    }

    /// Stored numbers that were there before.
    ///
    /// # Errors
    /// `Data` if they are gone.
    pub(crate) fn there(&self, id: &str, numbers: usize) -> Result<Vec<f32>> {
        self.find(id, numbers).ok_or_else(|| {
            Error::Data(
                "trained networks in the cache folder are missing or damaged: start the \
                 comparison again"
                    .to_owned(),
            )
        })
    }

    /// Returns stored numbers for `id`, or calls `make` and stores the result. It suits what is made
    /// quickly: other processes may make it, too.
    ///
    /// # Errors
    /// Those of `make`; `File` if the result cannot be stored.
    pub(crate) fn get(
        &self,
        id: &str,
        numbers: usize,
        make: impl FnOnce() -> Result<Vec<f32>>,
    ) -> Result<Vec<f32>> {
        if let Some(kept) = self.find(id, numbers) {
            return Ok(kept);
        }
        if self.complete {
            return Err(Error::Missing);
        }
        let made = make()?;
        self.keep(id, &made)?;
        Ok(made)
    }

    /// Stored numbers. A file that is damaged or of another length counts as missing.
    pub(crate) fn find(&self, id: &str, numbers: usize) -> Option<Vec<f32>> {
        read(&self.path(id)?).filter(|kept| kept.len() == numbers)
    }

    /// Stores numbers.
    ///
    /// # Errors
    /// `File` if they cannot be written.
    pub(crate) fn keep(&self, id: &str, made: &[f32]) -> Result<()> {
        let Some(path) = self.path(id) else {
            return Ok(());
        };
        self.made.set(self.made.get() + 1);
        let mut bytes: Vec<u8> = made.iter().flat_map(|v| v.to_le_bytes()).collect();
        let check = Sha256::digest(&bytes);
        bytes.extend(check);
        files::write(&path, &bytes)
    }

    fn path(&self, id: &str) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(folder.join(format!("{}.f32", name_of(id))))
    }
}

/// A short name for an id.
pub fn name_of(id: &str) -> String {
    hex(&Sha256::digest(id)[..6])
}

/// A short name for the content of weights.
pub(crate) fn fingerprint(weights: &[f32]) -> String {
    hex(&Sha256::digest(bytemuck::cast_slice::<f32, u8>(weights))[..8])
}

fn read(path: &Path) -> Option<Vec<f32>> {
    let bytes = std::fs::read(path).ok()?;
    let (numbers, check) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
    if Sha256::digest(numbers)[..] != *check {
        return None;
    }
    let numbers = numbers.as_chunks::<4>().0.iter();
    Some(numbers.map(|b| f32::from_le_bytes(*b)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;
    use std::time::Instant;

    #[test]
    fn what_is_kept_is_not_made_again_and_what_is_damaged_is() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path()).unwrap();
        let made = vec![1.5, -2.0];
        let get = |value: &Vec<f32>| store.get("id", 2, || Ok(value.clone())).unwrap();
        assert_eq!(get(&made), made);
        assert_eq!(get(&vec![0.0; 2]), made);
        let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap();
        let path = file.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[0] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(get(&vec![0.5; 2]), vec![0.5; 2]);
        assert_eq!(store.find("id", 3), None);
        let complete = Store::new(folder.path()).unwrap().complete();
        assert!(complete.get("id", 2, || Ok(made.clone())).is_ok());
        let other = complete.get("other", 2, || Ok(made.clone()));
        assert!(matches!(other, Err(Error::Missing)));
    }

    fn wanted() -> Vec<Wanted> {
        let segment = |place: usize| Wanted {
            place,
            id: place.to_string(),
            numbers: 1,
        };
        (0..12).map(segment).collect()
    }

    /// Stops what waits for long.
    struct Patience(Instant);

    impl Patience {
        fn new() -> Self {
            Self(Instant::now())
        }
    }

    impl Progress for Patience {
        fn stopped(&self) -> bool {
            self.0.elapsed() > Duration::from_secs(5)
        }
    }

    /// Two parts of two take their own segments, and then a fair share of what is left.
    #[test]
    fn parts_make_their_own_segments_then_others_and_never_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let stores = [0, 1].map(|part| {
            let store = Store::new(folder.path()).unwrap();
            store.shared(Part::new(part, 2).unwrap())
        });
        let mut missing = [wanted(), wanted()];
        let mut take = |part: usize, most: usize| {
            let lots = Lots { block: 1, most };
            let taken = stores[part].take(&mut missing[part], lots, &mut Patience::new());
            taken.unwrap()
        };
        let places = |taken: &Option<Taken>| -> Vec<usize> {
            let segments = taken.iter().flat_map(|taken| &taken.segments);
            segments.map(|segment| segment.place).collect()
        };
        let keep = |part: usize, taken: &Option<Taken>| {
            for place in places(taken) {
                stores[part].keep(&place.to_string(), &[1.0]).unwrap();
            }
        };
        let first = take(0, 12);
        assert_eq!(places(&first), [0, 2, 4, 6, 8, 10]);
        let second = take(1, 2);
        assert_eq!(places(&second), [1, 3]);
        keep(0, &first);
        drop(first);
        // Half of what it misses, of what nobody makes.
        let third = take(0, 12);
        assert_eq!(places(&third), [5, 7, 9]);
        keep(0, &third);
        keep(1, &second);
        drop((second, third));
        let last = take(1, 12);
        assert_eq!(places(&last), [11]);
        // What is there is there, though its claim is not free yet.
        keep(1, &last);
        assert!(take(0, 12).is_none() && take(1, 12).is_none());
    }

    /// Each is made once, in any lots; the results are in order, made or not.
    #[test]
    fn many_segments_are_made_in_lots() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path()).unwrap();
        let all: Vec<(String, usize)> = (0..5).map(|n| (n.to_string(), 1)).collect();
        store.keep("3", &[3.0]).unwrap();
        let mut lots = Vec::new();
        let make = &mut |places: &[usize], keep: &mut Keep<'_>, _: &mut dyn Progress| {
            lots.push(places.to_vec());
            let mut own = places.iter().rev();
            own.try_for_each(|&place| keep(place, vec![[0.0, 1.0, 2.0, -1.0, 4.0][place]]))
        };
        let each = Lots { block: 1, most: 3 };
        let results = store.get_all(&all, each, &mut Silent, make).unwrap();
        assert_eq!(results.concat(), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(lots, [vec![0, 1, 2], vec![4]]);
        let complete = Store::new(folder.path()).unwrap().complete();
        let again = complete.get_once(("4", 1), &mut Silent, |_| Ok(Vec::new()));
        assert_eq!(again.unwrap(), [4.0]);
        let missing = complete.get_once(("5", 1), &mut Silent, |_| Ok(Vec::new()));
        assert!(matches!(missing, Err(Error::Missing)));
    }

    #[test]
    fn a_single_segment_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = || Store::new(folder.path()).unwrap().shared(Part::WHOLE);
        let (first, second) = (store(), store());
        let get = |store: &Store, value| {
            let made = store.get_once(("id", 1), &mut Silent, |_| Ok(vec![value]));
            made.unwrap()
        };
        assert_eq!([get(&first, 1.0), get(&second, 2.0)], [[1.0], [1.0]]);
        assert_eq!([first.made(), second.made()], [1, 0]);
        let nowhere = Store::nowhere();
        assert_eq!([get(&nowhere, 1.0), get(&nowhere, 2.0)], [[1.0], [2.0]]);
    }
}

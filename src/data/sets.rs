//! The data sets that are known by name: their files, mirrors and classes.

use super::archive::{Archive, Sha256Of};
use crate::record::Classes;

/// A data set of four idx files.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// Its name in reports.
    pub name: &'static str,
    /// The value of `--data` that has it downloaded; also the name of its cache folder, but for `auto`.
    pub argument: &'static str,
    /// Names of its classes, by label; empty for digits.
    pub names: &'static [&'static str],
    /// The files: train images, train labels, test images, test labels.
    pub archives: [Archive; 4],
    /// Base URLs for the files' names, in the order they are tried.
    pub mirrors: &'static [&'static str],
}

impl Set {
    /// Its classes.
    pub(super) fn classes(&self) -> Classes {
        match self.names {
            [] => Classes::default(),
            names => Classes::named(names.iter().copied()),
        }
    }
}

/// The names, lengths and hashes of the four files.
const fn archives(files: [(u64, Sha256Of); 4]) -> [Archive; 4] {
    const fn archive(name: &'static str, (size, sha256): (u64, Sha256Of)) -> Archive {
        Archive { name, size, sha256 }
    }
    [
        archive("train-images-idx3-ubyte.gz", files[0]),
        archive("train-labels-idx1-ubyte.gz", files[1]),
        archive("t10k-images-idx3-ubyte.gz", files[2]),
        archive("t10k-labels-idx1-ubyte.gz", files[3]),
    ]
}

/// MNIST, from the mirrors of PyTorch and of TensorFlow.
pub static MNIST: Set = Set {
    name: "MNIST",
    argument: "auto",
    names: &[],
    archives: archives([
        (
            9_912_422,
            Sha256Of::Content("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        ),
        (
            28_881,
            Sha256Of::Content("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        ),
        (
            1_648_877,
            Sha256Of::Content("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        ),
        (
            4_542,
            Sha256Of::Content("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
        ),
    ]),
    mirrors: &[
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ],
};

/// Fashion-MNIST (Xiao, Rasul and Vollgraf 2017), from its authors' bucket and repository.
pub static FASHION: Set = Set {
    name: "Fashion-MNIST",
    argument: "fashion-mnist",
    names: &[
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ],
    archives: archives([
        (
            26_421_880,
            Sha256Of::Content("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
        ),
        (
            29_515,
            Sha256Of::Content("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        ),
        (
            4_422_102,
            Sha256Of::Content("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
        ),
        (
            5_148,
            Sha256Of::Content("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
        ),
    ]),
    mirrors: &[
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ],
};

/// KMNIST (Clanuwat et al. 2018), from its authors' server. TensorFlow Datasets has the SHA-256 of the
/// gzipped files. Its classes are hiragana, one from each row of the syllabary, romanised here.
pub static KMNIST: Set = Set {
    name: "KMNIST",
    argument: "kmnist",
    names: &["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
    archives: archives([
        (
            18_165_135,
            Sha256Of::File("51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
        ),
        (
            29_497,
            Sha256Of::File("e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
        ),
        (
            3_041_136,
            Sha256Of::File("edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
        ),
        (
            5_120,
            Sha256Of::File("20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
        ),
    ]),
    mirrors: &[
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ],
};

/// The value of `--data` for a set of this name in reports, if it is known.
pub fn argument(name: &str) -> Option<&'static str> {
    let sets = [&MNIST].into_iter().chain(NAMED);
    let set = sets.into_iter().find(|set| set.name == name);
    set.map(|set| set.argument)
}

/// The sets that `--data` knows by name.
pub(super) static NAMED: [&Set; 2] = [&FASHION, &KMNIST];

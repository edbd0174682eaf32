//! New heads on frozen layers: what a hidden layer still knows, by the number of labels it takes to read
//! it.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Figure;
use super::subjects::{ARMS, Subjects};
use crate::metrics::{Activations, refit};

/// Labelled images of each class.
pub const NUMBERS: [usize; 5] = [1, 2, 5, 10, 20];

/// New heads on a hidden layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The accuracy on test images of the forgotten classes, from 0 to 1, by number of labelled
    /// images of each class.
    pub accuracy: Vec<(usize, Figure)>,
}

impl Subjects<'_> {
    /// By hidden layer. As in the comparison's metric of that name, a head is fitted by ridge regression,
    /// and its accuracy is the mean over three draws of the labelled images.
    pub(super) fn heads(&self) -> Vec<Head> {
        let head = |layer| Head {
            accuracy: self.curve(layer),
        };
        (0..self.hidden()).map(head).collect()
    }

    fn curve(&self, layer: usize) -> Vec<(usize, Figure)> {
        let network = |&arm| (0..self.learners).map(move |k| self.attacked(arm, k, layer));
        let layers: Vec<[Activations; 2]> = ARMS.iter().flat_map(network).collect();
        let of = |[labelled, asked]: &[Activations; 2]| -> Vec<f64> {
            let accuracy = |number: &usize| refit::accuracy([labelled, asked], *number) / 100.0;
            NUMBERS.iter().map(accuracy).collect()
        };
        let all: Vec<Vec<f64>> = layers.par_iter().map(of).collect();
        let figure = |(at, number): (usize, &usize)| {
            let value = |arm, learner| all[self.place(arm, learner)][at];
            (*number, self.figure(&ARMS, value))
        };
        NUMBERS.iter().enumerate().map(figure).collect()
    }
}

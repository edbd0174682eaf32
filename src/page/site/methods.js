// Methods in plain words.

/** What methods do about the digit to forget, in plain words; the others are all other digits. */
export const PLAIN = {
  "zero-logit": "silences its output, and nothing else",
  "fine-tune": "trains on the others only",
  "cf-k": "trains the last layers on the others only",
  "eu-k": "resets the last layers, and trains them on the others",
  "l1-sparse": "trains on the others, and shrinks weights",
  "uniform": "trains it towards even odds, the others as before",
  "uniform-alone": "trains it towards even odds, and nothing else",
  "random-label": "trains it on random labels, the others as before",
  "wrong-label": "trains it on wrong labels, the others as before",
  "gradient-ascent": "climbs its loss, and nothing else",
  "neggrad-plus": "climbs its loss, and trains on the others",
  "boundary-expand": "moves it into an extra class, which is then removed",
  "task-negation": "trains on it, and moves weights the opposite way",
};

// What the controls show, in sentences: the same numbers and the same words as the reports of `unlearn run`
// (src/verdict.rs, src/statistics.rs, src/record.rs).
//
// A score is one learner's result on the test images: { confusion [10][10], confidence [10], loss [10] }.
// A spread is a figure over learners: { mean, std, learners }. An outcome is an arm at the end of a phase:
// { phase, arm, figures, scores }.

export const CLASSES = 10;
/** Units of the fixed-point sums in `counts`. */
const CONFIDENCE_UNIT = 65536;
const LOSS_UNIT = 16384;
const SPACE = "\u00a0";

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
/** The larger one; a number rather than NaN, unlike Math.max. */
const larger = (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b));
const digits = (counts) => [...Array(CLASSES).keys()].filter(counts);
const everything = () => true;

/** A learner's score from its 120 counts: confusion, then sums of confidences, then of losses. */
export function scoreOf(counts) {
  const row = (digit) => Array.from(counts.slice(digit * CLASSES, (digit + 1) * CLASSES));
  const confusion = digits(everything).map(row);
  const mean = (at, unit, digit) => counts[at + digit] / unit / Math.max(1, sum(confusion[digit]));
  return {
    confusion,
    confidence: confusion.map((_, digit) => mean(CLASSES * CLASSES, CONFIDENCE_UNIT, digit)),
    loss: confusion.map((_, digit) => mean(CLASSES * (CLASSES + 1), LOSS_UNIT, digit)),
  };
}

/** Mean and standard deviation over learners (n − 1; 0 for a single one). */
export function spreadOf(learners) {
  const mean = sum(learners) / learners.length;
  const squares = sum(learners.map((value) => (value - mean) ** 2));
  return { mean, std: learners.length > 1 ? Math.sqrt(squares / (learners.length - 1)) : 0, learners };
}

/** The accuracy on the digits that count; NaN if there is no image of them. */
function accuracy({ confusion }, counts) {
  const own = digits(counts);
  return sum(own.map((digit) => confusion[digit][digit])) / sum(own.map((digit) => sum(confusion[digit])));
}

/** The mean of means per digit over the images of the digits that count. */
function weighted({ confusion }, means, counts) {
  const own = digits(counts);
  const images = (digit) => sum(confusion[digit]);
  return sum(own.map((digit) => means[digit] * images(digit))) / sum(own.map(images));
}

/** The four figures of every table and curve; accuracies are fractions. */
export function figuresOf(scores, forget) {
  const gone = (digit) => forget.includes(digit);
  const over = (value) => spreadOf(scores.map(value));
  return {
    test_accuracy: over((score) => accuracy(score, everything)),
    forget_accuracy: over((score) => accuracy(score, gone)),
    retain_accuracy: over((score) => accuracy(score, (digit) => !gone(digit))),
    forget_confidence: over((score) => weighted(score, score.confidence, gone)),
  };
}

/** A number with this many decimals, ties to even; zero has no sign, and NaN and infinities are a dash. */
export function fixed(value, decimals) {
  if (!Number.isFinite(value)) return "–";
  let text = value.toFixed(decimals);
  const exact = value.toFixed(60);
  const end = exact.indexOf(".") + 1 + decimals;
  const kept = decimals > 0 ? exact.slice(0, end) : exact.slice(0, end - 1);
  if (/^50*$/.test(exact.slice(end)) && /[02468]$/.test(kept)) text = kept;
  return /[1-9]/.test(text) ? text : text.replace("-", "");
}

/** The same with its sign, of either kind; zero has none. */
function signed(value, decimals) {
  const text = fixed(value, decimals);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

const percent = (spread) => `${fixed(100 * spread.mean, 1)}${SPACE}%`;
const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** "5", "3 and 5", "Sandal, Bag and Coat". */
function list(words) {
  if (words.length === 0) return "–";
  const [last, rest] = [words[words.length - 1], words.slice(0, -1)];
  return rest.length > 0 ? `${rest.join(", ")} and ${last}` : last;
}

/** "digit" and "digits", or "class" and "classes". */
export function nouns(classes) {
  const plain = classes.length === CLASSES && classes.every((name, label) => name === String(label));
  return plain ? ["digit", "digits"] : ["class", "classes"];
}

/** "digit 5", "classes Bag and Coat". */
export function words(classes, some) {
  const [one, many] = nouns(classes);
  return `${some.length === 1 ? one : many} ${list(some.map((label) => classes[label] ?? String(label)))}`;
}

// Statistics

/** The 97.5 % quantile of Student's t; the list's last one, which is no smaller, beyond its end. */
function student({ student: list }, degrees) {
  return list[Math.min(degrees, list.length) - 1] ?? Infinity;
}

/**
 * The paired difference of two arms by learner, means over the same `images`, with half of its 95 % interval:
 * Student's t on learners, but at least what so many images can resolve.
 */
function difference(statistics, a, b, images) {
  const spread = spreadOf(a.slice(0, b.length).map((value, learner) => value - b[learner]));
  const learners = spread.learners.length;
  const apart = sum(spread.learners.map(Math.abs)) / learners;
  const discordant = larger(apart, 1 / images);
  const sampling = larger(discordant - spread.mean * spread.mean, 0) / images;
  const error = larger(spread.std / Math.sqrt(learners), Math.sqrt(sampling));
  const half = learners < 2 ? Infinity : student(statistics, learners - 1) * error;
  return { mean: spread.mean, half };
}

/** Between two single networks, one of each group: the interval in which 95 % of differences lie. */
function ofSingles(statistics, a, b) {
  const [one, other] = [spreadOf(a), spreadOf(b)];
  const learners = Math.min(a.length, b.length);
  const variance = (one.std ** 2 + other.std ** 2) * (1 + 1 / learners);
  const half = learners < 2 ? Infinity : student(statistics, learners - 1) * Math.sqrt(variance);
  return { mean: one.mean - other.mean, half };
}

/** "negligible", "clear" or "unknown". */
function size({ worth }, { mean, half }) {
  if (Math.abs(mean) + half < worth) return "negligible";
  return Math.abs(mean) - half > worth ? "clear" : "unknown";
}

/** The probability that at least `hits` of `trials` succeed, for more hits than expected. */
function tail(hits, trials, share) {
  let log = 0;
  for (let i = 1; i <= hits; i++) log += Math.log((trials - hits + i) / i);
  let term = Math.exp(log + hits * Math.log(share) + (trials - hits) * Math.log1p(-share));
  let total = 0;
  for (let k = hits; k <= trials && term > 0; k++) {
    total += term;
    term *= (((trials - k) / (k + 1)) * share) / (1 - share);
  }
  return total;
}

/** Whether a network does better than guessing on the digits that count. */
export function knows({ chance }, confusion, classes, counts) {
  const own = digits(counts);
  const ofDigit = confusion.map(sum);
  const answered = (digit) => sum(confusion.map((row) => row[digit]));
  const images = sum(own.map((digit) => ofDigit[digit]));
  const right = sum(own.map((digit) => confusion[digit][digit]));
  const byAnswers = sum(own.map((digit) => (ofDigit[digit] * answered(digit)) / sum(ofDigit)));
  const guessed = Math.min(1, larger(byAnswers / images, 1 / classes));
  // As many as expected, or fewer, are never rare.
  if (right === 0 || right <= guessed * images) return false;
  return tail(right, images, guessed) < chance;
}

// Sentences

/** "(95 % CI -0.05 to +0.35)", where there is one. */
function interval(difference, unit, decimals) {
  return Number.isFinite(difference.half) ? ` (95${SPACE}% CI ${range(difference, unit, decimals)})` : "";
}

/** "-0.05 to +0.35". */
function range({ mean, half }, unit, decimals) {
  const end = (value) => signed(unit * Math.min(1, Math.max(-1, value)), decimals);
  return `${end(mean - half)} to ${end(mean + half)}`;
}

/** "2 of 4 originals never learned digit 5"; null if all did. */
function neverLearned(who, what, { scores }, knowing) {
  const ignorant = scores.filter((score) => !knowing(score)).length;
  if (ignorant === 0) return null;
  return ignorant === scores.length
    ? `The ${who} never learned ${what}`
    : `${ignorant} of ${scores.length} ${who} never learned ${what}`;
}

/** That there is no verdict, because originals or retrained networks learned nothing; null if they did. */
function nothingLearned(task, originals, retrained) {
  const { settings, what, many } = task;
  const knowing = (counts) => (score) => knows(settings.statistics, score.confusion, task.classes.length, counts);
  const said =
    originals &&
    neverLearned("originals", what, originals, (score) => knowing(task.gone)(score) && knowing(everything)(score));
  if (said) {
    const { forget_accuracy, test_accuracy } = originals.figures;
    const remedy = settings.from
      ? " Check that the networks of --from take pixels divided by 255."
      : " Train longer (--epochs) or at another rate (--lr).";
    return (
      `${said}: guessing does as well (accuracy on ${what} ${percent(forget_accuracy)}, on all ${many} ` +
      `${percent(test_accuracy)}). With nothing to forget, there is no verdict on forgetting.${settings.from === undefined ? "" : remedy}`
    );
  }
  const others = retrained && neverLearned("retrained networks", `the other ${many}`, retrained, knowing(task.kept));
  if (!others) return null;
  return (
    `${others}: guessing does as well (accuracy ${percent(retrained.figures.retain_accuracy)}). ` +
    "Without that reference there is no verdict on forgetting."
  );
}

function forgetting({ what, it, many }, before, after, never) {
  const [b, a, n] = [before.figures, after.figures, never.figures];
  return (
    `Unlearning took accuracy on ${what} from ${percent(b.forget_accuracy)} to ${percent(a.forget_accuracy)} ` +
    `(retrained networks, which never saw ${it}: ${percent(n.forget_accuracy)}), and on the other ${many} from ` +
    `${percent(b.retain_accuracy)} to ${percent(a.retain_accuracy)} (retrained: ${percent(n.retain_accuracy)}).`
  );
}

/** Test images of the classes that count. */
function images({ scores }, counts) {
  return scores.length > 0 ? sum(digits(counts).map((digit) => sum(scores[0].confusion[digit]))) : 0;
}

/** Two arms beside each other on the forgotten classes: how alike they are, and by how much they differ. */
function beside(statistics, a, b, count) {
  const of = (name) => difference(statistics, a.figures[name].learners, b.figures[name].learners, count);
  const [accuracy, confidence] = [of("forget_accuracy"), of("forget_confidence")];
  const both = [accuracy, confidence];
  let likeness = "unknown";
  if (both.some((d) => size(statistics, d) === "clear")) likeness = "different";
  else if (both.every((d) => size(statistics, d) === "negligible")) likeness = "alike";
  else if (both.every((d) => Math.abs(d.mean) < statistics.worth)) likeness = "seem alike";
  const said =
    `by ${signed(100 * accuracy.mean, 1)} points in accuracy${interval(accuracy, 100, 1)} and ` +
    `${signed(confidence.mean, 2)} in confidence${interval(confidence, 1, 2)}`;
  const single = (name) => ofSingles(statistics, a.figures[name].learners, b.figures[name].learners);
  return { likeness, said, singles: [single("forget_accuracy"), single("forget_confidence")] };
}

/** Whether unlearned networks match the originals, or retrained networks, or neither. */
function trace(task, before, after, never) {
  const count = images(after, task.gone);
  const { statistics } = task.settings;
  const [original, retrained] = [beside(statistics, after, before, count), beside(statistics, after, never, count)];
  const resolution =
    `within the resolution of ${counted(after.scores.length, "learner")} and ${counted(count, "test image")}`;
  const confidence = (outcome) => fixed(outcome.figures.forget_confidence.mean, 2);
  return (
    `On ${task.what}, the unlearned networks (mean confidence ${confidence(after)}) differ from the originals ` +
    `(${confidence(before)}) ${original.said}, and from the retrained networks (${confidence(never)}) ` +
    `${retrained.said}: ${likenesses(original.likeness, retrained.likeness, task.it, resolution)}.` +
    singly(statistics, original, retrained)
  );
}

/** Whether single networks are distinguishable where groups are. */
function singly(statistics, original, retrained) {
  const groups = [original, retrained];
  const known = original.singles.every(({ half }) => Number.isFinite(half));
  if (!known || groups.every(({ likeness }) => likeness !== "different")) return "";
  const apart = ({ singles: [accuracy, confidence] }, from) =>
    `${range(accuracy, 100, 1)} points and ${range(confidence, 1, 2)} from ${from}`;
  const [one, other] = groups.map(({ singles }) => singles.some((d) => size(statistics, d) === "clear"));
  let judgement = "one is distinguishable from neither";
  if (one && other) judgement = "one is distinguishable from both";
  else if (one) judgement = "one is distinguishable from originals, but not from retrained ones";
  else if (other) judgement = "one is distinguishable from retrained ones, but not from originals";
  return (
    ` Single networks are apart by ${apart(original, "an original")}, and by ${apart(retrained, "a retrained one")} ` +
    `(95${SPACE}% prediction intervals): ${judgement}.`
  );
}

function likenesses(original, retrained, it, resolution) {
  const within = [original, retrained].includes("seem alike") ? `, ${resolution}` : "";
  const match = (likeness) => likeness === "alike" || likeness === "seem alike";
  if (original === "different" && retrained === "different") {
    return (
      "as groups they are distinguishable from both; unlearning changed them, but not into networks that never " + `saw ${it}`
    );
  }
  if (match(original) && retrained === "different") {
    return `they still match the originals${within}; there is no sign of forgetting`;
  }
  if (original === "unknown" && retrained === "different") {
    return `${resolution}, as groups they are distinguishable from retrained networks, but not from the originals`;
  }
  if (original === "different" && match(retrained)) return `they match networks that never saw ${it}${within}`;
  if (original === "different") {
    return `${resolution}, as groups they are distinguishable from the originals, but not from retrained networks`;
  }
  if (match(original) && match(retrained)) return `all three match${within}, and forgetting would not show`;
  return `${resolution}, even as groups they are distinguishable from neither`;
}

/** Whether relearning gained more than the control. */
function relearning({ settings: { statistics } }, before, again, control) {
  const [b, a, c] = [before, again, control].map((outcome) => outcome.figures.test_accuracy);
  const count = images(again, everything);
  const apart = difference(statistics, a.learners, c.learners, count);
  const points = (gain) => `${signed(100 * gain, 2)} points`;
  return (
    `After relearning, test accuracy is ${percent(a)} (${points(a.mean - b.mean)} since the learn phase); the ` +
    "control, never unlearned and trained for the same number of steps, reaches " +
    `${percent(c)} (${points(c.mean - b.mean)}). Paired by seed, the difference is ` +
    `${points(apart.mean)}${interval(apart, 100, 2)}: ${judged(statistics, apart, a.learners.length, count)}.`
  );
}

function judged(statistics, apart, learners, count) {
  const question = "whether relearning gained more than continued training";
  switch (size(statistics, apart)) {
    case "negligible":
      return `less than ${100 * statistics.worth} points is negligible`;
    case "clear":
      return `relearning gained ${apart.mean > 0 ? "more" : "less"} than continued training`;
    default:
      if (learners === 1) return `a single learner cannot show ${question}`;
      if (apart.mean + apart.half < statistics.worth) return oneSided("no more", "less", statistics.worth);
      if (apart.mean - apart.half > -statistics.worth) return oneSided("no less", "more", statistics.worth);
      return `${learners} learners and ${counted(count, "test image")} are too few to show ${question}`;
  }
}

function oneSided(known, open, worth) {
  return (
    `relearning gained ${known} than continued training; whether it gained ${open} by ${100 * worth} points is ` +
    "open"
  );
}

/** What outcomes are about, those that sentences compare, and why there is no verdict where there is none. */
function compared(settings, classes, outcomes) {
  const gone = (digit) => settings.forget.includes(digit);
  const task = {
    settings,
    classes,
    gone,
    kept: (digit) => !gone(digit),
    what: words(classes, settings.forget),
    it: settings.forget.length === 1 ? "it" : "them",
    many: nouns(classes)[1],
  };
  const find = (phase, arm) => outcomes.find((outcome) => outcome.phase === phase && outcome.arm === arm);
  const learned = find("learn", "original");
  const retrained = find("unlearn", "retrained");
  const nothing = nothingLearned(task, learned, retrained ?? find("learn", "retrained"));
  const forgot = settings.unlearn_epochs > 0 && learned && retrained && find("unlearn", "unlearned");
  return { task, nothing, learned, retrained, unlearned: forgot, relearned: find("relearn", "relearned"), control: find("relearn", "original") };
}

/**
 * Sentences for the end of a run, from what its phases left; none for phases that are missing.
 *
 * `settings`: { forget: [5], unlearn_epochs, relearn_epochs, from, statistics }, the last of them the
 * catalogue's { student, worth, chance }; where `from` is left out, no sentence names options of the program.
 * `classes`: names by label.
 */
export function verdict(settings, classes, outcomes) {
  const { task, nothing, learned, retrained, unlearned, relearned, control } = compared(settings, classes, outcomes);
  const sentences = nothing ? [nothing] : [];
  // A phase of no steps changes nothing.
  if (!nothing && unlearned) {
    sentences.push(forgetting(task, learned, unlearned, retrained), trace(task, learned, unlearned, retrained));
  }
  if (settings.relearn_epochs > 0 && learned && relearned && control) {
    sentences.push(relearning(task, learned, relearned, control));
  }
  return sentences;
}

/**
 * What `trace` says, as an answer to whether networks forget: the page's headline, which reports lack. Null
 * before the end of unlearning.
 */
export function answer(settings, classes, outcomes) {
  const { task, nothing, learned, retrained, unlearned } = compared(settings, classes, outcomes);
  if (nothing) return "No answer: too little was learned.";
  if (!unlearned) return null;
  const learners = unlearned.scores.length;
  if (learners === 1) return "No answer yet: a single learner cannot tell forgetting from chance.";
  const likeness = (other) => beside(settings.statistics, unlearned, other, images(unlearned, task.gone)).likeness;
  return inShort(likeness(learned), likeness(retrained), task, learners);
}

function inShort(original, retrained, { what, it }, learners) {
  const match = (likeness) => likeness === "alike" || likeness === "seem alike";
  if (match(original) && match(retrained)) return "No answer: forgetting would not show here.";
  if (original === "different" && match(retrained)) {
    const yes = retrained === "alike" ? "Yes, by their answers" : "It seems so, by their answers";
    return `${yes}: the networks match those that never saw ${what}.`;
  }
  if (original === "different" && retrained === "different") {
    return `Not quite: the networks changed, but answer ${what} unlike those that never saw ${it}.`;
  }
  if (match(original) && retrained === "different") {
    return `${original === "alike" ? "No" : "It seems not"}: the networks still answer ${what} as before.`;
  }
  return `No answer yet: ${learners} learners are too few to show it.`;
}

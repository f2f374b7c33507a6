// Recognises synthetic speech: CTC and a bidirectional LSTM.
import { mkdirSync } from 'node:fs';
import torch, { nn, optim, type Tensor } from 'torch-losses';

const { clip_grad_norm_, rnn } = nn.utils;

const PHONES = 8;
const FEATURES = 16;
const NOISE = 1;
const STEPS = 100;
const BATCH_SIZE = 16;
const folder = process.argv[2] ?? 'runs/speech';

torch.set_num_threads(1); // the tensors are small: one thread is fastest
torch.manual_seed(0);
const sounds = torch.randn(PHONES + 1, FEATURES); // what each phone sounds like; the first is silence

interface Batch {
  frames: Tensor; // (frames, utterances, features), padded
  frameLengths: Tensor;
  labels: Tensor[]; // the phones of each utterance
}

/** Draws an utterance: up to 8 phones, each held for 2 to 5 frames and followed by silence, with noise. */
function utter(): [frames: Tensor, labels: Tensor] {
  const labels = torch.randint(1, PHONES + 1, [torch.randint(3, 9, []).item()]);
  const parts = torch.stack([labels, torch.zeros_like(labels)], 1).flatten();
  const clean = sounds.index(parts.repeat_interleave(torch.randint(2, 6, parts.shape)));
  return [clean.add(torch.randn_like(clean).mul(NOISE)), labels];
}

function draw(size: number): Batch {
  const utterances = Array.from({ length: size }, utter);
  const frames = utterances.map(([each]) => each);
  return {
    frames: rnn.pad_sequence(frames),
    frameLengths: torch.tensor(frames.map((each) => each.shape[0]!)),
    labels: utterances.map(([, labels]) => labels),
  };
}

class Recogniser extends nn.Module<[frames: Tensor, lengths: Tensor], Tensor> {
  lstm = new nn.LSTM(FEATURES, 32, { bidirectional: true });
  linear = new nn.Linear(64, PHONES + 1); // class 0 is CTC's blank

  override forward(frames: Tensor, lengths: Tensor): Tensor {
    const packed = rnn.pack_padded_sequence(frames, lengths, { enforce_sorted: false });
    const [output] = rnn.pad_packed_sequence(this.lstm(packed)[0]);
    return this.linear(output).log_softmax(2);
  }
}

/** Returns the phones of the best path: runs of one class become one, and blanks are left out. */
function decode(scores: Tensor): number[] {
  const path = scores.argmax(1).unique_consecutive();
  return path.index(path.ne(0)).tolist() as number[];
}

/** Returns the number of insertions, deletions and substitutions between two sequences. */
function editDistance(a: readonly number[], b: readonly number[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  a.forEach((x, i) => {
    const next = [i + 1];
    b.forEach((y, j) => {
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (x === y ? 0 : 1)));
    });
    row = next;
  });
  return row.at(-1)!;
}

/** Returns the errors per phone of the greedy decoding. */
function errorRate({ frames, frameLengths, labels }: Batch): number {
  model.eval();
  const scores = torch.no_grad(() => model(frames, frameLengths));
  let errors = 0;
  labels.forEach((expected, i) => {
    const heard = scores.index(torch.slice(frameLengths.index(i).item()), i);
    errors += editDistance(decode(heard), expected.tolist() as number[]);
  });
  return errors / labels.reduce((sum, each) => sum + each.numel(), 0);
}

const model = new Recogniser();
const criterion = new nn.CTCLoss();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });

for (let step = 1; step <= STEPS; step++) {
  const { frames, frameLengths, labels } = draw(BATCH_SIZE);
  const labelLengths = torch.tensor(labels.map((each) => each.numel()));
  optimizer.zero_grad();
  const loss = criterion(
    model(frames, frameLengths),
    torch.cat(labels),
    frameLengths,
    labelLengths,
  );
  loss.backward();
  clip_grad_norm_(model.parameters(), 5);
  optimizer.step();
  if (step % 20 === 0) console.log(`step ${step}  loss ${loss.item().toFixed(4)}`);
}

console.log(`phone error rate ${(100 * errorRate(draw(200))).toFixed(2)} %`);
mkdirSync(folder, { recursive: true });
torch.save(model.state_dict(), `${folder}/weights.pt`);

# Recognises synthetic speech: CTC and a bidirectional LSTM.
import os
import sys

import torch
from torch import nn, optim
from torch.nn.utils import clip_grad_norm_, rnn

PHONES = 8
FEATURES = 16
NOISE = 1
STEPS = 100
BATCH_SIZE = 16
folder = sys.argv[1] if len(sys.argv) > 1 else "runs/speech"

torch.set_num_threads(1)  # the tensors are small: one thread is fastest
torch.manual_seed(0)
sounds = torch.randn(PHONES + 1, FEATURES)  # what each phone sounds like; the first is silence


def utter():
    """Draws an utterance: up to 8 phones, each held for 2 to 5 frames and followed by silence, with noise."""
    labels = torch.randint(1, PHONES + 1, [torch.randint(3, 9, []).item()])
    parts = torch.stack([labels, torch.zeros_like(labels)], 1).flatten()
    clean = sounds[parts.repeat_interleave(torch.randint(2, 6, parts.shape))]
    return clean + torch.randn_like(clean) * NOISE, labels


def draw(size):
    utterances = [utter() for _ in range(size)]
    frames = [each for each, _ in utterances]
    labels = [labels for _, labels in utterances]
    return rnn.pad_sequence(frames), torch.tensor([len(each) for each in frames]), labels


class Recogniser(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(FEATURES, 32, bidirectional=True)
        self.linear = nn.Linear(64, PHONES + 1)  # class 0 is CTC's blank

    def forward(self, frames, lengths):
        packed = rnn.pack_padded_sequence(frames, lengths, enforce_sorted=False)
        output, _ = rnn.pad_packed_sequence(self.lstm(packed)[0])
        return self.linear(output).log_softmax(2)


def decode(scores):
    """Returns the phones of the best path: runs of one class become one, and blanks are left out."""
    path = scores.argmax(1).unique_consecutive()
    return path[path != 0].tolist()


def edit_distance(a, b):
    """Returns the number of insertions, deletions and substitutions between two sequences."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        next = [i + 1]
        for j, y in enumerate(b):
            next.append(min(row[j + 1] + 1, next[j] + 1, row[j] + (x != y)))
        row = next
    return row[-1]


def error_rate(frames, frame_lengths, labels):
    """Returns the errors per phone of the greedy decoding."""
    model.eval()
    with torch.no_grad():
        scores = model(frames, frame_lengths)
    errors = 0
    for i, expected in enumerate(labels):
        heard = scores[: frame_lengths[i], i]
        errors += edit_distance(decode(heard), expected.tolist())
    return errors / sum(each.numel() for each in labels)


model = Recogniser()
criterion = nn.CTCLoss()
optimizer = optim.Adam(model.parameters(), lr=0.01)

for step in range(1, STEPS + 1):
    frames, frame_lengths, labels = draw(BATCH_SIZE)
    label_lengths = torch.tensor([each.numel() for each in labels])
    optimizer.zero_grad()
    loss = criterion(model(frames, frame_lengths), torch.cat(labels), frame_lengths, label_lengths)
    loss.backward()
    clip_grad_norm_(model.parameters(), 5)
    optimizer.step()
    if step % 20 == 0:
        print(f"step {step}  loss {loss.item():.4f}")

print(f"phone error rate {100 * error_rate(*draw(200)):.2f} %")
os.makedirs(folder, exist_ok=True)
torch.save(model.state_dict(), os.path.join(folder, "weights.pt"))

// Times the cases in rounds. In each round, every side has a turn.
import { setTimeout as delay } from 'node:timers/promises';

import { casesOfRun, describeCase, SIZES } from './cases.mjs';
import { median } from './statistics.mjs';

// The pause after a turn in milliseconds. In it, a side's helper threads finish work such as garbage collection, which
// would slow the next side.
const PAUSE = 3;
const TOLERANCE = 1e-3;
/** If the first call takes more seconds than this, the warm-up ends. */
const SLOW = 0.3;
/** The shortest warm-up of a side in seconds. V8 needs some thousand calls before it compiles the code. */
const REHEARSAL = 0.1;

/**
 * The length and number of a side's turns. A turn of small calls is long enough to contain the garbage collections that
 * earlier calls cause.
 */
const EFFORTS = {
  tiny: { seconds: 0.02, rounds: 25 },
  small: { seconds: 0.02, rounds: 15 },
  medium: { seconds: 0.02, rounds: 11 },
  large: { seconds: 0.03, rounds: 9 },
  huge: { seconds: 0.03, rounds: 5 },
};
/** With --quick, the same for every size but the smallest, whose single case is all that its targets are checked by. */
const QUICK = { seconds: 0.01, rounds: 5 };
/** The largest number of seconds for a side in one case. A slow side has fewer turns. */
const BUDGET = 3;
const BUDGET_OF_PEERS = 0.2;
/** At sizes where a JavaScript library may take a second per call, only some losses of each kind are timed. */
const LOSSES_OF_PEERS = {
  large: ['MSELoss', 'BCEWithLogitsLoss', 'KLDivLoss', 'CrossEntropyLoss', 'CosineEmbeddingLoss'],
  huge: [],
};

/**
 * Times all cases of a run.
 *
 * @param {{ torch: import('./side.mjs').Side[], peers: import('./side.mjs').Side[] }} sides
 * @param {{ quick: boolean, only?: string }} options
 */
export async function timeCases({ torch, peers }, { quick, only }) {
  const results = [];
  for (const timed of casesOfRun({ quick, only })) {
    const effort = quick && timed.size !== 'tiny' ? QUICK : EFFORTS[timed.size];
    const compared = hasPeers(timed, quick) ? peers : [];
    const peerBudget = timed.size === 'tiny' ? BUDGET : BUDGET_OF_PEERS;
    const sides = [
      ...torch.map((side) => ({ side, budget: BUDGET })),
      ...compared.map((side) => ({ side, budget: peerBudget })),
    ];
    const result = await timeCase(sides, timed, effort);
    results.push(result);
    console.log(lineOf(result));
  }
  return results;
}

function hasPeers({ loss, size }, quick) {
  const losses = quick && size !== 'tiny' ? [] : LOSSES_OF_PEERS[size];
  return losses === undefined || losses.includes(loss);
}

function lineOf(result) {
  const shape = SIZES[result.size].join('×');
  const title = `${result.loss} ${shape} ${result.backward ? 'forward+backward' : 'forward'}`;
  const times = Object.entries(result.seconds).map(
    ([name, seconds]) => `${name} ${(median(seconds) * 1e6).toPrecision(3)}`,
  );
  return `${title.padEnd(56)} µs: ${times.join(', ')}`;
}

/**
 * Times one case.
 *
 * @param {{ side: import('./side.mjs').Side, budget: number }[]} sides
 * @param {{ loss: string, size: string, backward: boolean }} timed
 * @param {{ seconds: number, rounds: number }} effort
 * @returns {Promise<{ loss: string, size: string, backward: boolean,
 *   seconds: Record<string, number[]>, notes: Record<string, string> }>} `seconds`: the time of one call, for each side
 *   and round; `notes`: why a side is missing
 */
async function timeCase(sides, timed, { seconds, rounds }) {
  const described = describeCase(timed.loss, timed.size);
  const notes = {};
  const ready = [];
  let expected;
  for (const { side, budget } of sides) {
    const { value, unsupported } = await side.prepare(described, timed.backward);
    expected ??= value;
    if (unsupported) {
      notes[side.name] = unsupported;
    } else if (!agree(value, expected)) {
      notes[side.name] = `computes ${value}, not ${expected}`;
    } else {
      const { calls, turn } = await rehearse(side, seconds);
      ready.push({ side, calls, turns: Math.max(1, Math.min(rounds, Math.floor(budget / turn))) });
    }
  }
  const times = Object.fromEntries(ready.map(({ side }) => [side.name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = ready.filter(({ turns }) => round < turns);
    for (const { side, calls } of round % 2 === 0 ? order : order.reverse()) {
      await delay(PAUSE);
      times[side.name].push((await side.run(calls)) / calls);
    }
  }
  return { ...timed, seconds: times, notes };
}

function agree(value, expected) {
  return Math.abs(value - expected) <= TOLERANCE * Math.max(1, Math.abs(expected));
}

// Warms a side up, and returns the number of calls for a turn, from the fastest call. The first calls are slower: they
// load code, allocate memory, and run before a JavaScript engine compiles.
async function rehearse(side, seconds) {
  const wanted = () => Math.max(1, Math.round(seconds / perCall));
  let perCall = await side.run(1);
  let spent = perCall;
  for (let calls = 8; spent < SLOW && (calls <= 512 || spent < REHEARSAL); calls *= 8) {
    const most = Math.max(wanted(), Math.round(REHEARSAL / perCall));
    const time = await side.run(Math.min(calls, most));
    spent += time;
    perCall = Math.min(perCall, time / Math.min(calls, most));
  }
  return { calls: wanted(), turn: wanted() * perCall };
}

/** Returns how many times as long one side takes as another: the median of the ratios in each round. */
export function ratio({ seconds }, numerator, denominator) {
  const a = seconds[numerator];
  const b = seconds[denominator];
  if (!a || !b) {
    return undefined;
  }
  const rounds = Math.min(a.length, b.length);
  return median(a.slice(0, rounds).map((time, round) => time / b[round]));
}

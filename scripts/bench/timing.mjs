// Times the cases: in rounds, in which every side has its turn.
import { setTimeout as delay } from 'node:timers/promises';

import { casesOfRun, describeCase, SIZES } from './cases.mjs';
import { median } from './statistics.mjs';

// What a side's helper threads still do after its turn, such as collecting, is not to be paid for by
// the next one. In milliseconds.
const PAUSE = 3;
const TOLERANCE = 1e-3;
/** Seconds of a first call after which it is not rehearsed further. */
const SLOW = 0.3;
/** Seconds that a side rehearses at least: V8 takes some thousand calls to compile what it runs. */
const REHEARSAL = 0.1;

/**
 * How long a side's turn lasts, and how many it has. A turn of small calls is long enough to hold
 * collections of what the calls before left behind.
 */
const EFFORTS = {
  tiny: { seconds: 0.02, rounds: 25 },
  small: { seconds: 0.02, rounds: 15 },
  medium: { seconds: 0.02, rounds: 11 },
  large: { seconds: 0.03, rounds: 9 },
  huge: { seconds: 0.03, rounds: 5 },
};
const QUICK = { seconds: 0.01, rounds: 5 };
/** A slow side has fewer turns, so that no case costs more than this many seconds of it. */
const BUDGET = 3;
const BUDGET_OF_PEERS = 0.2;
/** At sizes where a peer may take a second a call, losses of each kind stand for all. */
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
    const effort = quick ? QUICK : EFFORTS[timed.size];
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
 *   seconds: Record<string, number[]>, notes: Record<string, string> }>} `seconds`: of one call, for
 *   each side, in each round; `notes`: why a side is not among them
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

// Finds how many calls make a turn, from the fastest seen: the first ones also load and allocate what
// later ones find there, and a JavaScript engine compiles what it has seen running.
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

/**
 * How many times as long one side takes as another: the median over rounds, each of which compares
 * what ran side by side.
 */
export function ratio({ seconds }, numerator, denominator) {
  const a = seconds[numerator];
  const b = seconds[denominator];
  if (!a || !b) {
    return undefined;
  }
  const rounds = Math.min(a.length, b.length);
  return median(a.slice(0, rounds).map((time, round) => time / b[round]));
}

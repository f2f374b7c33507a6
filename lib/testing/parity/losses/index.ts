/**
 * The list of all losses, with a row for each that describes its cases. A loss without a row of its own gets a default
 * row.
 */
import { isSince } from '../../../bindings/libtorch/versions';
import { libtorch } from '../../../bindings/native';
import { BINARY } from './binary';
import { CLASSIFICATION } from './classification';
import { defaultRows } from './default';
import { EMBEDDING } from './embedding';
import { LAYERS } from './layers';
import { REGRESSION } from './regression';
import { type LossRow, nameOf } from './row';
import { SEQUENCES } from './sequences';

/** Returns whether this Python has the loss. Some exist since 2.13 only. */
const isThere = (row: LossRow): boolean =>
  isSince('2.13', libtorch.version) || !/linear_?cross_?entropy/i.test(nameOf(row));

const ROWS = [...REGRESSION, ...BINARY, ...CLASSIFICATION, ...EMBEDDING, ...SEQUENCES, ...LAYERS];

export const LOSSES: readonly LossRow[] = [...ROWS, ...defaultRows(ROWS.map(nameOf))].filter(
  isThere,
);

export { type LossRow, nameOf } from './row';

/** Every loss, a row each: what its cases are made from. A new loss is a new row. */
import { BINARY } from './binary';
import { CLASSIFICATION } from './classification';
import { EMBEDDING } from './embedding';
import { LAYERS } from './layers';
import { REGRESSION } from './regression';
import type { LossRow } from './row';
import { SEQUENCES } from './sequences';

export const LOSSES: readonly LossRow[] = [
  ...REGRESSION,
  ...BINARY,
  ...CLASSIFICATION,
  ...EMBEDDING,
  ...SEQUENCES,
  ...LAYERS,
];

export { type LossRow, nameOf } from './row';

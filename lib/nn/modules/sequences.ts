/** Containers of parameters, recurrent layers and Transformers: modules that are loaded on first use. */
import { onFirstUse } from '../../utils/on_first_use';
import type { Parameter } from '../parameter';
import type * as containers from './parameter_container';

export type { ParameterMapping } from './parameter_container';

export declare const ParameterDict: typeof containers.ParameterDict;
export type ParameterDict<Value = Parameter> = containers.ParameterDict<Value>;
export declare const ParameterList: typeof containers.ParameterList;
export type ParameterList<Value = Parameter> = containers.ParameterList<Value>;

const CONTAINERS = ['ParameterDict', 'ParameterList'] as const;
for (const name of CONTAINERS) {
  onFirstUse(exports, name, () => require('./parameter_container')[name]);
}

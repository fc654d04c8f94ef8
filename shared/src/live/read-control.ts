import { isObject } from '../text/is-object.ts';
import {
  type Action,
  type Control,
  MOST_SENT_TEXT,
  PUBLISHER_ACTIONS,
  RANGES,
  SCHEMA,
  SUBSCRIBER_ACTIONS,
} from './protocol.ts';
import { isName, isNumber, isOneOf, isText, parseObject } from './reading.ts';

/** No control is longer: bytes. */
const MOST_BYTES = 8 * 1024;

/** Whether a payload of the watching channel says that somebody looks. */
export function isWatching(payload: Buffer): boolean {
  const said = parseObject(payload, MOST_BYTES);
  return said?.kind === 'watching' && said.v === SCHEMA;
}

/**
 * Reads a payload of the controls channel; what is not exactly a control, with its value within its range, is none.
 * @returns `undefined` if it is none
 */
export function readControl(payload: Buffer): Control | undefined {
  const said = parseObject(payload, MOST_BYTES);
  if (said?.kind !== 'control' || said.v !== SCHEMA || !isName(said.id) || !isObject(said.to)) return undefined;
  const { service, instance } = said.to;
  if (!isOneOf(service, ['publisher', 'subscriber'] as const)) return undefined;
  if (instance !== undefined && !isName(instance)) return undefined;
  const actions: readonly Action[] = service === 'publisher' ? PUBLISHER_ACTIONS : SUBSCRIBER_ACTIONS;
  if (!isOneOf(said.do, actions) || !isValue(said.do, said.value)) return undefined;
  const to = instance === undefined ? { service } : { service, instance };
  const control = { kind: 'control', v: SCHEMA, id: said.id, to, do: said.do } as const;
  return said.value === undefined ? control : { ...control, value: said.value };
}

/** Whether an action can have this value: a number within its range, a text, or none. */
export function isValue(action: Action, value: unknown): value is number | string | undefined {
  if (action === 'send' || action === 'sendBroken') return isText(value, MOST_SENT_TEXT, 1);
  const range = (RANGES as Partial<Record<Action, (typeof RANGES)[keyof typeof RANGES]>>)[action];
  if (!range) return value === undefined;
  return isNumber(value, range.least, range.most) && (!range.isWhole || Number.isInteger(value));
}

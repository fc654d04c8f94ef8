import { v4 as uuid } from 'uuid';
import type { Connection } from '../redis/connection.ts';
import { runKnownScript } from '../redis/script.ts';
import type { AckExtras, AckFate, Write } from './delivery.ts';

/**
 * How a pattern acknowledges: two pieces of Lua that stand in one script. Both find their keys in `KEYS[1]` and following, their
 * arguments in `ARGV[a + 1]` and following, and the number of deliveries in `n`.
 */
export interface Acknowledgement {
  /**
   * Sets `state[i]` for each delivery: 1 = it is ours, 2 = it is gone, 3 = it is somebody else's; or `allOurs = true`, if it need not
   * look at them one by one. Changes nothing. May `return -1`, if it cannot tell with these arguments: then the next way is tried.
   */
  readonly check: string;
  /** Acknowledges those with `state[i] == 1`, or all if `allOurs`. */
  readonly settle: string;
  readonly keys: readonly string[];
  readonly args: readonly (string | Buffer)[];
  /** Called when it had to look at the deliveries one by one, which costs Redis as much as all the rest. */
  readonly onLook?: () => void;
}

/** ARGV: n, keys of the pattern, arguments of the pattern, '1' for a repetition; then those of the pattern. */
const HEADER = `
local n, a = tonumber(ARGV[1]), 4
local nextKey, nextArg = 1 + ARGV[2], 1 + a + ARGV[3]
local isRepeated = ARGV[4] == '1'
local state, allOurs = {}, false
`;

/**
 * Leaves alone what was marked as handled by somebody else, and marks the rest. KEYS: marks. ARGV: who marks, ms.
 * `marked[i]` is whether the mark is ours.
 */
const MARK = `
local marked = {}
for i = 1, n do
  local key = KEYS[nextKey + i - 1]
  if allOurs or state[i] == 1 or (state[i] == 2 and isRepeated) then
    local mine = ARGV[nextArg] .. i -- a message may be there twice
    marked[i] = redis.call('SET', key, mine, 'NX', 'PX', ARGV[nextArg + 1]) and true
      or redis.call('GET', key) == mine
  end
end
nextKey, nextArg = nextKey + n, nextArg + 2
`;

/**
 * Does writes that go with what the script has done, from `KEYS[nextKey]` and `ARGV[nextArg]` on; `refused` says why Redis did not do
 * one of them. KEYS: one for each write. ARGV: for each the command, how many arguments, the arguments.
 */
export const WRITE = `
while nextKey <= #KEYS do
  local count = tonumber(ARGV[nextArg + 1])
  local result = try(ARGV[nextArg], KEYS[nextKey], unpack(ARGV, nextArg + 2, nextArg + 1 + count))
  if type(result) == 'table' and result.err then refused = result.err end
  nextKey, nextArg = nextKey + 1, nextArg + 2 + count
end
`;

/** The fates: 0 = all done, or a number for each: 1 done, 2 repeated, 3 lost lease. */
const ANSWER = `
if allOurs and not marked then return {0, refused, 0} end
local fates = {}
for i = 1, n do
  if marked and marked[i] == false then fates[i] = 2
  elseif allOurs or state[i] == 1 or (state[i] == 2 and isRepeated) then fates[i] = 1
  else fates[i] = 3 end
end
return {fates, refused, allOurs and 0 or 1}
`;

const FATES: readonly AckFate[] = ['done', 'done', 'repeated', 'lost-lease'];

/** The ARGV of writes. */
export const argumentsOf = (writes: readonly Write[]): string[] =>
  writes.flatMap(({ command, args }) => [command, String(args.length), ...args]);

/**
 * Acknowledges, with what goes with it, in one script, which is repeated until Redis answers, the signal aborts, or the
 * connection is closed (then `undefined`). Marks come first and the acknowledgement second, so that a refusal costs nothing.
 *
 * @param ways tried one after the other, until one can tell; all of them know whether it is a repetition
 * @param markOf the key of a message's mark
 * @returns the fate of each
 */
export async function acknowledge(
  connection: Connection,
  signal: AbortSignal,
  count: number,
  ways: readonly (() => Acknowledgement)[],
  { once, writes = [], onWriteRefused }: AckExtras,
  markOf: (id: string) => string,
): Promise<readonly AckFate[] | undefined> {
  const further = [
    ...(once ? [uuid(), String(once.ttlMs)] : []), // a repetition knows its own marks by the first
    ...argumentsOf(writes),
  ];
  let wasRepeated = false;
  for (const way of ways) {
    const { check, settle, keys, args, onLook } = way();
    const script = `${HEADER}${check}${once ? MARK : 'local marked\n'}${settle}local refused = ''\n${WRITE}${ANSWER}`;
    const allKeys = [...keys, ...(once ? once.ids.map(markOf) : []), ...writes.map(({ key }) => key)];
    const header = [count, keys.length, args.length].map(String);
    const reply = await connection.survive(signal, (isRepetition) => {
      wasRepeated ||= isRepetition;
      return runKnownScript(connection.client, script, allKeys, [
        ...header,
        wasRepeated ? '1' : '0',
        ...args,
        ...further,
      ]);
    });
    if (reply === undefined) return undefined;
    if (reply === -1) continue;
    const [fates, refused, looked] = reply as [0 | number[], string, number];
    if (looked === 1) onLook?.();
    if (refused !== '') onWriteRefused?.(String(refused));
    return fates === 0 ? new Array<AckFate>(count).fill('done') : fates.map((fate) => FATES[fate] as AckFate);
  }
  throw new Error('no way to acknowledge could tell whose the deliveries are');
}

import { formatNumber } from '@redis-messaging/shared/text/table';
import type { Evidence, PatternEvidence } from '../evidence/evidence.ts';
import type { Found } from './messages.ts';

/**
 * A process that stood still, and whose name was another's meanwhile, may go on if that one stood still for longer than a lease, too,
 * before it could learn of it. That is rare: two that share a name take turns many times a second.
 */
const MOST_RETURNS = 3;

/**
 * Names that were not one process's at a time, where what is in flight is kept under a name: by turns, two processes were given
 * messages, each time one that was made after the other's turn had begun. What a process had in its hands when another took its name
 * over is no turn.
 */
export function sharedNames(pattern: PatternEvidence, { services }: Evidence): Found[] {
  const pids = new Map<string, Set<number>>();
  for (const { name, instances } of services)
    pids.set(name, new Set([...(pids.get(name) ?? []), ...instances.map(({ pid }) => pid)]));
  return [...pids].map(([name, ofName]) => {
    const keys = returns(pattern, ofName);
    const text = `${pattern.name}: several processes by the name ${name} were at work by turns, ${formatNumber(keys.length)} times`;
    return { promise: 'name' as const, text, keys: keys.length > MOST_RETURNS ? keys : [] };
  });
}

/** The messages with which one of some processes had its turn again after another. */
function returns({ lives }: PatternEvidence, pids: ReadonlySet<number>): string[] {
  const handled = [...lives].flatMap(
    ([
      key,
      {
        madeAt,
        handledAt,
        handledBy: [pid],
      },
    ]) =>
      madeAt !== undefined && handledAt !== undefined && pid !== undefined && pids.has(pid)
        ? [{ key, madeAt, handledAt, pid }]
        : [],
  );
  handled.sort((a, b) => a.handledAt - b.handledAt);
  const before = new Set<number>();
  const keys: string[] = [];
  let turn: { readonly pid: number; readonly from: number } | undefined;
  for (const { key, madeAt, handledAt, pid } of handled) {
    if (turn && (turn.pid === pid || madeAt <= turn.from)) continue;
    turn = { pid, from: handledAt };
    if (before.has(pid)) keys.push(key);
    before.add(pid);
  }
  return keys;
}

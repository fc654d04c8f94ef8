import type { Refusal } from '../redis/refusals.ts';
import { sanitize } from '../text/sanitize.ts';
import type { Logger } from './logger.ts';

const AT_ONCE = 'a consumer that starts again under its name waits for its lease';
const AT_STOP = 'a consumer that stops waits until its read ends by itself';
const FIGURES = 'figures of what waits and who listens are missing';
const ACCOUNT = 'accounts in Redis are incomplete';
const GONE = 'the names of consumers that are gone stay in Redis';

/** What is lost without a command, where the rest of the work goes on: of all others, whoever needs them says that he cannot go on. */
export const LOSSES: Readonly<Record<string, string>> = {
  get: 'it goes unnoticed when a topic has another number of partitions',
  'client|list': `publishers do not wait for slow subscribers, and ${AT_ONCE}`,
  'client|info': AT_ONCE,
  'client|id': AT_STOP,
  'client|unblock': AT_STOP,
  multi: AT_STOP,
  exec: AT_STOP,
  info: 'it goes unnoticed when Redis has lost data',
  'pubsub|numsub': FIGURES,
  'pubsub|numpat': FIGURES,
  'pubsub|channels': FIGURES,
  'pubsub|shardnumsub': FIGURES,
  hincrby: 'failed attempts are not counted, so that what always fails is never dead-lettered',
  hdel: 'what is over stays among the counted attempts, and in accounts',
  hset: ACCOUNT,
  hgetall: ACCOUNT,
  pexpire: `${ACCOUNT}, and the leases of consumers run out`,
  'client|kill': 'the live page cannot cut connections',
  srem: GONE,
  'xgroup|delconsumer': GONE,
};

/**
 * Says of each right that a user lacks once which it is, what is lost by it, and how to give it. Nobody else says it where only a
 * protection or a figure is lost.
 */
export function refusalLog(log: Logger): (refusal: Refusal) => void {
  const said = new Set<string>();
  return ({ user: of, ...refusal }) => {
    const { right, lacks } = describe(refusal);
    if (said.has(lacks)) return;
    said.add(lacks);
    const user = sanitize(of, 60);
    const loss = LOSSES[refusal.command ?? ''];
    log.warn(
      { event: 'no-right', user, right },
      `Redis user '${user}' has no right to ${lacks}${loss ? `: ${loss}` : ''}; to give it: ACL SETUSER ${user} ${right}`,
    );
  };
}

function describe({ of, command }: Omit<Refusal, 'user'>): { readonly right: string; readonly lacks: string } {
  const name = command?.toUpperCase().replace('|', ' ');
  if (of === 'command') return { right: `+${command}`, lacks: name as string };
  const lacks = `a ${of}${name ? ` of ${name}` : ''}`;
  return { right: of === 'key' ? '~TOPIC ~{TOPIC}:*' : '&CHANNEL', lacks };
}

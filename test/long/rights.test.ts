import { expect, test } from '@jest/globals';
import type { AclUser } from '@redis-messaging/shared/access/acl-rules';
import type { Line } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { type Denial, roles, rulesOf, type Trial, useTrials } from '../access/trials.ts';

/** So many trials at a time. */
const AT_ONCE = 24;
const TOPIC = 'TOPIC';

const trials = useTrials();

test.each(roles)(
  '%s %s: without any one right, Redis refuses just that, and the service says which it is',
  async (...role) => {
    const [service, , pattern] = role;
    const rights = rulesOf(service, pattern, TOPIC).flatMap(partsOf);
    expect(rights.length).toBeGreaterThan(6);
    const results: (readonly [right: string, problem: string])[] = [];
    const tryNext = async () => {
      for (let right = rights.pop(); right !== undefined; right = rights.pop())
        results.push([right, await problemWithout(right, role)]);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, tryNext));
    expect(results.filter(([, problem]) => problem !== '')).toEqual([]);
  },
);

/** What can be taken away from a rule: itself, or of a selector with several channels each of these. */
function partsOf(rule: string): string[] {
  if (/^(reset|-@)/.test(rule)) return [];
  const channels = /^\(\S+ (.*)\)$/.exec(rule)?.[1]?.split(' ') ?? [];
  return channels.length > 1 ? channels : [rule];
}

/** What is not as it should be without a right; '' if all is. */
async function problemWithout(right: string, [service, , pattern]: (typeof roles)[number]): Promise<string> {
  const end = new AbortController();
  let removed = '';
  const remove = (rules: readonly string[], topic: string) => {
    removed = right.replace(TOPIC, topic);
    return rules
      .filter((rule) => rule !== removed)
      .map((rule) => (removed.startsWith('&') ? rule.replace(` ${removed}`, '') : rule)); // in a selector
  };
  const trial = await trials.begin(service, pattern, remove, end.signal);
  let isOver = false;
  const done = trial.done
    .catch(() => {})
    .then(() => {
      isOver = true;
    });
  await until('a denial', () => trial.denials().length > 0 || isOver, 60_000);
  await until('the service to say it', () => said(trial).length > 0, 3000).catch(() => {});
  end.abort();
  await done;
  const denials = trial.denials();
  if (denials.length === 0) return 'is not needed';
  const others = denials.filter((denial) => !isOf(removed, denial));
  if (others.length > 0) return `also lacks ${JSON.stringify(others)}`;
  const expected = new Set(denials.map((denial) => toSay(service, denial)));
  for (const lines of said(trial)) {
    const texts = lines.map(({ msg }) => msg);
    if (new Set(texts).size < texts.length) return `is said more than once: ${texts}`;
  }
  const rights = new Set(said(trial).flatMap((lines) => lines.map(({ event, right }) => right ?? event)));
  const isAll = rights.size === expected.size && [...expected].every((right) => rights.has(right));
  return isAll ? '' : `${[...expected]} is to be said, and ${[...rights]} was`;
}

/** Where the services of a trial say that they lack a right, each service for itself. */
const said = ({ logs }: Trial): readonly (readonly Line[])[] =>
  logs
    .map((lines) => lines.filter(({ event }) => event === 'no-right' || event === 'not-live'))
    .filter((lines) => lines.length > 0);

/** What a service is to say of a denial. */
function toSay(service: AclUser, { reason, object }: Denial): string {
  if (reason === 'command') return `+${object}`;
  if (reason === 'key') return '~TOPIC ~{TOPIC}:*';
  return service !== 'dashboard' && /:live:(watching|controls)$/.test(object) ? 'not-live' : '&CHANNEL';
}

/** Whether a denial comes of a right that was taken away. */
function isOf(right: string, { reason, object }: Denial): boolean {
  if (right === `+${object}`) return reason === 'command';
  // A selector gives the command, but not with this channel.
  if (/^\+(publish|subscribe)$/.test(right)) return reason === 'channel';
  if (right.startsWith('(')) return right.includes(`+${object} `) || right.includes(`&${object})`);
  return reason === (right.startsWith('~') ? 'key' : 'channel');
}

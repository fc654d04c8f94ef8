import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { formatNumber, milliseconds } from '@redis-messaging/shared/text/table';
import type { Need, Needs } from './needs.ts';

/** The measured speed of a pattern; `undefined` where nothing was measured. */
export interface Speed {
  /** ms, at `pace`. */
  readonly p99: number | undefined;
  /** Messages per second at which `p99` was measured. */
  readonly pace: number | undefined;
  /** The most messages per second, with one publisher and one subscriber. */
  readonly throughput: number | undefined;
}

/** A pattern as far as advice needs it. */
export interface Candidate {
  readonly name: string;
  readonly guarantees: Guarantees;
  readonly speed?: Speed | undefined;
}

/** Whether one pattern meets one need, and why. */
export interface Finding {
  readonly need: Need;
  /** `undefined`: not measured. */
  readonly met: boolean | undefined;
  readonly why: string;
  /** What the user must do, so that it is met. */
  readonly provided?: string;
}

/** How one pattern meets the needs. */
export interface Judged {
  readonly name: string;
  /** Whether no need is unmet; what is not measured counts as met. */
  readonly fits: boolean;
  readonly findings: readonly Finding[];
  /** What it promises beyond the needs. */
  readonly beyond: readonly string[];
}

export interface Advice {
  /** The patterns that fit, the best first: measured before not measured; then those that promise, and demand, the least. */
  readonly fitting: readonly Judged[];
  readonly others: readonly Judged[];
  /** If nothing fits: the needs that the closest patterns do not meet, and those patterns. */
  readonly inTheWay: readonly { readonly needs: readonly Need[]; readonly names: readonly string[] }[];
}

/** Which of the patterns to use, computed from what they guarantee and what was measured. */
export function advise(needs: Needs, candidates: readonly Candidate[]): Advice {
  const all = candidates.map((candidate) => judge(needs, candidate));
  const others = all.filter(({ fits }) => !fits);
  const fitting = all.filter(({ fits }) => fits);
  return {
    fitting: fitting.sort((one, other) => compare(burdenOf(one), burdenOf(other))),
    others,
    inTheWay: fitting.length > 0 ? [] : obstacles(others),
  };
}

function judge(needs: Needs, candidate: Candidate): Judged {
  const findings = (Object.keys(judges) as Need[]).flatMap((need) => {
    const finding = judges[need](needs, candidate);
    return finding ? [{ need, ...finding }] : [];
  });
  return {
    name: candidate.name,
    fits: findings.every(({ met }) => met !== false),
    findings,
    beyond: extras
      .filter((extra) => extra.isThere(candidate.guarantees) && !extra.isNeeded(needs))
      .map(({ what }) => what),
  };
}

type Judge = (needs: Needs, candidate: Candidate) => Omit<Finding, 'need'> | undefined;

const yes = (why: string, provided?: string) => ({ met: true, why, ...(provided !== undefined && { provided }) });
const no = (why: string) => ({ met: false, why });
const notMeasured = (why: string) => ({ met: undefined, why });

/** Whether a pattern meets each need; `undefined` where the need is not given. */
const judges: Readonly<Record<Need, Judge>> = {
  loss({ loss }, { guarantees: { keepsUnread, survivesCrash, delivery } }) {
    if (loss === 'any') return undefined;
    const isAll = loss === 'none';
    const losses = [
      ...(keepsUnread ? [] : ['messages published while nobody listens are lost']),
      ...(isAll && !survivesCrash ? ['messages in flight are lost when a subscriber crashes'] : []),
      ...(isAll && survivesCrash && delivery === 'at-most-once' ? ['messages lost on the way are not sent again'] : []),
    ];
    if (losses.length > 0) return no(losses.join('; '));
    if (loss === 'crash-ok') return yes('unread messages wait in Redis');
    return yes(
      'unread messages wait in Redis; messages in flight at a crash are redelivered',
      'Redis itself must keep its data: appendonly yes, appendfsync always',
    );
  },

  duplicates({ duplicates }, { guarantees: { delivery } }) {
    if (duplicates === 'ok') return undefined;
    if (delivery === 'at-most-once') return yes('nothing is delivered twice');
    return yes(
      'messages are redelivered after a crash, but with DEDUPE_TTL each takes effect once',
      'set DEDUPE_TTL, longer than any redelivery can take, for publisher and subscribers (README, "Effectively once")',
    );
  },

  fanout({ fanout }, { guarantees: { audience, groups } }) {
    if (fanout === 1) return undefined;
    if (groups) return yes('each group gets every message', 'give each consumer group a GROUP of its own');
    if (audience === 'every-subscriber') return yes('every subscriber gets a copy');
    return no(
      `each message goes to one subscriber: it would take ${fanout} topics, and the publisher would send each message ${fanout} times, which is not atomic; if it crashes in between, some topics miss messages`,
    );
  },

  workers({ workers }, { guarantees: { audience, groups } }) {
    if (workers === 1) return undefined;
    if (groups) return yes('the members of a group share its messages');
    if (audience === 'one-subscriber') return yes('each message goes to one of the subscribers');
    return no(`every subscriber gets a copy, so that ${workers} workers would all do the same work`);
  },

  late({ late }, { guarantees: { replays, keepsUnread } }) {
    if (late === 'no') return undefined;
    if (replays)
      return yes('handled messages stay readable for others', 'the history is as long as the length limit allows');
    return no(keepsUnread ? 'a handled message is gone for all others' : 'nothing is kept for late subscribers');
  },

  order({ order, workers }, { guarantees: { ordered, survivesCrash } }) {
    if (order === 'no') return undefined;
    if (!ordered) return no('messages may overtake each other');
    if (workers > 1)
      return no('several workers overtake each other: use one worker per consumer group, or a topic per worker');
    return yes(
      'messages arrive in the order in which they were published',
      survivesCrash ? 'handlers accept that a redelivered message arrives after later ones' : undefined,
    );
  },

  p99({ p99, rate }, { speed }) {
    if (p99 === undefined) return undefined;
    if (speed?.p99 === undefined) return notMeasured(NOT_MEASURED);
    const { pace = 0 } = speed;
    const measured = `p99 was ${milliseconds(speed.p99)} at ${formatNumber(pace)} messages/s`;
    const wanted = rate ?? pace;
    if (speed.p99 <= p99)
      return pace >= wanted ? yes(measured) : notMeasured(`${NOT_MEASURED} at this rate: ${measured}`);
    return pace <= wanted ? no(measured) : notMeasured(`${NOT_MEASURED} at this rate: ${measured}`);
  },

  rate({ rate }, { speed }) {
    if (rate === undefined) return undefined;
    if (speed?.throughput === undefined) return notMeasured(NOT_MEASURED);
    const measured = `${formatNumber(speed.throughput)} messages/s went through one subscriber`;
    return speed.throughput >= rate ? yes(measured) : no(measured);
  },
};

const NOT_MEASURED = 'not measured';

/** Promises that cost something, and the needs that ask for them. */
const extras: readonly {
  readonly what: string;
  isThere(guarantees: Guarantees): boolean;
  isNeeded(needs: Needs): boolean;
}[] = [
  {
    what: 'keeps unread messages',
    isThere: ({ keepsUnread }) => keepsUnread,
    isNeeded: ({ loss, late }) => loss !== 'any' || late === 'yes',
  },
  {
    what: 'redelivers messages in flight at a crash',
    isThere: ({ survivesCrash }) => survivesCrash,
    isNeeded: ({ loss }) => loss === 'none',
  },
  { what: 'serves several groups', isThere: ({ groups }) => groups, isNeeded: ({ fanout }) => fanout > 1 },
  { what: 'keeps a history', isThere: ({ replays }) => replays, isNeeded: ({ late }) => late === 'yes' },
];

/** The drawbacks of a pattern that fits, the most important first. */
function burdenOf({ findings, beyond }: Judged): readonly number[] {
  const open = findings.filter(({ met }) => met === undefined);
  const provisos = findings.filter(({ provided }) => provided !== undefined);
  return [open.length, beyond.length, provisos.length];
}

function compare(one: readonly number[], other: readonly number[]): number {
  const index = one.findIndex((value, place) => value !== other[place]);
  return index === -1 ? 0 : (one[index] as number) - (other[index] as number);
}

function obstacles(others: readonly Judged[]): Advice['inTheWay'] {
  const unmet = others.map(({ name, findings }) => ({
    name,
    needs: findings.filter(({ met }) => met === false).map(({ need }) => need),
  }));
  const fewest = Math.min(...unmet.map(({ needs }) => needs.length));
  const groups = new Map<string, { needs: readonly Need[]; names: string[] }>();
  for (const { name, needs } of unmet.filter((each) => each.needs.length === fewest)) {
    const key = needs.join();
    groups.set(key, { needs, names: [...(groups.get(key)?.names ?? []), name] });
  }
  return [...groups.values()];
}

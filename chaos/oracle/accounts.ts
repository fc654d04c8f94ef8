import type { Evidence, PatternEvidence, ServiceEvidence } from '../evidence/evidence.ts';
import type { Instance } from '../service.ts';
import { deletedAt } from './excuses.ts';
import { missing } from './messages.ts';

/**
 * What is wrong with the account of a process that ended in order, and whose name nobody else had: before it, because it would go
 * on with that account, nor beside it. Of a publisher: as many accepted as its log says. Of a subscriber: it has handled no more
 * than its handler, and, where nothing is acknowledged, no less either (what was handled and could not be acknowledged comes again,
 * and is booked then); nothing lost where nothing is. At the end of all, nothing is unexplained, and what is delivered at least
 * once is accounted for message by message.
 */
export function* accountOf(service: ServiceEvidence, instance: Instance, evidence: Evidence): Generator<string> {
  const { final, pid } = instance;
  if (!final) return;
  const isLast = service.role === 'subscriber' && (instance.endedAt ?? 0) >= allPublishedAt(evidence);
  for (const pattern of evidence.patterns) {
    const { name, guarantees } = pattern;
    const stats = final[name];
    if (!stats) continue;
    if (service.role === 'publisher') {
      if (stats.accepted !== instance.published)
        yield `${stats.accepted} accepted, but its log says ${instance.published}`;
      continue;
    }
    if (isLast && isAccountable(pattern, service, evidence)) yield* audienceOf(pattern, stats, evidence);
    if (service.instances.length > 1 || instance.wasShared) continue;
    const { received, lost: said } = stats;
    const handled = handlingsOf(pattern, pid);
    if (received > handled || (guarantees.delivery === 'at-most-once' && received < handled))
      yield `${name}: ${received} received, but ${handled} handled`;
    if (
      guarantees.delivery === 'at-least-once' &&
      said > 0 &&
      deletedAt(evidence) === 0 &&
      missing(pattern).length === 0
    )
      yield `${name}: ${said} lost, but nothing is`;
  }
}

/**
 * Whether the account of an audience must be complete: nothing was deleted; Redis never refused to store a part of it; and, where
 * each subscriber has an account of its own, nobody shared this one's name.
 */
function isAccountable({ name, guarantees }: PatternEvidence, service: ServiceEvidence, evidence: Evidence): boolean {
  const isBroadcast = guarantees.audience === 'every-subscriber';
  const members = evidence.services.filter(({ role }) => role === 'subscriber');
  const concerned = isBroadcast ? members.filter((each) => each.name === service.name) : members;
  const instances = concerned.flatMap((each) => each.instances);
  if (deletedAt(evidence) > 0 || instances.some(({ unsaved }) => unsaved.has(name))) return false;
  return !isBroadcast || !instances.some(({ wasShared }) => wasShared);
}

/** When the last publisher had ended. */
const allPublishedAt = ({ services }: Evidence): number =>
  Math.max(
    ...services
      .filter(({ role }) => role === 'publisher')
      .flatMap(({ instances }) => instances.map(({ endedAt }) => endedAt ?? 0)),
  );

/** What is wrong with the account of a pattern's audience when all is over. */
function* audienceOf(
  { name, guarantees, lives }: PatternEvidence,
  stats: Record<string, number>,
  evidence: Evidence,
): Generator<string> {
  const { accepted, handled, waiting, inFlight, dead, lost, elsewhere, moving, unexplained } = stats as Record<
    'accepted' | 'handled' | 'waiting' | 'inFlight' | 'dead' | 'lost' | 'elsewhere' | 'moving' | 'unexplained',
    number
  >;
  const account = `${accepted} accepted, ${handled} handled, ${dead} dead, ${lost} lost, ${unexplained} unexplained`;
  if (accepted !== handled + waiting + inFlight + dead + lost + elsewhere + moving + unexplained)
    yield `${name}: the account does not balance: ${JSON.stringify(stats)}`;
  if (unexplained !== 0) yield `${name}: ${account}`;
  if (guarantees.delivery !== 'at-least-once') return;
  const truly = [...lives.values()].filter(({ handledBy }) => handledBy.length > 0).length;
  if (handled !== truly && !evidence.faults.some(({ loses }) => loses))
    yield `${name}: ${account}; but ${truly} were handled`;
}

/** How often a process has handled a message of a pattern. */
function handlingsOf({ lives }: PatternEvidence, pid: number): number {
  let handlings = 0;
  for (const { handledBy } of lives.values()) for (const each of handledBy) if (each === pid) handlings++;
  return handlings;
}

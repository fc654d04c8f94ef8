import type { Evidence, PatternEvidence, Violation } from '../evidence/evidence.ts';
import { lifetime } from './excuses.ts';
import { type Found, lost, poison, stuck, twice } from './messages.ts';
import { sharedNames } from './names.ts';
import { unreadiness } from './readiness.ts';
import { judgeService } from './services.ts';

/** Every promise that was broken. */
export function judge(evidence: Evidence): Violation[] {
  return [
    ...evidence.patterns.flatMap((pattern) => judgePattern(pattern, evidence)),
    ...evidence.services.flatMap((service) => [...judgeService(service, evidence)]),
    ...unreadiness(evidence),
  ];
}

function judgePattern(pattern: PatternEvidence, evidence: Evidence): Violation[] {
  const found: Found[] = [];
  if (pattern.guarantees.delivery === 'at-most-once') found.push(twice(pattern, evidence));
  if (pattern.guarantees.keepsUnread) found.push(lost(pattern, evidence), stuck(pattern), poison(pattern, evidence));
  if (pattern.guarantees.delivery === 'at-least-once') found.push(...sharedNames(pattern, evidence));
  const violations = found.filter(({ keys }) => keys.length > 0).map((each) => inTime(each, pattern, evidence));
  if (!pattern.isFlowing) {
    const text = `${pattern.name}: nothing was handled any more when all faults were over`;
    violations.push({ promise: 'silent', text, keys: [], from: evidence.endedAt, until: evidence.endedAt });
  }
  return violations;
}

function inTime(found: Found, pattern: PatternEvidence, { endedAt }: Evidence): Violation {
  const spans = found.keys.slice(0, 100).map((key) => lifetime(key, pattern, endedAt));
  return {
    ...found,
    from: Math.min(...spans.map(({ from }) => from)),
    until: Math.max(...spans.map(({ until }) => until)),
  };
}

import type { Advice, Candidate, Judged } from './advice.ts';
import { extras } from './extras.ts';
import { judges } from './judges.ts';
import type { Need, Needs } from './needs.ts';

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
    open: findings.filter(({ met }) => met === undefined).map(({ need }) => need),
    findings,
    beyond: extras
      .filter((extra) => extra.isThere(candidate.guarantees) && !extra.isNeeded(needs))
      .map(({ what }) => what),
  };
}

/** The drawbacks of a pattern that fits, the most important first. */
function burdenOf({ findings, open, beyond }: Judged): readonly number[] {
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

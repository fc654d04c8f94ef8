import { readAddress } from '../../wire/address.ts';
import { redis } from './store.ts';
import { number } from './text.ts';

/** What tells a server from the others: its port if all are on one host, its host if all have one port. */
export function shortName(address: string): string {
  const all = redis.value.nodes.map((node) => readAddress(node.address));
  const { host, port } = readAddress(address);
  if (all.every((each) => each.host === host)) return `:${port}`;
  return all.every((each) => each.port === port) ? host : address;
}

/** Where a pattern's topic is, of several servers; '' if there is but one, or it is not known. */
export function whereIs(lane: string, goesToAll: boolean): string {
  const { nodes } = redis.value;
  if (nodes.length === 0) return '';
  if (goesToAll) return 'on every server';
  const primaries = nodes.filter(({ role, lanes }) => role === 'primary' && (lanes[lane] ?? 0) > 0);
  const partitions = primaries.reduce((sum, { lanes }) => sum + (lanes[lane] ?? 0), 0);
  const on = primaries.map(({ address }) => shortName(address)).join(', ');
  if (on === '') return '';
  return partitions > 1 ? `${number(partitions)} partitions on ${on}` : `on ${on}`;
}

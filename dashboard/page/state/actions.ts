import { signal } from '@preact/signals';
import type { Action, ServiceName } from '@redis-messaging/shared/live/protocol';
import type { RequestName } from '@redis-messaging/shared/live/supervisor';
import type { ControlAnswer } from '../../wire/wire.ts';
import { abilities, history, selected } from './store.ts';

/** The token of the address, in memory only; '' = none, and nothing can be controlled. */
const token = location.hash.slice(1);

/** Why the last control was not done; '' if it was. */
export const problem = signal('');

/** Why nothing can be controlled; '' if it can. */
export function whyNoControls(): string {
  if (!abilities.value.controls) return 'Controls are off (DASHBOARD_CONTROLS=off).';
  return token === '' ? 'To control anything, open the whole address that was printed, with what follows the #.' : '';
}

/** Asks services for something. */
export const control = (service: ServiceName, action: Action, value?: number | string, instance?: string) =>
  post('service', { to: { service, ...(instance && { instance }) }, do: action, value });

/** Asks `npm start` for something. */
export const request = (name: RequestName, instance?: string, group?: string) =>
  post('start', { do: name, instance, group });

/** Cuts the connections of all subscribers, or of one. */
export const cut = (instance?: string) => post('cut', { instance });

async function post(name: string, body: object): Promise<ControlAnswer> {
  const headers = { 'Content-Type': 'application/json', 'X-Dashboard-Token': token };
  const answer = await fetch(`/controls/${name}`, { method: 'POST', headers, body: JSON.stringify(body) })
    .then((response) => response.json() as Promise<ControlAnswer>)
    .catch(() => ({ ok: false, reason: 'the page’s server cannot be reached' }));
  problem.value = answer.ok ? '' : answer.reason;
  return answer;
}

/** Marks a message in all lanes, and gets its history. */
export async function select(key: string, count: number): Promise<void> {
  if (selected.value?.key !== key) history.value = undefined;
  selected.value = { key, count };
  const found = await fetch(`/messages/${encodeURIComponent(key)}`).catch(() => undefined);
  if (selected.value?.key !== key) return; // another one, meanwhile
  history.value = found?.ok ? await found.json() : 'none';
}

export function deselect(): void {
  selected.value = undefined;
  history.value = undefined;
}

import { randomBytes } from 'node:crypto';
import { type Control, type Done, SCHEMA } from '@redis-messaging/shared/live/protocol';
import { readControl } from '@redis-messaging/shared/live/read-control';
import { isName, isOneOf } from '@redis-messaging/shared/live/reading';
import { REQUESTS } from '@redis-messaging/shared/live/supervisor';
import type { ControlAnswer, Mark } from '../wire/wire.ts';
import type { Live } from './live/live.ts';
import type { Watch } from './live/watch.ts';
import type { Supervisor } from './supervisor.ts';

/** How long services may take to answer a control: ms. */
const PATIENCE_MS = 5000;

const NOT_UNDERSTOOD: ControlAnswer = { ok: false, reason: 'not understood' };

/** What the controls of the page do: what goes through Redis to the services, and what `npm start` has to do. */
export class Controls {
  readonly #live: Live;
  readonly #watch: Watch;
  readonly #supervisor: Supervisor;
  readonly #waiting = new Map<string, (done: Done) => void>();

  constructor(live: Live, watch: Watch, supervisor: Supervisor) {
    this.#live = live;
    this.#watch = watch;
    this.#supervisor = supervisor;
  }

  /** Tells what a service answered. */
  done(done: Done): void {
    this.#waiting.get(done.control)?.(done);
  }

  /** Asks services for something. @param body of a request of anybody's, without `kind`, `v` and `id` */
  async control(body: unknown): Promise<ControlAnswer> {
    const said = { ...(body as object), kind: 'control', v: SCHEMA, id: randomBytes(9).toString('base64url') };
    const control = readControl(Buffer.from(JSON.stringify(said)));
    if (!control) return NOT_UNDERSTOOD;
    const answer = new Promise<ControlAnswer>((resolve) => {
      this.#waiting.set(control.id, resolve);
      const late = { ok: false, reason: `no ${control.to.service} answered` };
      // Who ends itself at once may not come to answering.
      setTimeout(() => resolve(control.do === 'die' ? { ok: true, reason: '' } : late), PATIENCE_MS).unref();
    });
    try {
      await this.#watch.control(control);
      const { ok, reason } = await answer;
      if (ok) this.#marked(control);
      return { ok, reason };
    } catch (error) {
      return { ok: false, reason: (error as Error).message };
    } finally {
      this.#waiting.delete(control.id);
    }
  }

  /** Asks `npm start` for something. @param body of a request of anybody's */
  async request(body: unknown): Promise<ControlAnswer> {
    const { do: name, instance, group } = (body ?? {}) as Record<string, unknown>;
    if (!isOneOf(name, REQUESTS)) return NOT_UNDERSTOOD;
    if (instance !== undefined && !isName(instance)) return NOT_UNDERSTOOD;
    if (group !== undefined && !(isName(group) && group.length <= 40)) return NOT_UNDERSTOOD;
    const answer = await this.#supervisor.ask(name, { ...(instance && { instance }), ...(group && { group }) });
    const now = Date.now();
    const who = (instance && this.#live.services.get(instance)?.snapshot.name) ?? 'a subscriber';
    if (!answer.ok) return answer;
    if (name === 'kill') this.#gone(instance, now, `${who} was killed`);
    else if (name === 'freeze' && instance) {
      this.#live.services.mark(instance, 'frozen', now);
      this.#mark('fault', `${who} was frozen`, 'subscribers');
    } else if (name === 'thaw') this.#mark('end', `${who} goes on`, 'subscribers');
    else if (name === 'add-subscriber') this.#mark('change', 'a subscriber was added', 'subscribers');
    else if (name === 'remove-subscriber') this.#gone(instance, now, `${who} was stopped`);
    else if (name === 'kill-redis') this.#mark('fault', `the Redis server on port ${instance} was killed`, 'redis');
    else if (name === 'stop-redis') this.#mark('fault', 'Redis was stopped', 'redis');
    else this.#mark('end', 'Redis was started', 'redis');
    return answer;
  }

  /** Cuts the connections of the subscribers, or of one. @param body of a request of anybody's */
  async cut(body: unknown): Promise<ControlAnswer> {
    const { instance } = (body ?? {}) as Record<string, unknown>;
    if (instance !== undefined && !isName(instance)) return NOT_UNDERSTOOD;
    try {
      const connections = await this.#watch.cutSubscribers(instance);
      if (connections === 0) return { ok: false, reason: 'there is no connection to cut' };
      const whose = instance === undefined ? 'subscribers' : this.#nameOf(instance);
      this.#mark('fault', `${whose}: ${connections} connections cut`, 'subscribers');
      return { ok: true, reason: '' };
    } catch (error) {
      return { ok: false, reason: (error as Error).message };
    }
  }

  #marked({ do: action, value, to }: Control): void {
    const who = to.instance ? this.#nameOf(to.instance) : to.service;
    const whose = to.instance ? `${who}: ` : '';
    if (action === 'die') this.#gone(to.instance, Date.now(), `${who} ended itself (SIGKILL)`);
    else if (action === 'workTime') this.#mark('change', `${whose}work takes ${value} s`);
    else if (action === 'failRate')
      this.#mark('change', `${whose}${Math.round(100 * Number(value))} % of the work fails`);
    else if (action === 'concurrency') this.#mark('change', `${whose}concurrency ${value}`);
    else if (action === 'burst') this.#mark('change', `a burst of ${value}`);
    else if (action === 'pause' || action === 'resume') this.#mark('change', `publisher: ${action}`);
  }

  #gone(instance: string | undefined, now: number, text: string): void {
    if (instance) this.#live.services.mark(instance, 'gone', now);
    this.#mark('fault', text, 'subscribers');
  }

  #nameOf(instance: string): string {
    return this.#live.services.get(instance)?.snapshot.name ?? 'a subscriber';
  }

  #mark(kind: Mark['kind'], text: string, place?: Mark['place']): void {
    this.#live.mark({ at: Date.now(), kind, text, ...(place && { place }) });
  }
}

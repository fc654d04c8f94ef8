import type { Snapshot } from '@redis-messaging/shared/live/protocol';
import type { ServiceState, ServiceStatus } from '../../wire/wire.ts';

/** A service that says nothing for this long is silent: ms. Four snapshots. */
export const SILENT_AFTER_MS = 1000;
/** A service that is gone is forgotten after this long: ms. */
const FORGET_AFTER_MS = 20_000;
/** More services than this are not shown: whoever may publish to Redis could name any number. */
const MOST_SERVICES = 30;

/** The services of the demo, as far as they were heard. Times are ms since 1970, by our clock. */
export class Services {
  readonly #all = new Map<string, ServiceState>();
  readonly #changed = new Set<string>();
  #hasForgotten = false;

  get all(): readonly ServiceState[] {
    return [...this.#all.values()];
  }

  get(instance: string): ServiceState | undefined {
    return this.#all.get(instance);
  }

  hear(snapshot: Snapshot, now: number): void {
    const known = this.#all.get(snapshot.instance);
    if (!known && this.#all.size >= MOST_SERVICES) return;
    if (known?.status === 'gone') return; // said before it was ended
    if (known?.status === 'frozen' && now - known.since < SILENT_AFTER_MS) return; // said before it was frozen
    if (!known) this.#replace(snapshot, now);
    const isUp = known?.status === 'up';
    this.#set({ status: 'up', since: isUp ? known.since : now, heardAt: now, snapshot });
  }

  /** Says what was done to one of them. */
  mark(instance: string, status: ServiceStatus, now: number): void {
    const known = this.#all.get(instance);
    if (known && known.status !== status) this.#set({ ...known, status, since: now });
  }

  /** Finds out who has become silent, and forgets who has long been gone. To be called now and then. @returns who has become silent */
  look(now: number): readonly ServiceState[] {
    const silent: ServiceState[] = [];
    for (const state of this.#all.values()) {
      if (state.status === 'up' && now - state.heardAt > SILENT_AFTER_MS) {
        silent.push(state);
        this.#set({ ...state, status: 'silent', since: state.heardAt });
      } else if (state.status === 'gone' && now - state.since > FORGET_AFTER_MS) this.#forget(state);
    }
    return silent;
  }

  /** Nobody listens any more: what is known grows old. */
  clear(): void {
    this.#all.clear();
    this.#changed.clear();
  }

  /** What has changed since the last call; all of them if one was forgotten. */
  changes(): { services?: readonly ServiceState[]; areAll?: boolean } {
    const areAll = this.#hasForgotten;
    const services = areAll ? this.all : [...this.#changed].flatMap((instance) => this.#all.get(instance) ?? []);
    this.#changed.clear();
    this.#hasForgotten = false;
    if (areAll) return { services, areAll };
    return services.length > 0 ? { services } : {};
  }

  /** A name that is taken over by a new process: the one that had it is gone. */
  #replace({ service, name, host, startedAt }: Snapshot, now: number): void {
    for (const state of this.#all.values()) {
      const { snapshot: other } = state;
      const hasName = other.service === service && other.name === name && other.host === host;
      if (hasName && other.startedAt < startedAt && state.status !== 'gone')
        this.#set({ ...state, status: 'gone', since: now });
    }
  }

  #set(state: ServiceState): void {
    this.#all.set(state.snapshot.instance, state);
    this.#changed.add(state.snapshot.instance);
  }

  #forget({ snapshot }: ServiceState): void {
    this.#all.delete(snapshot.instance);
    this.#hasForgotten = true;
  }
}

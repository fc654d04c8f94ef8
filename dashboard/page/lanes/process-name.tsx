import type { ServiceState } from '../../wire/wire.ts';
import { statusWords } from '../state/shown.ts';
import { now, redis } from '../state/store.ts';

/** A process by its name, with how it is. */
export function ProcessName({ state }: { readonly state: ServiceState }) {
  const { snapshot, status } = state;
  return (
    <span class="name">
      <i class={`state-mark ${status}`} aria-hidden="true" />
      <b title={snapshot.name}>{snapshot.name}</b>
      <small>
        {status === 'up' ? `pid ${snapshot.pid}` : statusWords(state, redis.value.status === 'down', now.value)}
        {snapshot.group && snapshot.group !== 'subscribers' ? `, group ${snapshot.group}` : ''}
      </small>
    </span>
  );
}

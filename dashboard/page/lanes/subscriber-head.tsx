import { useId, useRef, useState } from 'preact/hooks';
import type { ServiceState } from '../../wire/wire.ts';
import { Do } from '../panels/do.tsx';
import { Icon } from '../panels/icon.tsx';
import { Work } from '../panels/work.tsx';
import { control, cut, request, whyNoControls } from '../state/actions.ts';
import { shownSubscribers } from '../state/shown.ts';
import { abilities, redis, services } from '../state/store.ts';
import { ProcessName } from './process-name.tsx';

/** A subscriber's process: what can be done to it, and a menu of its own. */
export function SubscriberHead({ state }: { readonly state: ServiceState }) {
  const { status, snapshot } = state;
  const { requests, containers } = abilities.value;
  const { instance, name, pid } = snapshot;
  const isThere = status !== 'gone';
  const canDie = containers && snapshot.takesControls && whyNoControls() === '';
  const kill = () =>
    requests.includes('kill') ? request('kill', instance) : control('subscriber', 'die', undefined, instance);
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useId();
  const close = () => {
    if (isOpen) button.current?.focus();
    setOpen(false);
  };
  const isAlone = shownSubscribers(services.value).length < 2;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the menu, wherever the focus is in it
    <div class={`process ${status}`} onKeyDown={({ key }) => key === 'Escape' && close()}>
      <ProcessName state={state} />
      {isThere && (
        <>
          <Do
            label="Kill"
            icon="kill"
            name={`Kill ${name}`}
            can={requests.includes('kill') || canDie}
            run={kill}
            line={containers ? 'docker-compose kill subscriber' : `kill -9 ${pid}`}
          />
          {status === 'frozen' ? (
            <Do
              label="Thaw"
              icon="play"
              name={`Thaw ${name}`}
              can={requests.includes('thaw')}
              run={() => request('thaw', instance)}
              line={containers ? 'docker-compose unpause subscriber' : `kill -CONT ${pid}`}
            />
          ) : (
            <Do
              label="Freeze"
              icon="freeze"
              name={`Freeze ${name}`}
              can={requests.includes('freeze')}
              run={() => request('freeze', instance)}
              line={containers ? 'docker-compose pause subscriber' : `kill -STOP ${pid}`}
            />
          )}
          {!isAlone && (
            <Do
              label="Remove"
              icon="minus"
              name={`Remove ${name}`}
              can={requests.includes('remove-subscriber')}
              run={() => request('remove-subscriber', instance)}
              line="docker-compose up -d --no-recreate --scale subscriber=1"
            />
          )}
          <button
            ref={button}
            type="button"
            class="do"
            aria-label={`More for ${name}`}
            title="More"
            aria-expanded={isOpen}
            aria-controls={menu}
            onClick={() => setOpen(!isOpen)}
          >
            <Icon name="more" />
          </button>
          {isOpen && <Menu id={menu} state={state} />}
        </>
      )}
    </div>
  );
}

/** What is for this subscriber only: its connections, and its work. */
function Menu({ id, state }: { readonly id: string; readonly state: ServiceState }) {
  const { name, instance } = state.snapshot;
  const why = whyNoControls();
  return (
    <fieldset class="menu" id={id}>
      <legend>Only {name}</legend>
      <Do
        label="Cut its connections"
        icon="cut"
        name={`Cut its connections: ${name}`}
        can={redis.value.status !== 'down'}
        run={() => cut(instance)}
        line={`redis-cli CLIENT KILL ID <id>   # of each subscriber:${instance} in CLIENT LIST`}
      />
      <fieldset disabled={why !== ''}>
        <legend class="unseen">Work of {name}</legend>
        <Work whose={[state]} isForOne />
      </fieldset>
    </fieldset>
  );
}

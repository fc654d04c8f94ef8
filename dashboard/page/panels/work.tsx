import type { Action } from '@redis-messaging/shared/live/protocol';
import type { ServiceState } from '../../wire/wire.ts';
import { control } from '../state/actions.ts';
import { Slider } from './slider.tsx';

interface WorkProps {
  /** The subscribers that are shown: the settings of the first, for all of them. */
  readonly whose: readonly ServiceState[];
  /** Whether only the first is set; else all that there are. */
  readonly isForOne?: boolean;
}

/** How long the work of subscribers takes, how much of it fails, and how much is done at a time. */
export function Work({ whose, isForOne = false }: WorkProps) {
  const snapshots = whose.flatMap(({ snapshot }) => (snapshot.service === 'subscriber' ? snapshot : []));
  const [first] = snapshots;
  if (!first) return null;
  const { workTime, failRate, concurrency } = first.settings;
  const command = isForOne ? 'npm run subscriber' : 'npm start';
  const set = (action: Action) => (value: number) =>
    control('subscriber', action, value, isForOne ? first.instance : undefined);
  const differ = snapshots.some(({ settings }) => JSON.stringify(settings) !== JSON.stringify(first.settings));
  return (
    <>
      {differ && <p class="note">They differ: this is {first.name}, and sets all.</p>}
      {workTime === null || failRate === null ? (
        <p class="note">A HANDLER of its own does the work.</p>
      ) : (
        <>
          <Slider
            label="Work time"
            min={0}
            max={5}
            step={0.1}
            value={Math.min(5, workTime)}
            say={(value) => `${value} s`}
            line={`WORK_TIME=${workTime} ${command}`}
            set={set('workTime')}
          />
          <Slider
            label="Failure rate"
            min={0}
            max={1}
            step={0.05}
            value={failRate}
            say={(value) => `${Math.round(value * 100)} %`}
            line={`FAIL_RATE=${failRate} ${command}`}
            set={set('failRate')}
          />
        </>
      )}
      <Slider
        label="Concurrency"
        min={1}
        max={20}
        step={1}
        value={Math.min(20, concurrency)}
        say={(value) => `${value} at a time`}
        line={`CONCURRENCY=${concurrency} ${command}`}
        set={set('concurrency')}
      />
    </>
  );
}

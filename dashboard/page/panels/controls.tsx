import { RANGES } from '@redis-messaging/shared/live/protocol';
import { useState } from 'preact/hooks';
import { control, problem, whyNoControls } from '../state/actions.ts';
import { shownPublishers, shownSubscribers } from '../state/shown.ts';
import { patterns, services } from '../state/store.ts';
import { perSecond } from '../state/text.ts';
import { Do, Line } from './do.tsx';
import { Slider } from './slider.tsx';
import { Work } from './work.tsx';

/** The rates that the slider goes through: 0.2 to 5,000 per second, each a little more than the one before. */
const SLOWEST = 1 / RANGES.interval.most;
const FASTEST = 1 / RANGES.interval.least;
const STEPS = 100;
const rateAt = (step: number) => SLOWEST * (FASTEST / SLOWEST) ** (step / STEPS);
const stepOf = (rate: number) => Math.round((STEPS * Math.log(rate / SLOWEST)) / Math.log(FASTEST / SLOWEST));

const rounded = (value: number, digits: number) => Number(value.toPrecision(digits));

/** What the publisher and the subscribers do: each with the variable or command that does the same in a terminal. */
export function Controls() {
  const why = whyNoControls();
  const up = shownSubscribers(services.value).filter(({ status }) => status === 'up');
  return (
    <section class="panel controls" aria-labelledby="controls-title">
      <h2 id="controls-title">Controls</h2>
      {why !== '' && <p class="note">{why}</p>}
      <p class="problem" role="alert">
        {problem.value}
      </p>
      <fieldset disabled={why !== ''}>
        <legend class="unseen">Controls</legend>
        <Pace />
        <ByHand />
        {up.length > 0 && <h3>Work of the subscribers</h3>}
        <Work whose={up} />
      </fieldset>
    </section>
  );
}

function Pace() {
  const publisher = shownPublishers(services.value)[0]?.snapshot;
  const settings = publisher?.service === 'publisher' ? publisher.settings : undefined;
  const { interval = 2, pace = 1, isPaused = false } = settings ?? {};
  const rate = interval > 0 ? 1 / interval : FASTEST;
  const seconds = rounded(interval, 3);
  const slow = (value: number) => {
    void control('subscriber', 'pace', value);
    return control('publisher', 'pace', value);
  };
  return (
    <>
      <h3>Pace</h3>
      <Slider
        label="Messages"
        min={0}
        max={STEPS}
        step={1}
        value={stepOf(rate)}
        say={(step) => perSecond(rounded(rateAt(step), 2))}
        line={`PUBLISH_INTERVAL=${seconds} npm start`}
        set={(step) => control('publisher', 'interval', rounded(1 / rounded(rateAt(step), 2), 4))}
      />
      <Slider
        label="Slow motion"
        min={RANGES.pace.least}
        max={RANGES.pace.most}
        step={0.1}
        value={pace}
        say={(value) => `${value}×`}
        line={`PUBLISH_INTERVAL=${rounded(seconds / pace, 3)} npm start`}
        set={slow}
      />
      <div class="buttons">
        {isPaused ? (
          <Do
            label="Resume"
            icon="play"
            can
            run={() => control('publisher', 'resume')}
            line={`kill -CONT ${publisher?.pid}`}
          />
        ) : (
          <Do
            label="Pause"
            icon="freeze"
            can
            run={() => control('publisher', 'pause')}
            line={`kill -STOP ${publisher?.pid}`}
          />
        )}
        <Do
          label="Step"
          name="Step: make one message, and pause"
          icon="step"
          can
          run={() => control('publisher', 'step')}
          line="MESSAGE_COUNT=1 npm run publisher"
        />
        {[10, 100, 1000].map((burst) => (
          <Do
            key={burst}
            label={`+${burst}`}
            name={`A burst of ${burst} messages`}
            can
            run={() => control('publisher', 'burst', burst)}
            line={`MESSAGE_COUNT=${burst} PUBLISH_INTERVAL=0 npm run publisher`}
          />
        ))}
      </div>
      <p class="same">
        <Line
          text={
            isPaused ? 'MESSAGE_COUNT=1 npm run publisher' : 'MESSAGE_COUNT=100 PUBLISH_INTERVAL=0 npm run publisher'
          }
        />
      </p>
    </>
  );
}

function ByHand() {
  const [text, setText] = useState('Hello by hand');
  const [isBroken, setBroken] = useState(false);
  const topics = services.value.find(({ snapshot }) => snapshot.service === 'publisher')?.snapshot.topics ?? {};
  const [name = ''] = Object.keys(topics);
  const command = patterns.value.find((pattern) => pattern.name === name)?.commands[0] ?? 'PUBLISH';
  const send = (event: Event) => {
    event.preventDefault();
    void control('publisher', isBroken ? 'sendBroken' : 'send', isBroken ? `{"message": ${text}` : text);
  };
  return (
    <form class="by-hand" onSubmit={send}>
      <h3>One message by hand</h3>
      <label>
        <span class="unseen">Its text</span>
        <input
          type="text"
          value={text}
          maxLength={500}
          required
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <div class="buttons">
        <button type="submit" class="do">
          Send
        </button>
        <label class="check">
          <input
            type="checkbox"
            checked={isBroken}
            onChange={({ currentTarget }) => setBroken(currentTarget.checked)}
          />
          broken: not a message
        </label>
      </div>
      <p class="same">
        <Line text={`redis-cli ${command} ${topics[name] ?? 'messages'} '{…}'`} />
      </p>
    </form>
  );
}

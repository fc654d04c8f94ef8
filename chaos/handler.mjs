import { openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Handlers of messages whose text begins like this always fail. */
const POISON = 'poison';
const SLOW_MS = 300;
/** Longer than any handler may take. */
const TOO_LONG_MS = 60_000;

/** Whether every message takes a while. */
const isSlow = process.env.SLOW === 'yes';

const evidence = openSync(process.env.EVIDENCE, 'a');

/**
 * A handler for HANDLER that notes what became of each message in the file EVIDENCE: a line with the time (ms since 1970),
 * `handled` or `failed`, the message's id, its sender, and the process. A line is in the file when the handler ends, so that
 * killing the process cannot lose it. What a message meets depends on its id: most are handled at once or within ms, some
 * take a while (with SLOW=yes all), and a few fail, or take too long, at their first attempt.
 */
export default function handle({ id, sender, message }, { attempt, signal }) {
  const note = (fate) => writeSync(evidence, `${Date.now()} ${fate} ${id} ${sender} ${process.pid}\n`);
  const luck = Number.parseInt(id.slice(0, 8), 16);
  const isFirst = attempt === 1;
  if (message.startsWith(POISON) || (isFirst && luck % 211 === 0)) {
    note('failed');
    throw new Error('this handler is meant to fail');
  }
  const ms = isFirst && luck % 1009 === 0 ? TOO_LONG_MS : isSlow || luck % 97 === 0 ? SLOW_MS : luck % 8;
  if (ms < 4) {
    note('handled');
    return undefined;
  }
  return sleep(ms, undefined, { signal }).then(
    () => {
      note('handled');
    },
    (reason) => {
      note('failed');
      throw reason;
    },
  );
}

import type { Mark } from '../../wire/wire.ts';
import { marks, now } from '../state/store.ts';
import { span } from '../state/text.ts';

/** How long a lane shows what was done to it: ms. */
const SHOWN_MS = 12_000;

/** Those that the lanes show now, the newest last: of each place the last one. */
function shownMarks(): readonly Mark[] {
  const last = new Map<string, Mark>();
  for (const mark of marks.value) {
    if (!mark.place || now.value - mark.at > SHOWN_MS) continue;
    last.delete(mark.place);
    last.set(mark.place, mark);
  }
  return [...last.values()];
}

/** The last fault, or its end, in words. */
export function FaultTag() {
  const mark = shownMarks().at(-1);
  if (!mark) return null;
  return (
    <span class={`fault-tag ${mark.kind}`} key={mark.at}>
      {mark.text}, {span(1000 * Math.max(0, Math.round((now.value - mark.at) / 1000)))} ago
    </span>
  );
}

/** A line across the lane, in front of what a fault was done to. */
export function FaultLines() {
  return (
    <>
      {shownMarks().map(({ at, kind, place }) => (
        <span key={at} class={`fault-line ${kind} at-${place}`} aria-hidden="true" />
      ))}
    </>
  );
}
